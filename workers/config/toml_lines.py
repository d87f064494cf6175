"""Line numbers of TOML's tables, keys and array elements, so that a fault in the configuration can say where it is."""

from __future__ import annotations

import re

_PART = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]\]?[ \t]*(?:#[^\n]*)?(?:\r?\n|$)")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=[ \t]*")
_REST = re.compile(r"[^\n]*(?:\n|$)")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)


def lines(text: str) -> dict[str, int]:
    """Map dotted paths such as ``providers[0].models[1].name`` or ``cache.passing[2]`` to 1-based line numbers.

    Covers tables, arrays of tables, their keys, and the elements of arrays. ``text`` is TOML that was read already.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table, at = "", 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        header, key = _HEADER.match(text, at), _KEY.match(text, at)
        if header:
            table = _resolve(_parts(header[2]), counts, array=header[1] == "[[")
            found.setdefault(table, line)
            at = header.end()
        elif key:
            path = ".".join(filter(None, [table, *_parts(key[1])]))
            found.setdefault(path, line)
            at = _value(text, key.end(), path, found)
        else:
            rest = _REST.match(text, at)
            at = len(text) if rest is None or rest.end() == at else rest.end()
    return found


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]


def _value(text: str, at: int, path: str, found: dict[str, int]) -> int:
    """Where the value that begins at ``at`` ends, with its line; the elements of an array are noted."""
    depth, element, begins = 0, 0, False
    while at < len(text):
        char = text[at]
        if begins and not char.isspace() and char not in "#]":
            found.setdefault(f"{path}[{element}]", text.count("\n", 0, at) + 1)
            begins = False
        string = _STRING.match(text, at) if char in "\"'" else None
        if string is not None:
            at = string.end()
            continue
        if char == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
            continue
        if char == "\n" and depth == 0:
            return at + 1
        if char in "[{":
            depth += 1
            begins = begins or (depth == 1 and char == "[")
        elif char in "]}":
            depth -= 1
        elif char == "," and depth == 1:
            element, begins = element + 1, True
        at += 1
    return at


def _resolve(parts: list[str], counts: dict[str, int], *, array: bool) -> str:
    """The indexed path of a header: each array of tables on the way stands for its latest element."""
    path = ""
    for depth, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if depth == len(parts) - 1 and array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path
