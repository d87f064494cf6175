"""The mean of each entry's phrasings, kept as they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Vector


HALF_BYTES = 2  # of a float16
ENTRY_BYTES = 250  # beside its sum: the array's own, id, count, and their places in dictionaries


class Centroids:
    """Sums of the unit vectors (d,) of each entry; an entry is gone with its last phrasing. Not thread-safe."""

    def __init__(self) -> None:
        self._sums: dict[str, NDArray[np.floating[Any]]] = {}
        self._counts: dict[str, int] = {}
        self._lengths: dict[str, float] = {}  # of the sums that were asked for: a search asks for sixteen

    @property
    def size_bytes(self) -> int:
        """Memory of the sums, most of them of one phrasing, about."""
        width = next(iter(self._sums.values())).size if self._sums else 0
        return len(self._sums) * (HALF_BYTES * width + ENTRY_BYTES)

    def add(self, entry: str, vector: Vector) -> None:
        """A phrasing came."""
        self._lengths.pop(entry, None)
        # One phrasing, as most entries have, is what Redis and the index have of it: float16.
        self._sums[entry] = self._sum(entry) + vector if entry in self._sums else vector.astype(np.float16)
        self._counts[entry] = self._counts.get(entry, 0) + 1

    def drop(self, entry: str, vector: Vector) -> None:
        """A phrasing went; KeyError for an entry that has none."""
        self._counts[entry] -= 1
        self._lengths.pop(entry, None)
        if self._counts[entry]:
            self._sums[entry] = self._sum(entry) - vector
        else:
            del self._sums[entry], self._counts[entry]

    def merge(self, entry: str, other: str) -> None:
        """All of ``other``'s phrasings are ``entry``'s; either may have none."""
        if other in self._sums:
            sums, count = self._sum(other), self._counts.pop(other)
            del self._sums[other]
            self._lengths.pop(entry, None)
            self._lengths.pop(other, None)
            self._sums[entry] = self._sum(entry) + sums if entry in self._sums else sums
            self._counts[entry] = self._counts.get(entry, 0) + count

    def cosine(self, entry: str, vector: Vector) -> float:
        """Cosine of a vector to the entry's mean."""
        sums = self._sum(entry)
        length = self._lengths.get(entry)
        if length is None:
            length = self._lengths[entry] = float(np.linalg.norm(sums))
        return float(vector @ sums) / length

    def _sum(self, entry: str) -> Vector:
        return self._sums[entry].astype(np.float32, copy=False)
