"""What every command that prints figures has: --json, and how values are printed."""

from __future__ import annotations

import json
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON values.")


def print_json(values: Any) -> None:
    """Values as JSON, for other programs."""
    click.echo(json.dumps(values, ensure_ascii=False, indent=2))
