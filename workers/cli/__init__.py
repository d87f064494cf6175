"""The command line."""

from workers.cli.verbs import main

__all__ = ["main"]
