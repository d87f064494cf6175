"""Reads files of questions: CSV, JSON lines or a JSON array, also gzipped, every fault named by file and line."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pipelines.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


T = TypeVar("T")

JSON_LINES = (".jsonl", ".ndjson")
SPREADSHEETS = (".xlsx", ".xls", ".ods", ".parquet")
DELIMITERS = ",;\t|"


def text_of(path: Path) -> str:
    """A text file, gzipped or not, in UTF-8 (with a mark or without), UTF-16 (with one) or GB 18030.

    Raises ConfigurationInvalid saying why it cannot be read.
    """
    if kind(path) in SPREADSHEETS:
        raise ConfigurationInvalid([f"{path}: a spreadsheet is not read; save it as CSV (UTF-8)"])
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ConfigurationInvalid([f"{path}: cannot be read: {reason}"]) from error
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise ConfigurationInvalid([f"{path}: cannot be read: it is neither UTF-8 nor GB 18030 text"])


def kind(path: Path) -> str:
    """The suffix, that of the compression left out, e.g. ``.csv``."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def numbered(path: Path) -> Iterator[tuple[int, Any]]:
    """Rows of a CSV file (with a header) or of JSON lines, each with its line; of a JSON array, with its number.

    Of CSV, a row is a dict; of JSON, whatever stands there. What parts the columns is seen on the header.
    """
    text = text_of(path)
    if kind(path) in (".json", *JSON_LINES):
        yield from _json(path, text)
        return
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=header.count))
    try:
        for row in reader:
            if None in row:  # a comma in a question that stands in no quotes would cut it short
                many = len(reader.fieldnames or ()) + len(row[None])
                columns = f"{len(reader.fieldnames or ())}: put texts with a delimiter in quotes"
                raise ConfigurationInvalid([f"{path}:{reader.line_num}: got {many} columns, expected {columns}"])
            yield reader.line_num, row
    except csv.Error as error:
        raise ConfigurationInvalid([f"{path}:{reader.line_num}: not CSV: {error}"]) from error


def _json(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    if kind(path) == ".json" and text.lstrip().startswith("["):
        try:
            yield from enumerate(json.loads(text), 1)
        except (ValueError, RecursionError) as error:
            raise ConfigurationInvalid([f"{path}: not JSON: {_reason(error)}"]) from error
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ConfigurationInvalid([f"{path}:{number}: not JSON: {_reason(error)}"]) from error


def _reason(error: Exception) -> str:
    return "too deep" if isinstance(error, RecursionError) else str(error)


def rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a file, as :func:`numbered` reads it; raises ConfigurationInvalid naming what is wrong."""
    found = []
    for number, row in numbered(path):
        if not isinstance(row, dict):
            raise ConfigurationInvalid([f"{path}:{number}: got {type(row).__name__}, expected an object"])
        found.append(row)
    if not found:
        raise ConfigurationInvalid([f"{path}: got no rows, expected at least one"])
    return found


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
