"""The manual's tables, out of the code: ``python -m tests.reference`` writes them, a test holds them."""

from __future__ import annotations

import re
from pathlib import Path

import click

from pipelines import errors, params
from workers.cli import main
from workers.config import manual, settings
from workers.observability import counters
from workers.store import keys, lists

PAGE = Path("docs/reference.md")
SCHEMA = Path("docs/configuration.schema.json")


def commands() -> str:
    """Every command with its options."""
    rows = ["| command | options | |", "| --- | --- | --- |"]
    for path, command in _commands(main, "farthing"):
        options = [f"`{max(option.opts, key=len)}`" for option in command.params if isinstance(option, click.Option)]
        given = [f"`{one.name.upper()}`" for one in command.params if isinstance(one, click.Argument)]
        says = " ".join((command.help or "").split("\n\n")[0].split())
        rows.append(f"| `{path}` {' '.join(given)} | {' '.join(options)} | {says} |")
    return "\n".join(rows)


def _commands(group: click.Group, path: str) -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            found += _commands(command, f"{path} {name}")
        else:
            found.append((f"{path} {name}", command))
    return found


def error_table() -> str:
    """Every error that a caller may meet."""
    rows = ["| error | |", "| --- | --- |"]
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.FarthingError) and kind is not errors.FarthingError:
            rows.append(f"| `{name}` | {' '.join((kind.__doc__ or '').split())} |")
    return "\n".join(rows)


def redis_keys() -> str:
    """Every Redis key, what it holds and when it goes."""
    rows: list[str] = []
    for module in (keys, lists):
        found = re.search(r"^\| key .*?(?=\n\n)", module.__doc__ or "", re.MULTILINE | re.DOTALL)
        assert found is not None
        head, line, *more = found[0].split("\n")
        rows += more
    return "\n".join((head, line, *(re.sub(r"^\| (.+?) \|", r"| `\1` |", row) for row in rows)))


SECTIONS = {
    "Environment": ("Read once from the environment; `farthing doctor` checks them.", settings.table),
    "Configuration": (
        "The TOML file that `FARTHING_CONFIG` names. Editors that know JSON schemas complete and check it by"
        " [`configuration.schema.json`](configuration.schema.json): `#:schema <path or URL>` in its first line.",
        manual.tables,
    ),
    "Parameters of a job": (
        "Of OpenAI's request, by name (`params`). One that asks for nothing (null, false, an empty list) is absent.",
        params.table,
    ),
    "Commands": ("Those that print figures take `--json`.", commands),
    "Errors": ("All are `pipelines.errors.FarthingError`.", error_table),
    "Counters": (
        "Of what happens, for all tenants together: a day's are in `farthing:events:<day>`, for 30 days.",
        counters.table,
    ),
    "Redis keys": ("A scope's keys share a hash tag, a tenant's ledger another.", redis_keys),
}


def written(page: str) -> str:
    """The page with its sections as the code has them now; what a person wrote stays."""
    for title, (says, table) in SECTIONS.items():
        section = f"## {title}\n\n{says}\n\n{table()}\n"
        there = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        if there is None:
            page = f"{page.rstrip()}\n\n{section}"
        else:
            end = "\n" if there.end() < len(page) else ""
            page = page[: there.start()] + section + end + page[there.end() :]
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(manual.json_schema(), encoding="utf-8")
