"""Which entries rest on which document, so that a changed document takes exactly its answers with it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    import redis

    from workers.cache.clusters import Membership
    from workers.cache.entries import CacheStore


class Sources:
    """The dependants of each document, per tenant. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis, store: CacheStore, members: Membership) -> None:
        self._redis: Any = redis
        self._store, self._members = store, members

    def bind(self, tenant: str, sources: Iterable[str], scope: str, entry_id: str, *, known_until: float) -> None:
        """Note that an entry's answer rests on these documents, as long as it is known."""
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for source in sources:
                name = keys.source(tenant, source)
                pipe.sadd(name, json.dumps([scope, entry_id]))
                pipe.expireat(name, math.ceil(known_until) + 60)
            pipe.execute()

    def drop(self, tenant: str, source: str) -> int:
        """Drop every entry of a tenant that rests on a document; returns how many had an answer."""
        with failing_as("cache"):
            found = self._redis.smembers(keys.source(tenant, source))
        dropped = 0
        for scope, entry_id in map(json.loads, found):
            dropped += self._store.drop(scope, self._members.now(scope, entry_id))
        with failing_as("cache"):
            if found:
                self._redis.srem(keys.source(tenant, source), *found)
        return dropped
