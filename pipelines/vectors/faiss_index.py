"""The two kinds of index of unit vectors: one that compares all of them, and a graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Vector, Vectors

LINKS = 16  # of a vector in the graph, twice as many on its lowest floor
BUILD_BREADTH, SEARCH_BREADTH = 80, 192  # candidates kept while a vector is linked, and while one is sought
HALF_BYTES = 2  # of a float16, which Redis keeps vectors in too
SHRINKS_AT = 0.5  # share of its most at which a flat index gives memory back


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A phrasing near the question; ``similarity`` is the cosine in [-1, 1]."""

    id: str
    similarity: float


class FlatIndex:
    """Exact search over unit vectors, (n, d) float16 as Redis has them. Not thread-safe: its owner locks."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._index = _halves(dimensions)
        self._ids: list[str] = []  # row -> id
        self._rows: dict[str, int] = {}
        self._most = 0  # rows since memory was last given back

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: str) -> bool:  # noqa: A002 - the word for it
        return id in self._rows

    def ids(self) -> list[str]:
        """All ids, in the order of :meth:`vectors`."""
        return list(self._ids)

    def vectors(self) -> Vectors:
        """A copy of all vectors, (n, d) float32."""
        return self._view().astype(np.float32)

    def halves(self) -> NDArray[np.float16]:
        """A copy of all vectors, (n, d) float16: while a graph is built, both are held."""
        return self._view().copy()

    def vector(self, id: str) -> Vector:  # noqa: A002 - the word for it
        """A copy of one vector; KeyError when there is none."""
        found: Vector = self._view()[self._rows[id]].astype(np.float32)
        return found

    def add(self, id: str, vector: NDArray[np.floating[Any]]) -> None:  # noqa: A002 - the word for it
        """Add a vector, in place of an earlier one of the same id; ValueError when its shape is wrong."""
        row = _row(vector, self.dimensions)
        known = self._rows.get(id)
        if known is not None:
            self._view()[known] = row[0].astype(np.float16)
            return
        self._index.add(row)
        self._rows[id] = len(self._ids)
        self._ids.append(id)
        self._most = max(self._most, len(self._ids))

    def drop(self, id: str) -> bool:  # noqa: A002 - the word for it
        """Remove a vector; False when there was none. The last row takes its place."""
        row = self._rows.pop(id, None)
        if row is None:
            return False
        last, moved = len(self._ids) - 1, self._ids.pop()
        if row != last:
            view = self._view()
            view[row] = view[last]
            self._ids[row], self._rows[moved] = moved, row
        self._index.remove_ids(faiss.IDSelectorRange(last, last + 1))
        if len(self._ids) < SHRINKS_AT * self._most:
            self._give_back()
        return True

    def search(self, vector: Vector, k: int) -> list[Neighbour]:
        """The ``k`` nearest, best first; fewer when there are fewer."""
        if not self._ids:
            return []
        similarities, rows = self._index.search(_row(vector, self.dimensions), min(k, len(self._ids)))
        return _neighbours(self._ids, similarities[0], rows[0])

    def _view(self) -> NDArray[np.float16]:
        """The rows where FAISS keeps them; no longer valid after the next change."""
        taken = self._index.ntotal * self.dimensions * HALF_BYTES
        data: NDArray[np.uint8] = faiss.rev_swig_ptr(self._index.codes.data(), taken)
        return data.view(np.float16).reshape(-1, self.dimensions)

    def _give_back(self) -> None:
        """FAISS's memory only grows: what is left moves into a fresh index."""
        fresh = _halves(self.dimensions)
        if self._ids:
            fresh.add(self.vectors())
        self._index, self._most = fresh, len(self._ids)


class GraphIndex:
    """Approximate search in a hierarchical navigable small world (Malkov and Yashunin, 2016); the cosines are exact.

    A dropped vector stays as a stepping stone until the graph is built anew. Not thread-safe: its owner locks.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        halves = faiss.ScalarQuantizer.QT_fp16
        self._index = faiss.IndexHNSWSQ(dimensions, halves, LINKS, faiss.METRIC_INNER_PRODUCT)  # type: ignore[arg-type]  # as FAISS's own wrapper takes it
        self._index.train(np.zeros((1, dimensions), dtype=np.float32))  # there is nothing to learn, but it must be told
        self._index.hnsw.efConstruction = BUILD_BREADTH
        self._ids: list[str | None] = []  # row -> id; None once it is dropped
        self._rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, id: str) -> bool:  # noqa: A002 - the word for it
        return id in self._rows

    @property
    def dead(self) -> int:
        """Dropped vectors that are still in the graph."""
        return len(self._ids) - len(self._rows)

    def ids(self) -> list[str]:
        """All ids, in the order of :meth:`vectors`."""
        return list(self._rows)

    def vectors(self) -> Vectors:
        """A copy of the vectors that are not dropped."""
        found: Vectors = self._index.reconstruct_batch(np.array(list(self._rows.values()), dtype=np.int64))
        return found

    def halves(self) -> NDArray[np.float16]:
        """A copy of those that are not dropped, (n, d) float16."""
        return self.vectors().astype(np.float16)

    def vector(self, id: str) -> Vector:  # noqa: A002 - the word for it
        """A copy of one vector; KeyError when there is none."""
        return np.asarray(self._index.reconstruct(self._rows[id]))

    def add(self, id: str, vector: NDArray[np.floating[Any]]) -> None:  # noqa: A002 - the word for it
        """Add a vector, in place of an earlier one of the same id; ValueError when its shape is wrong."""
        row = _row(vector, self.dimensions)
        self.drop(id)
        self._index.add(row)
        self._rows[id] = len(self._ids)
        self._ids.append(id)

    def drop(self, id: str) -> bool:  # noqa: A002 - the word for it
        """Find a vector no more; False when there was none."""
        row = self._rows.pop(id, None)
        if row is None:
            return False
        self._ids[row] = None
        return True

    def search(self, vector: Vector, k: int) -> list[Neighbour]:
        """The ``k`` nearest, best first; fewer when there are fewer."""
        if not self._rows:
            return []
        wanted = min(len(self._ids), k + int(2 * k * self.dead / len(self._ids)))
        found: list[Neighbour] = []
        while len(found) < min(k, len(self._rows)):
            self._index.hnsw.efSearch = max(SEARCH_BREADTH, 2 * wanted)
            similarities, rows = self._index.search(_row(vector, self.dimensions), wanted)
            found = _neighbours(self._ids, similarities[0], rows[0])
            if wanted == len(self._ids):
                break  # a graph may hold a vector that no path leads to
            wanted = min(len(self._ids), 2 * wanted)  # the dropped ones stood in the way
        return found[:k]


def _halves(dimensions: int) -> faiss.IndexScalarQuantizer:
    return faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _row(vector: NDArray[np.floating[Any]], dimensions: int) -> Vectors:
    # Two OpenMP threads were 2.5 to 18 times slower than one on small machines, and lookups run in parallel anyway.
    # The number is this thread's own.
    faiss.omp_set_num_threads(1)
    if vector.shape != (dimensions,):
        raise ValueError(f"vector: got shape {vector.shape}, expected ({dimensions},)")
    return np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)


def _neighbours(ids: Sequence[str | None], similarities: Vector, rows: Vector) -> list[Neighbour]:
    named = [(ids[row], float(similarity)) for similarity, row in zip(similarities, rows, strict=True) if row >= 0]
    return [Neighbour(name, similarity) for name, similarity in named if name is not None]
