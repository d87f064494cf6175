"""Line numbers of TOML keys, so that a fault in the configuration can say where it is."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-\"'.]+)\s*=")


def lines(text: str) -> dict[str, int]:
    """Map dotted paths such as ``providers[0].models[1].name`` to 1-based line numbers.

    Covers tables, arrays of tables and their keys, one key a line, which is how people write configuration;
    what it does not find is reported without a line.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = _resolve(header[2], counts, array=header[1] == "[[")
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            found.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return found


def _resolve(dotted: str, counts: dict[str, int], *, array: bool) -> str:
    """The indexed path of a header: each array of tables on the way stands for its latest element."""
    path = ""
    parts = [part.strip().strip("\"'") for part in dotted.split(".")]
    for depth, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        last = depth == len(parts) - 1
        if last and array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path
