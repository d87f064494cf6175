"""Says what is wrong with the configuration: file, line, setting, what was expected; never what a text held."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from workers.config.schema import File

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# The words of TOML for what pydantic calls by Python's.
_EXPECTED = {
    "string_type": "text",
    "string_too_short": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "too_short": "at least one",
    "dict_type": "a table",
    "model_type": "a table",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a configuration came from; ``at`` maps dotted paths to 1-based lines."""

    source: str
    at: Mapping[str, int]

    def fault(self, path: str, says: str) -> str:
        """One fault, with the line of the setting, or of what is around it."""
        line, around = self.at.get(path), path
        while line is None and around:
            around = re.sub(r"(?:\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", around)
            line = self.at.get(around)
        return f"{self.source}:{line}: {path}: {says}" if line else f"{self.source}: {path}: {says}"


def faults(error: ValidationError, origin: Origin) -> list[str]:
    """A sentence for each fault that pydantic found."""
    return [origin.fault(_path(one["loc"]), _says(one)) for one in error.errors(include_url=False)]


def _path(loc: Iterable[str | int]) -> str:
    path = ""
    for part in loc:
        path = f"{path}[{part}]" if isinstance(part, int) else f"{path}.{part}" if path else str(part)
    return path


def _says(one: ErrorDetails) -> str:
    table, meaning = _meant(one["loc"])
    if one["type"] == "extra_forbidden":
        return f"no such setting, expected one of {', '.join(table.model_fields)}"
    about = f" ({meaning})" if meaning else ""
    if one["type"] == "missing":
        return f"missing{about}"
    if one["type"] == "fault":
        return one["msg"] + (about if one["msg"].startswith("expected") else "")
    # A number cannot be a secret; a text may be a password in the wrong line, and is not shown.
    given = one["input"]
    got = f"got {given!r:.40}, " if isinstance(given, (int, float)) else ""
    expected = _EXPECTED.get(one["type"]) or one["msg"].removeprefix("Input should be ")
    return f"{got}expected {expected}{about}"


def _meant(loc: Iterable[str | int]) -> tuple[type[BaseModel], str]:
    """The innermost table on the way to a fault, and what the schema says of the last setting."""
    table: type[BaseModel] = File
    meaning = ""
    for part in loc:
        found = table.model_fields.get(part) if isinstance(part, str) else None
        if found is None:
            continue
        meaning = found.description or ""
        table = _table_of(found.annotation) or table
    return table, meaning


def _table_of(annotation: Any) -> type[BaseModel] | None:
    """The table in ``list[Table]`` or ``dict[str, Table]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _table_of(arg))), None)
