"""How much a provider may be asked: requests and tokens a minute, and how many calls at once, of the whole fleet."""

from __future__ import annotations

import random
import time
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

import limits
from limits.storage import RedisClusterStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from workers.observability import counters
from workers.store import keys, scripts
from workers.store.cluster import Cluster
from workers.store.connection import ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import redis

    from workers.config.endpoints import ProviderConfig

AT_ONCE_S = 0.5  # a call of those that are under way ends soon
LONGEST_S = 5.0  # room comes back little by little: looked for again by then
LEASED_S = 5.0  # beyond the call's own end: whose worker died gives it back then


def _storage(redis: Any) -> RedisStorage:
    """The library's, on the connections that are there."""
    if isinstance(redis, Cluster):
        # The address is never looked at where nodes are given.
        return RedisClusterStorage("redis+cluster://localhost:6379", key_prefix=keys.RATE, **redis.arguments)
    return RedisStorage("redis://", connection_pool=redis.connection_pool, key_prefix=keys.RATE)


class ProviderLimits:
    """Of the providers that have some; without Redis, or while it is away, nobody is held up."""

    def __init__(self, configs: Iterable[ProviderConfig], redis: redis.Redis | None = None) -> None:
        self._configs = {config.name: config for config in configs if config.limited}
        self._redis: Any = redis
        if redis is not None and self._configs:
            self._lease = scripts.register(redis, "lease")

    def take(self, provider: str, tokens: Callable[[], int], within_s: float) -> str | float:
        """A lease on a call of about ``tokens()`` that ends within ``within_s``, '' where none is needed.

        Or, as a number, the seconds after which to ask again.
        """
        config = self._configs.get(provider)
        if config is None or self._redis is None:
            return ""
        lease = ""
        try:
            if config.concurrency is not None:
                lease, now = uuid.uuid4().hex, time.time()
                until = now + within_s + LEASED_S
                if not self._lease(keys=[keys.calls(provider)], args=[now, until, lease, config.concurrency]):
                    return AT_ONCE_S * (0.5 + random.random())  # noqa: S311 - jitter is no secret
            wait_s = self._rated(provider, config, tokens() if config.tokens_per_minute else 0)
            if wait_s:
                self.give_back(provider, lease)
                return wait_s
        except ERRORS:
            counters.count("ledger.unavailable")
            self.give_back(provider, lease)
            return ""
        return lease

    def give_back(self, provider: str, lease: str) -> None:
        """The call is over."""
        if lease:
            try:
                self._redis.zrem(keys.calls(provider), lease)
            except ERRORS:
                counters.count("ledger.unavailable")  # it expires

    @cached_property
    def _rates(self) -> SlidingWindowCounterRateLimiter:
        """Made when it is first asked, for a cluster's storage connects at once."""
        return SlidingWindowCounterRateLimiter(_storage(self._redis))

    def _rated(self, provider: str, config: ProviderConfig, tokens: int) -> float:
        """Seconds to wait; 0.0 where there is room, which is used then."""
        rates = (
            ("requests", config.requests_per_minute, 1),
            ("tokens", config.tokens_per_minute, max(1, tokens)),
        )
        items = [
            (limits.RateLimitItemPerMinute(most), name, min(cost, most))
            for name, most, cost in rates
            if most is not None
        ]
        for item, name, cost in items:
            if not self._rates.test(item, provider, name, cost=cost):
                left_s = self._rates.get_window_stats(item, provider, name).reset_time - time.time()
                return max(0.1, min(left_s, LONGEST_S)) * (0.5 + random.random() / 2)  # noqa: S311 - jitter is no secret
        for item, name, cost in items:
            self._rates.hit(item, provider, name, cost=cost)
        return 0.0
