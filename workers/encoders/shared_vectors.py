"""Vectors of turns in the cache's Redis, for an hour: a conversation's next question may come to another worker."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Any

from pipelines.errors import StoreUnavailable
from pipelines.vectors.encoder import SCALE_BYTES, compact, expand
from workers.observability import counters
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import redis

KEPT_S = 3_600
AWAY_S = 5.0  # a Redis that failed is not asked again meanwhile: encoding is slower, and there


class SharedVectors:
    """Packed vectors by name, of one tenant each. ``secret`` keys their digests, so that these tell nothing.

    A Redis that fails has nothing, and keeps nothing.
    """

    def __init__(self, redis: redis.Redis, secret: Callable[[], bytes]) -> None:
        self._redis: Any = redis
        self._secret = secret
        self._away_until = 0.0

    def get(self, tenant: str, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those that are there."""
        found = self._ask(lambda: self._redis.mget(self._keys(tenant, names))) if names else None
        there = zip(names, found, strict=True) if found else ()
        return {name: expand(raw) for name, raw in there if raw and len(raw) > SCALE_BYTES}

    def put(self, tenant: str, made: Mapping[bytes, bytes]) -> None:
        """Keep these."""

        def store() -> None:
            pipe = self._redis.pipeline(transaction=False)
            for key, vector in zip(self._keys(tenant, list(made)), made.values(), strict=True):
                pipe.set(key, compact(vector), ex=KEPT_S)
            pipe.execute()

        self._ask(store)

    def _ask(self, what: Callable[[], Any]) -> Any:
        if time.monotonic() < self._away_until:
            return None
        try:
            with failing_as("cache"):
                return what()
        except StoreUnavailable:
            counters.count("cache.unavailable")
            self._away_until = time.monotonic() + AWAY_S
            return None

    def _keys(self, tenant: str, names: Sequence[bytes]) -> list[str]:
        secret = self._secret()
        return [keys.turn(tenant, hmac.digest(secret, b"turn" + name, "sha256")[:16].hex()) for name in names]
