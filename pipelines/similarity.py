"""Nearest phrasings by cosine: a flat FAISS index whose ids are ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss
import numpy as np

if TYPE_CHECKING:
    from pipelines.encoding import Vector

# Two OpenMP threads were 2.5 to 18 times slower than one on small machines, and lookups run in parallel anyway.
faiss.omp_set_num_threads(1)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A phrasing near the question; ``similarity`` is the cosine in [-1, 1]."""

    id: str
    similarity: float


class FlatIndex:
    """Exact search over unit vectors, (n, d) float32. Not thread-safe: its owner locks."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._index = faiss.IndexFlatIP(dimensions)
        self._ids: list[str] = []  # row -> id
        self._rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: str) -> bool:  # noqa: A002 - the word for it
        return id in self._rows

    def add(self, id: str, vector: Vector) -> None:  # noqa: A002 - the word for it
        """Add a vector, in place of an earlier one of the same id; ValueError when its shape is wrong."""
        if vector.shape != (self.dimensions,):
            raise ValueError(f"vector: got shape {vector.shape}, expected ({self.dimensions},)")
        self.drop(id)
        self._index.add(vector.reshape(1, -1).astype(np.float32))
        self._rows[id] = len(self._ids)
        self._ids.append(id)

    def drop(self, id: str) -> bool:  # noqa: A002 - the word for it
        """Remove a vector; False when there was none. FAISS closes the gap, so rows above move down by one."""
        row = self._rows.pop(id, None)
        if row is None:
            return False
        self._index.remove_ids(faiss.IDSelectorRange(row, row + 1))
        del self._ids[row]
        for later in range(row, len(self._ids)):
            self._rows[self._ids[later]] = later
        return True

    def search(self, vector: Vector, k: int) -> list[Neighbour]:
        """The ``k`` nearest, best first; fewer when there are fewer."""
        if not self._ids:
            return []
        similarities, rows = self._index.search(vector.reshape(1, -1), min(k, len(self._ids)))
        return [
            Neighbour(self._ids[row], float(similarity))
            for similarity, row in zip(similarities[0], rows[0], strict=True)
            if row >= 0
        ]
