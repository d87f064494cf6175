"""What was read in a text is remembered for the next comparison, and forgotten together with all others."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import _lru_cache_wrapper

P = ParamSpec("P")
T = TypeVar("T")

_readers: list[_lru_cache_wrapper[object]] = []


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember what the function made of the latest ``most`` texts, until :func:`forget`."""

    def over(read: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize=most)(read)
        _readers.append(cached)
        return cached  # type: ignore[return-value]  # it is called as the function is

    return over


def forget() -> None:
    """Forget every text: what a tenant flushed, or a person corrected, stays in no process for long."""
    for reader in _readers:
        reader.cache_clear()
