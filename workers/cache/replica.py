"""Replicas: this process's view of the scopes it is asked about, kept fresh by following their logs."""

from __future__ import annotations

import ctypes
import queue
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.cache.decision import Candidate
from pipelines.errors import StoreUnavailable
from pipelines.vectors.centroids import Centroids
from pipelines.vectors.index import Index
from workers.cache.rows import Nearby
from workers.observability import counters, logs

if TYPE_CHECKING:
    from pipelines.vectors.encoder import Vector
    from pipelines.vectors.index import Build
    from workers.cache.changes import Change
    from workers.cache.entries import CacheStore
    from workers.cache.rows import Phrasing
    from workers.cache.vector_sets import VectorSets

MAX_SCOPES = 1_000  # scopes held at once; the one unused for longest is let go
MAX_BYTES = 2_000_000_000  # likewise, of what they take together
PHRASING_BYTES = 650  # beside vectors: keys, question, and Python's own of both
BLOCK_MS = 50  # how long the follower waits before it looks for newly loaded scopes
PRUNE_EVERY_S = 30.0
CAUGHT_UP_S = 1.0  # a write is seen by every replica in less
RETRY_S = 0.5  # pause after Redis failed, so that the follower does not spin


class _Partition:
    """One scope's index and where it stands in the scope's log."""

    def __init__(self, dimensions: int) -> None:
        self.lock = threading.Lock()
        self.index = Index(dimensions)
        self.held: dict[str, Phrasing] = {}  # without their vectors: the index has them
        self.centroids = Centroids()
        self.position, self.number = "0-0", 0

    @property
    def size_bytes(self) -> int:
        """What it takes of this process's memory, about."""
        return self.index.size_bytes + self.centroids.size_bytes + len(self.held) * PHRASING_BYTES

    def add(self, phrasing: Phrasing) -> None:
        if phrasing.vector is None:
            self.drop(phrasing.key)
            return
        vector = phrasing.unpacked(self.index.dimensions)
        if vector is None:
            return
        self.drop(phrasing.key)
        self.index.add(phrasing.key, vector)
        self.held[phrasing.key] = replace(phrasing, vector=None)
        self.centroids.add(phrasing.entry_id, vector)

    def drop(self, key: str) -> None:
        phrasing = self.held.pop(key, None)
        if phrasing is not None:
            self.centroids.drop(phrasing.entry_id, self.index.vector(key))
            self.index.drop(key)

    def merge(self, entry: str, other: str) -> None:
        for key, phrasing in self.held.items():
            if phrasing.entry_id == other:
                self.held[key] = replace(phrasing, entry_id=entry)
        self.centroids.merge(entry, other)

    def prune(self, now: float) -> None:
        for key in [key for key, phrasing in self.held.items() if phrasing.expires_at <= now]:
            self.drop(key)


