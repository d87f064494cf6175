"""Scopes that outgrew a worker's memory: searched in Redis itself, by the vector sets of Redis 8.

A vector set holds a phrasing's exact key and its vector, nothing else: what the phrasing says, and whose it is, stays
in the phrasing's own hash. So a merge or a correction need not touch it, and what was dropped or expired is found to be
gone when it is found, and leaves.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pipelines.cache.decision import Candidate
from pipelines.errors import StoreUnavailable
from pipelines.vectors.centroids import Centroids
from workers.cache.entries import CHUNK, add_vector
from workers.cache.rows import Nearby, Phrasing
from workers.observability import counters, logs
from workers.store import keys
from workers.store.cluster import servers
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    import redis

    from pipelines.vectors.encoder import Vector
    from workers.cache.entries import CacheStore

FROM = 1_000_000  # phrasings of a scope: about 2 GB of a worker's memory
BELOW = 0.5  # share of that at which a scope goes back to the workers
BUILDING, READY = b"building", b"ready"
BUILD_S = 3_600  # a build that took longer has died with its worker
KNOWN_S = 2.0  # a worker believes this long what it heard of a scope
MOST_KNOWN = 10_000
MORE = 2  # times as many are asked for as are wanted: some of those found may be gone
BREADTH = 256  # candidates that the graph keeps while it searches
FIELDS = (b"entry", b"question", b"expires_ms", b"vector")


class VectorSets:
    """``least``: phrasings from which on a scope is searched in Redis; 0 for never. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis, store: CacheStore, least: int = FROM) -> None:
        self._redis: Any = redis
        self._store, self._least = store, least
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._there: bool | None = None

    def serve(self, scope: str) -> bool:
        """Is this scope to be searched here?"""
        if not self._available():
            return False
        known, now = self._known.get(scope), time.monotonic()
        if known is not None and now - known[0] < KNOWN_S:
            return known[1]
        with failing_as("cache"):
            ready = bool(self._redis.get(keys.vectors_state(scope)) == READY)
        self._known[scope] = now, ready
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return ready

    def search(self, scope: str, vector: Vector, k: int, now: float) -> Nearby:
        """As :meth:`.replica.Replicas.search`; the means of entries are those of their phrasings in sight."""
        with failing_as("cache"):
            found = self._redis.vset().vsim(
                keys.vectors(scope), vector.astype("<f4").tobytes(), count=MORE * k, ef=BREADTH
            )
            pipe = self._redis.pipeline(transaction=False)
            for element in found:
                pipe.hmget(keys.phrasing(scope, element.decode()), FIELDS)
            raws = pipe.execute()
        candidates, gone, centroids = [], [], Centroids()
        for element, values in zip(found, raws, strict=True):
            key, raw = element.decode(), dict(zip(FIELDS, values, strict=True))
            if not raw[b"vector"]:
                gone.append(key)
                continue
            one = Phrasing.decode(key, raw)
            there = one.unpacked(len(vector))
            if there is not None and one.expires_at > now:
                centroids.add(one.entry_id, there)
                candidates.append(Candidate(one.key, one.entry_id, one.question, float(there @ vector)))
        if gone:
            self._forget(scope, gone)
        nearest = sorted(candidates, key=lambda one: -one.similarity)[:k]
        return Nearby(nearest, {one.entry_id: centroids.cosine(one.entry_id, vector) for one in nearest})

    def tend(self, now: float) -> int:
        """Build what has outgrown the workers, let go of what has shrunk; returns how many scopes are searched here."""
        if not self._available():
            return 0
        served = 0
        for tenant in self._store.tenants():
            for scope in self._store.scopes(tenant):
                with failing_as("cache"):
                    size = int(self._redis.zcard(keys.phrasings(scope)))
                    state = self._redis.get(keys.vectors_state(scope))
                if state is None and size >= self._least:
                    state = self._build(scope, now)
                elif state == READY and size >= BELOW * self._least:
                    self._prolong(scope)
                elif state == READY:
                    with failing_as("cache"):
                        self._redis.delete(keys.vectors_state(scope), keys.vectors(scope))
                    state = None
                served += state == READY
        return served

    def _available(self) -> bool:
        """Does the server have vector sets? Asked once."""
        if self._least and self._there is None:
            with failing_as("cache"):
                # As one word: redis-py's reader of COMMAND's replies fails on a command that is not there.
                self._there = bool(servers(self._redis)[0].execute_command("COMMAND INFO", "VSIM")[0])
            if not self._there:
                logs.log().info("scopes of any size stay in the workers: the cache's Redis has no vector sets")
        return bool(self._least and self._there)

    def _build(self, scope: str, now: float) -> bytes | None:
        """From when it is marked, every write adds to the set too: so nothing is missing when all were read."""
        with failing_as("cache"):
            if not self._redis.set(keys.vectors_state(scope), BUILDING, nx=True, ex=BUILD_S):
                return None  # another worker builds it
            self._redis.delete(keys.vectors(scope))
        chunk: list[Phrasing] = []
        until = now
        for phrasing in self._store.phrasings(scope, now):
            chunk.append(phrasing)
            until = max(until, phrasing.expires_at)
            if len(chunk) == CHUNK:
                self._add(scope, chunk)
                chunk = []
        self._add(scope, chunk)
        with failing_as("cache"):
            self._redis.set(keys.vectors_state(scope), READY, exat=math.ceil(until))
        counters.count("vectors.built")
        return READY

    def _prolong(self, scope: str) -> None:
        """Let the mark live as long as the set, whose life every write prolongs."""
        with failing_as("cache"):
            until = self._redis.expiretime(keys.vectors(scope))
            if until > 0:
                self._redis.expireat(keys.vectors_state(scope), until)

    def _add(self, scope: str, phrasings: Iterable[Phrasing]) -> None:
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for one in phrasings:
                vector = one.unpacked(len(one.vector or b"") // 2)
                if vector is not None:
                    add_vector(pipe, scope, one.key, vector, one.expires_at)
            pipe.execute()

    def _forget(self, scope: str, gone: list[str]) -> None:
        """What is gone takes the place of what is there; if it cannot leave now, the next search finds it again."""
        try:
            with failing_as("cache"):
                pipe = self._redis.pipeline(transaction=False)
                for key in gone:
                    pipe.vset().vrem(keys.vectors(scope), key)
                pipe.execute()
        except StoreUnavailable:
            counters.count("vectors.unforgotten", len(gone))
