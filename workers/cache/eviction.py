"""Keeps each tenant's cache within its capacity; part of the maintenance, on nobody's path."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.cache import eviction
from pipelines.cache.eviction import Evictable
from workers.cache import questions
from workers.cache.entries import CHUNK
from workers.cache.rows import read_answer
from workers.observability import counters
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis

    from workers.cache.entries import CacheStore


class Evictor:
    """``capacity`` says how many entries a tenant may have. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis, store: CacheStore, capacity: Callable[[str], int]) -> None:
        self._redis: Any = redis
        self._store, self._capacity = store, capacity

    def evict(self) -> int:
        """Drop what is worth least of every tenant that has too much; returns how many entries went."""
        gone = 0
        for tenant in self._store.tenants():
            capacity = self._capacity(tenant)
            if self._store.stats(tenant)["entries"] > capacity:
                for one in eviction.evicted(self._evictable(tenant), capacity):
                    gone += self._store.drop(one.scope, one.id)
        counters.count("cache.evicted", gone)
        return gone

    def _evictable(self, tenant: str) -> Iterator[Evictable]:
        for scope in self._store.scopes(tenant):
            with failing_as("cache"):
                ids = [raw.decode() for raw in self._redis.zrange(keys.entries(scope), 0, -1)]
            for start in range(0, len(ids), CHUNK):
                yield from self._chunk(scope, ids[start : start + CHUNK])

    def _chunk(self, scope: str, ids: list[str]) -> Iterator[Evictable]:
        """Entries whose answer has expired already are left to the sweep."""
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for entry_id in ids:
                pipe.hmget(keys.entry(scope, entry_id), "answer", "expires_at", "served", "curated")
            found = pipe.execute()
            for _, _, served, _ in found:
                questions.look(pipe, scope, (served or b"").decode())
            times = pipe.execute()
            asked = [questions.asked(pair) for pair in zip(times[::2], times[1::2], strict=True)]
        for entry_id, (answer, expires_at, _, curated), times in zip(ids, found, asked, strict=True):
            if answer is not None and expires_at is not None:
                said = read_answer(answer)
                cost = Decimal(0) if said is None else said.cost_usd
                yield Evictable(scope, entry_id, times, cost, float(expires_at), curated == b"1")
