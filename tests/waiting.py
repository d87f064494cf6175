"""Waiting for a condition with a deadline: no test sleeps and hopes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def until(condition: Callable[[], T], *, within_s: float = 20.0, every_s: float = 0.02) -> T:
    """The first true value of ``condition``; AssertionError when it stays false."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within_s:g} s"
        time.sleep(every_s)
