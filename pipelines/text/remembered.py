"""What was read in a text is remembered for the next comparison, and forgotten together with all others."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import fields, is_dataclass
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import _lru_cache_wrapper

P = ParamSpec("P")
T = TypeVar("T")

ALIKE = 8_192  # values that are kept once for all texts that have them
_readers: list[_lru_cache_wrapper[object]] = []


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember what the function made of the latest ``most`` texts, until :func:`forget`."""

    def over(read: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize=most)(read)
        _readers.append(cached)
        return cached  # type: ignore[return-value]  # it is called as the function is

    return over


def remembered_if_short(most: int, chars: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """As :func:`remembered`, of texts of at most ``chars`` characters: a longer one is a document, and not kept."""

    def over(read: Callable[[str], T]) -> Callable[[str], T]:
        short = remembered(most)(read)

        @wraps(read)
        def either(text: str) -> T:
            return short(text) if len(text) <= chars else read(text)

        return either

    return over


def forget() -> None:
    """Forget every text: what a tenant flushed, or a person corrected, stays in no process for long."""
    for reader in _readers:
        reader.cache_clear()


def lean(value: Any) -> Any:
    """The same value, of which what many texts have alike is there once: words, empty sets, small groups of them.

    Most of what a question's facts took were empty sets, and words that other questions have too.
    """
    if isinstance(value, str):
        return sys.intern(value)
    if isinstance(value, tuple):
        return _alike(tuple(map(lean, value)))
    if isinstance(value, frozenset):
        return _alike(frozenset(map(lean, value)))
    if isinstance(value, Counter):
        return Counter({lean(key): count for key, count in value.items()}) if value else _NO_COUNTS
    if is_dataclass(value):
        for one in fields(value):
            object.__setattr__(value, one.name, lean(getattr(value, one.name)))  # frozen, and nobody else's yet
    return value


_NO_COUNTS: Counter[str] = Counter()


@remembered(ALIKE)
def _alike(value: Any) -> Any:
    """The first value that was equal to this one."""
    return value
