"""Replicas: this process's view of the scopes it is asked about, kept fresh by following their logs."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.cache import Candidate
from pipelines.centres import Centres
from pipelines.encoding import unpack
from pipelines.errors import StoreUnavailable
from pipelines.similarity import FlatIndex
from workers import telemetry

if TYPE_CHECKING:
    from pipelines.encoding import Vector
    from workers.stores import CacheStore, Change, Phrasing

MAX_SCOPES = 1_000  # scopes held at once; the one unused for longest is let go
BLOCK_MS = 50  # how long the follower waits before it looks for newly loaded scopes
PRUNE_EVERY_S = 30.0
RETRY_S = 0.5  # pause after Redis failed, so that the follower does not spin


@dataclass(frozen=True, slots=True)
class Seen:
    """What a search found: candidates, best first, and the question's cosine to the mean of each one's entry."""

    candidates: list[Candidate]
    centres: dict[str, float]


class _Partition:
    """One scope's index and where it stands in the scope's log."""

    def __init__(self, dimensions: int) -> None:
        self.lock = threading.Lock()
        self.index = FlatIndex(dimensions)
        self.held: dict[str, Phrasing] = {}
        self.centres = Centres()
        self.position, self.number = "0-0", 0

    def add(self, phrasing: Phrasing) -> None:
        if phrasing.vector is None:
            self.drop(phrasing.key)
            return
        try:
            vector = unpack(phrasing.vector, self.index.dimensions)
        except ValueError as error:
            telemetry.count("replica.bad_vector")
            telemetry.log().warning("phrasing left out", said=str(error))
            return
        self.drop(phrasing.key)
        self.index.add(phrasing.key, vector)
        self.held[phrasing.key] = phrasing
        self.centres.add(phrasing.entry_id, vector)

    def drop(self, key: str) -> None:
        self.index.drop(key)
        phrasing = self.held.pop(key, None)
        if phrasing is not None and phrasing.vector is not None:
            self.centres.drop(phrasing.entry_id, unpack(phrasing.vector, self.index.dimensions))

    def merge(self, entry: str, other: str) -> None:
        for key, phrasing in self.held.items():
            if phrasing.entry_id == other:
                self.held[key] = replace(phrasing, entry_id=entry)
        self.centres.merge(entry, other)

    def prune(self, now: float) -> None:
        for key in [key for key, phrasing in self.held.items() if phrasing.expires_at <= now]:
            self.drop(key)


class Replicas:
    """All partitions of this process. Searches from many threads; one thread follows all logs."""

    def __init__(self, store: CacheStore, dimensions: int, max_scopes: int = MAX_SCOPES) -> None:
        self._store, self._dimensions, self._max_scopes = store, dimensions, max_scopes
        self._partitions: OrderedDict[str, _Partition] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._follower: threading.Thread | None = None

    def search(self, scope: str, vector: Vector, k: int, now: float) -> Seen:
        """The ``k`` nearest phrasings of a scope, best first, expired ones left out; raises StoreUnavailable.

        The first search of a scope loads it.
        """
        partition = self._partition(scope)
        with partition.lock:
            near = partition.index.search(vector, k)
            found = [(partition.held[n.id], n.similarity) for n in near]
            centres = {p.entry_id: partition.centres.cosine(p.entry_id, vector) for p, _ in found}
        candidates = [Candidate(p.key, p.entry_id, p.question, s) for p, s in found if p.expires_at > now]
        return Seen(candidates, centres)

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
        if self._follower is not None:
            self._follower.join(timeout=5)

    def _partition(self, scope: str) -> _Partition:
        with self._lock:
            partition = self._partitions.get(scope)
            if partition is not None:
                self._partitions.move_to_end(scope)
                return partition
        loaded = self._load(scope)
        with self._lock:
            # Another thread may have loaded it meanwhile: the first one stays, for the follower knows it.
            partition = self._partitions.setdefault(scope, loaded)
            while len(self._partitions) > self._max_scopes:
                self._partitions.popitem(last=False)
            if self._follower is None:
                self._follower = threading.Thread(target=self._follow, name="replica", daemon=True)
                self._follower.start()
        return partition

    def _load(self, scope: str) -> _Partition:
        """Note the log's tail first, then load: what changes meanwhile is met again in the log, and adding is safe."""
        partition = _Partition(self._dimensions)
        partition.position, partition.number = self._store.tail(scope)
        for phrasing in self._store.phrasings(scope, time.time()):
            partition.add(phrasing)
        telemetry.count("replica.loaded")
        return partition

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
                telemetry.count("replica.unavailable")
                telemetry.log().warning("replica cannot follow", said=str(error))
                self._closed.wait(RETRY_S)
            if time.monotonic() - pruned_at > PRUNE_EVERY_S:
                pruned_at = time.monotonic()
                for partition in held.values():
                    with partition.lock:
                        partition.prune(time.time())

    def _apply(self, scope: str, partition: _Partition, changes: list[Change]) -> None:
        with partition.lock:
            for change in changes:
                if change.number != partition.number + 1:
                    break  # the log was trimmed past us, or began anew
                partition.position, partition.number = change.position, change.number
                if change.into is not None:
                    partition.merge(change.into, change.key)
                elif change.phrasing is None:
                    partition.drop(change.key)
                else:
                    partition.add(change.phrasing)
            else:
                return
        telemetry.count("replica.reloaded")
        fresh = self._load(scope)
        with self._lock:
            if scope in self._partitions:
                self._partitions[scope] = fresh
