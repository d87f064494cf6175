"""Reads evaluation files: CSV or JSON lines, also gzipped, with every fault named by file and line."""

from __future__ import annotations

import csv
import gzip
import json
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import numpy as np

from pipelines.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


T = TypeVar("T")

JSON_LINES = (".jsonl", ".ndjson")


def opened(path: Path) -> TextIO:
    """A text file, gzipped or not; raises OSError."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def kind(path: Path) -> str:
    """The suffix, that of the compression left out, e.g. ``.csv``."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix


def rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a CSV file (with a header) or of JSON lines; raises ConfigurationInvalid naming what is wrong."""
    try:
        with opened(path) as file:
            found = list(_json_lines(path, file) if kind(path) in JSON_LINES else csv.DictReader(file))
    except (OSError, UnicodeDecodeError, EOFError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ConfigurationInvalid([f"{path}: cannot be read: {reason}"]) from error
    if not found:
        raise ConfigurationInvalid([f"{path}: got no rows, expected at least one"])
    return found


def _json_lines(path: Path, file: Any) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ConfigurationInvalid([f"{path}:{number}: not JSON: {error}"]) from error
        if not isinstance(row, dict):
            raise ConfigurationInvalid([f"{path}:{number}: got {type(row).__name__}, expected an object"])
        yield row


def column(path: Path, found: list[dict[str, Any]], *names: str) -> list[str]:
    """The column under the first of ``names`` that the file has, as text; raises ConfigurationInvalid."""
    for name in names:
        if name in found[0]:
            missing = next((i for i, row in enumerate(found) if row.get(name) is None), None)
            if missing is not None:
                raise ConfigurationInvalid([f"{path}: row {missing + 1}: {name}: missing"])
            return [str(row[name]) for row in found]
    raise ConfigurationInvalid([f"{path}: got columns {', '.join(map(str, found[0]))}, expected {' or '.join(names)}"])


def part(found: list[T], limit: int | None) -> list[T]:
    """At most ``limit`` of them, chosen evenly and the same each time: files are often sorted by label."""
    if limit is None or limit >= len(found):
        return found
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))[:limit]]


def truth(path: Path, values: list[str]) -> list[bool]:
    """1 or true, 0 or false; raises ConfigurationInvalid for anything else."""
    meaning = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    for number, value in enumerate(values, 1):
        if value.strip().lower() not in meaning:
            raise ConfigurationInvalid([f"{path}: row {number}: got {value!r:.40}, expected 1 or 0"])
    return [meaning[value.strip().lower()] for value in values]
