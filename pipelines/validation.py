"""Checks of raw JSON values: each says which field is wrong, what it got and what was expected."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, cast

from pipelines.errors import JobInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT_CHARS = 400_000  # about 100k tokens of English: above every economy model's window
MOST_WHOLE = 2**64  # larger ones are no number to a float, nor to most readers of JSON
MAX_NESTING = 24  # JSON schemas of tools are this deep at the most; deeper exhausts recursive readers
MAX_NAME_CHARS = 200  # tenant, user, model, knowledge: they become parts of keys and of metrics' labels

# Lone surrogates cannot be encoded as UTF-8; NUL ends strings in C libraries (tokenizers, SQL drivers).
_NAME = re.compile(r"[a-z_$][\w$.\-]{0,39}", re.ASCII)
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


def show(value: object) -> str:
    """Type and size of a bad value, never its text: it may hold personal data."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int) and abs(value) >= MOST_WHOLE:
        return "a whole number of many digits"
    if isinstance(value, int | float):
        return f"{type(value).__name__} {value!r:.40}"
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    if isinstance(value, list | tuple | dict):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return type(value).__name__


def text(path: str, value: object, *, most: int, least: int = 0) -> str:
    """Text of ``least`` to ``most`` characters that can be sent."""
    if not isinstance(value, str):
        raise JobInvalid(path, show(value), "a string")
    if not least <= len(value) <= most:
        raise JobInvalid(path, show(value), f"{least} to {most} characters")
    bad = _UNSENDABLE.search(value)
    if bad:
        raise JobInvalid(path, f"U+{ord(bad.group()):04X} at {bad.start()}", "text without NUL or lone surrogates")
    return value


def name(path: str, value: object) -> str:
    """A printable name: it becomes part of keys, logs and labels."""
    found = text(path, value, most=MAX_NAME_CHARS, least=1)
    if not found.isprintable():
        raise JobInvalid(path, "control characters", "printable characters")
    return found


def number(path: str, value: object, least: float, most: float) -> float:
    """A finite number in a range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        raise JobInvalid(path, show(value), f"a number from {least:g} to {most:g}")
    if not least <= value <= most:
        raise JobInvalid(path, show(value), f"a number from {least:g} to {most:g}")
    return value


def _finite(value: float) -> bool:
    return abs(value) < MOST_WHOLE if isinstance(value, int) else math.isfinite(value)


def whole(path: str, value: object, least: int, most: int) -> int:
    """A whole number in a range."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise JobInvalid(path, show(value), f"a whole number from {least} to {most}")
    return value


def record(path: str, value: object) -> dict[str, Any]:
    """An object whose keys are names."""
    if not isinstance(value, dict):
        raise JobInvalid(path, show(value), "an object")
    for key in value:
        text(f"{path} (a key)", key, most=MAX_NAME_CHARS)
    return cast("dict[str, Any]", value)


def plain(path: str, value: object, depth: int = 0, *, most: int = MAX_TEXT_CHARS) -> None:
    """Check that ``value`` is JSON: finite numbers, sendable text of ``most`` characters, bounded nesting."""
    if depth > MAX_NESTING:
        raise JobInvalid(path, f"nesting deeper than {MAX_NESTING}", f"at most {MAX_NESTING} levels")
    if isinstance(value, str):
        text(path, value, most=most)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            plain(f"{path}[{index}]", item, depth + 1, most=most)
    elif isinstance(value, dict):
        for key, item in record(path, value).items():
            plain(f"{path}.{shown(key)}", item, depth + 1, most=most)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not _finite(value):
            raise JobInvalid(path, show(value), "a finite number of at most 64 bits")
    elif value is not None and not isinstance(value, bool | int):
        raise JobInvalid(path, show(value), "a JSON value")


def known_only(path: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """No field but the known ones."""
    extra = sorted(set(given) - set(known))
    if extra:
        raise JobInvalid(f"{path}{shown(extra[0])}", "an unknown field", f"one of {', '.join(known)}")


def shown(key: str) -> str:
    """A field's name, where it can be one: what stands there by mistake may be what a customer wrote."""
    return key if _NAME.fullmatch(key) else f"(a name of {len(key)} characters)"