class Replicas:
    """All partitions of this process. Searches from many threads; one thread follows all logs, one builds graphs."""

    def __init__(
        self,
        store: CacheStore,
        max_scopes: int = MAX_SCOPES,
        max_bytes: int = MAX_BYTES,
        *,
        outgrown: VectorSets | None = None,
    ) -> None:
        self._store, self._outgrown = store, outgrown
        self._max_scopes, self._max_bytes = max_scopes, max_bytes
        self._partitions: OrderedDict[str, _Partition] = OrderedDict()
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._moved = threading.Condition()
        self._closed = threading.Event()
        self._due: queue.SimpleQueue[tuple[_Partition, Build]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def search(self, scope: str, vector: Vector, k: int, now: float) -> Nearby:
        """The ``k`` nearest phrasings of a scope, best first, expired ones left out; raises StoreUnavailable.

        The first search of a scope loads it, unless it outgrew the workers: then Redis searches it.
        """
        if self._outgrown is not None and self._outgrown.serve(scope):
            with self._lock:
                self._partitions.pop(scope, None)
            return self._outgrown.search(scope, vector, k, now)
        partition = self._partition(scope, len(vector))
        with partition.lock:
            near = partition.index.search(vector, k)
            found = [(partition.held[n.id], n.similarity) for n in near]
            centroids = {p.entry_id: partition.centroids.cosine(p.entry_id, vector) for p, _ in found}
        candidates = [Candidate(p.key, p.entry_id, p.question, s) for p, s in found if p.expires_at > now]
        return Nearby(candidates, centroids)

    def catch_up(self, scope: str) -> None:
        """Wait until all that was written of a scope by now is here, for a second at the most."""
        if scope not in self._partitions:
            return  # the search loads all of it
        number = self._store.tail(scope)[1]
        with self._moved:
            self._moved.wait_for(lambda: self._number(scope) >= number, CAUGHT_UP_S)

    def _number(self, scope: str) -> int | float:
        partition = self._partitions.get(scope)
        return float("inf") if partition is None else partition.number

    def hold(self, scope: str, dimensions: int) -> bool:
        """Load a scope before it is searched; False where Redis searches it. Raises StoreUnavailable."""
        if self._outgrown is not None and self._outgrown.serve(scope):
            return False
        self._partition(scope, dimensions)
        return True

    def has_room(self) -> bool:
        """May one more scope be held without letting go of another?"""
        with self._lock:
            return len(self._partitions) < self._max_scopes and self._taken() < self._max_bytes

    def size(self, scope: str) -> int:
        """Phrasings held of a scope; 0 when it is not loaded."""
        with self._lock:
            partition = self._partitions.get(scope)
        return 0 if partition is None else len(partition.index)

    def loaded(self) -> list[str]:
        """Scopes held, the one unused for longest first."""
        with self._lock:
            return list(self._partitions)

    def close(self) -> None:
        """Stop following."""
        self._closed.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _partition(self, scope: str, dimensions: int) -> _Partition:
        partition = self._loaded(scope)
        if partition is not None:
            return partition
        with self._lock:
            loading = self._loading.setdefault(scope, threading.Lock())
        with loading:  # the others who ask wait for the first one's load
            partition = self._loaded(scope) or self._load(scope, dimensions)
            with self._lock:
                self._partitions[scope] = partition
                self._loading.pop(scope, None)
                self._start()
        self._unload()
        return partition

    def _loaded(self, scope: str) -> _Partition | None:
        with self._lock:
            partition = self._partitions.get(scope)
            if partition is not None:
                self._partitions.move_to_end(scope)
            return partition

    def _start(self) -> None:
        if not self._threads:
            for work in (self._follow, self._build):
                self._threads.append(threading.Thread(target=work, name=f"replica{work.__name__}", daemon=True))
                self._threads[-1].start()

    def _taken(self) -> int:
        return sum(partition.size_bytes for partition in self._partitions.values())

    def _unload(self) -> None:
        """Let go of what was unused for longest; the scope in use stays, however large."""
        with self._lock:
            taken = self._taken()
            while len(self._partitions) > 1 and (len(self._partitions) > self._max_scopes or taken > self._max_bytes):
                _, gone = self._partitions.popitem(last=False)
                taken -= gone.size_bytes
                counters.count("replica.unloaded")

    def _load(self, scope: str, dimensions: int) -> _Partition:
        """Note the log's tail first, then load: what changes meanwhile is met again in the log, and adding is safe."""
        partition = _Partition(dimensions)
        partition.position, partition.number = self._store.tail(scope)
        for phrasing in self._store.phrasings(scope, time.time()):
            partition.add(phrasing)
        counters.count("replica.loaded")
        self._consider(partition)
        return partition

    def _consider(self, partition: _Partition) -> None:
        """Hand over the graph that is due, if one is."""
        with partition.lock:
            build = partition.index.due()
        if build is not None:
            self._due.put((partition, build))

    def _build(self) -> None:
        while not self._closed.is_set():
            try:
                partition, build = self._due.get(timeout=RETRY_S)
            except queue.Empty:
                continue
            adopted = False
            while not adopted and not self._closed.is_set():
                if not build.step():
                    with partition.lock:
                        adopted = partition.index.adopt(build)
            _give_back()
            counters.count("replica.graph_built", int(adopted))

    def _follow(self) -> None:
        pruned_at = time.monotonic()
        while not self._closed.is_set():
            with self._lock:
                held = dict(self._partitions)
            try:
                positions = {scope: partition.position for scope, partition in held.items()}
                for scope, changes in self._store.changes(positions, BLOCK_MS).items():
                    self._apply(scope, held[scope], changes)
            except StoreUnavailable as error:
                counters.count("replica.unavailable")
                logs.log().warning("replica cannot follow", said=str(error))
                self._closed.wait(RETRY_S)
            if time.monotonic() - pruned_at > PRUNE_EVERY_S:
                pruned_at = time.monotonic()
                for partition in held.values():
                    with partition.lock:
                        partition.prune(time.time())
                    self._consider(partition)
                self._unload()

    def _apply(self, scope: str, partition: _Partition, changes: list[Change]) -> None:
        applied = self._applied(partition, changes)
        with self._moved:
            self._moved.notify_all()
        if applied:
            self._consider(partition)
            return
        counters.count("replica.reloaded")
        fresh = self._load(scope, partition.index.dimensions)
        with self._lock:
            if scope in self._partitions:
                self._partitions[scope] = fresh

    def _applied(self, partition: _Partition, changes: list[Change]) -> bool:
        """False where the log was trimmed past us, or began anew."""
        with partition.lock:
            for change in changes:
                if change.number != partition.number + 1:
                    return False
                partition.position, partition.number = change.position, change.number
                if change.into is not None:
                    partition.merge(change.into, change.key)
                elif change.phrasing is None:
                    partition.drop(change.key)
                else:
                    partition.add(change.phrasing)
        return True


def _give_back() -> None:
    """What a build took goes back to the system, where the C library has a word for that (glibc's keeps it)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
