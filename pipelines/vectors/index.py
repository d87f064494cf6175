"""Nearest phrasings by cosine: exact while there are few, by a graph that grows beside it when there are many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.vectors.faiss_index import HALF_BYTES, LINKS, FlatIndex, GraphIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Vector
    from pipelines.vectors.faiss_index import Neighbour

    Row = NDArray[np.floating[Any]]

FLAT_MOST = 10_000  # vectors that are searched one by one: 384 numbers each take 0.15 ms
MOST_DEAD = 0.25  # share of the graph's vectors that may be dropped ones before it is built anew
ADOPTED_AT = 64  # changes outstanding at which a graph may take over: its owner holds the lock for some 0.3 ms each
GROWTH = 1.3  # of what FAISS holds of a graph's vectors, which it doubles as they come
STEP = 500  # vectors linked at once


@dataclass(slots=True)
class Build:
    """A graph in the making: it takes seconds and needs no lock."""

    graph: GraphIndex
    waiting: list[tuple[str, Row | None]]  # the last one first; None for one that was dropped

    def step(self) -> bool:
        """Take in some of what waits, for some 0.3 s; False when nothing did."""
        if not self.waiting:
            return False
        _replay(self.graph, self.waiting[-STEP:][::-1])
        del self.waiting[-STEP:]
        return True


class Index:
    """The phrasings of one partition. Not thread-safe: its owner locks, and runs a :class:`Build` when one is due."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._index: FlatIndex | GraphIndex = FlatIndex(dimensions)
        self._since: list[tuple[str, Row | None]] | None = None  # changes while a graph is built

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, id: str) -> bool:  # noqa: A002 - the word for it
        return id in self._index

    @property
    def exact(self) -> bool:
        """Is every vector compared?"""
        return isinstance(self._index, FlatIndex)

    @property
    def size_bytes(self) -> int:
        """Memory of the vectors and of what links them, about."""
        if isinstance(self._index, FlatIndex):
            return len(self) * self.dimensions * HALF_BYTES
        return (len(self) + self._index.dead) * int(self.dimensions * HALF_BYTES * GROWTH + 2 * LINKS * 4)

    def vector(self, id: str) -> Vector:  # noqa: A002 - the word for it
        """A copy of one vector; KeyError when there is none."""
        return self._index.vector(id)

    def add(self, id: str, vector: Vector) -> None:  # noqa: A002 - the word for it
        """Add a vector, in place of an earlier one of the same id; ValueError when its shape is wrong."""
        self._index.add(id, vector)
        if self._since is not None:
            self._since.append((id, vector))

    def drop(self, id: str) -> bool:  # noqa: A002 - the word for it
        """Remove a vector; False when there was none."""
        dropped = self._index.drop(id)
        if dropped and self._since is not None:
            self._since.append((id, None))
        return dropped

    def search(self, vector: Vector, k: int) -> list[Neighbour]:
        """The ``k`` nearest, best first; fewer when there are fewer."""
        return self._index.search(vector, k)

    def due(self) -> Build | None:
        """The build that is due, once: what has grown too large to compare one by one, or is full of dropped ones.

        What has shrunk is exact again at once, and None.
        """
        if self._since is not None:
            return None
        if isinstance(self._index, FlatIndex):
            if len(self) <= FLAT_MOST:
                return None
        elif len(self) <= FLAT_MOST // 2:
            small = FlatIndex(self.dimensions)
            _replay(small, list(zip(self._index.ids(), self._index.halves(), strict=True)))
            self._index = small
            return None
        elif self._index.dead <= MOST_DEAD * len(self):
            return None
        self._since = []
        known: list[tuple[str, Row | None]] = list(zip(self._index.ids(), self._index.halves(), strict=True))
        return Build(GraphIndex(self.dimensions), known)

    def adopt(self, build: Build) -> bool:
        """Let the graph take over; False when too much has changed meanwhile: its steps go on."""
        since, self._since = self._since or [], []
        if len(since) > ADOPTED_AT:
            build.waiting = since[::-1]
            return False
        _replay(build.graph, since)
        self._index, self._since = build.graph, None
        return True


def _replay(index: FlatIndex | GraphIndex, changes: Sequence[tuple[str, Row | None]]) -> None:
    for id, vector in changes:  # noqa: A001 - the word for it
        if vector is None:
            index.drop(id)
        else:
            index.add(id, vector)
