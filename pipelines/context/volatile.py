"""What changes with every job and says nothing: a clock or a request id in the instructions parts every key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.text.patterns import compiled
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CLOCK = re.compile(
    r"\b20\d\d-\d\d-\d\d[T ,]+\d\d:\d\d|\b\d{1,2}[./]\d{1,2}[./]20\d\d,? +\d{1,2}:\d\d|\b(?:1[6-9]|2\d)\d{8}(?:\d{3})?\b"
    r"|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .{3,20} \d{1,2}:\d\d|20\d\d年\d{1,2}月\d{1,2}日 ?.{0,4}\d{1,2}[:：点时]"
    r"|(?:current|local|now|时间|時間).{0,20}\b\d{1,2}:\d\d",
    re.IGNORECASE,
)
_ID = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b(?:request|trace|session|correlation|conversation|message)[-_ ]?id\b\W{0,4}[\w-]{6,}",
    re.IGNORECASE,
)


def kinds(texts: Iterable[str]) -> frozenset[str]:
    """What of the kind is in these texts: ``clock``, ``id``."""
    return frozenset().union(*map(_of, texts))


@remembered(256)  # instructions are the same for many jobs, and long
def _of(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in (("clock", _CLOCK), ("id", _ID)) if pattern.search(text))


def without(text: str, patterns: Sequence[str]) -> str:
    """The text without what the operator's RE2 patterns match: for the key alone, never for the model."""
    for pattern in patterns:
        text = compiled(pattern).sub("", text)
    return text.strip() if patterns else text
