"""Counters of this process, one per event, until they are handed over."""

from __future__ import annotations

import threading
from collections import Counter

_counts: Counter[str] = Counter()
_lock = threading.Lock()


def count(event: str, amount: int = 1) -> None:
    """Count an event of this process, e.g. ``cache.unavailable``."""
    with _lock:
        _counts[event] += amount


def take_counts() -> dict[str, int]:
    """The counts since the last call, which start again at nothing."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    return taken


def put_back(counts: dict[str, int]) -> None:
    """Return counts that could not be delivered."""
    with _lock:
        _counts.update(counts)
