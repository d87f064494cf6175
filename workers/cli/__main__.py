"""``python -m workers.cli``: the command line without its script."""

from workers.cli import main

main()
