"""What the whole fleet knows of its providers' health, in Redis; and what this process measured of their pace."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pipelines.routing import health
from pipelines.routing.health import Health
from workers.observability import counters, logs
from workers.store import keys
from workers.store.connection import ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import redis

LOOKS_EVERY_S = 0.25  # what was read is believed so long
KEPT_S = 600
FIRST_WORDS = 200  # first words of a model that are remembered
AWAY_S = 5.0


class ProviderHealth:
    """While Redis is away each process goes by what it saw itself."""

    def __init__(self, redis: redis.Redis | None = None) -> None:
        self._redis: Any = redis
        self._seen: dict[str, Health] = {}
        self._paces: dict[tuple[str, str], float] = {}
        self._first_words: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()
        self._looked_at = self._away_until = float("-inf")

    def may_ask(self, provider: str) -> bool:
        """Is it asked now? Of one that is due, by the one call of the fleet that tries it."""
        self._look()
        found = self._seen.get(provider, Health())
        now = time.time()
        state = found.state(now)
        if state != "due":
            return state == "well"
        return self._tries(provider)

    def again_at(self, providers: Iterable[str]) -> float:
        """When the first of them may be asked again, seconds since the epoch; 0 where one may now."""
        return min((self._seen.get(provider, Health()).until for provider in providers), default=0.0)

    def failed(self, provider: str, retry_after_s: float | None) -> None:
        """A call failed in a way that says something of the provider."""
        self._look(now=True)
        with self._lock:
            found = self._seen.get(provider, Health()).failed(time.time(), retry_after_s)
            self._seen[provider] = found
        if found.until:
            counters.count("provider.left_alone")
            logs.log().warning(
                "a provider is left alone", provider=provider, seconds=round(found.until - time.time(), 1)
            )
        self._write(provider, found)

    def note_pace(self, provider: str, model: str, first_word_s: float) -> None:
        """A model's first word came after ``first_word_s``: one that thinks first is no slow one's neighbour."""
        with self._lock:
            self._paces[provider, model] = health.average_s(self._paces.get((provider, model)), first_word_s)
            self._first_words.setdefault((provider, model), deque(maxlen=FIRST_WORDS)).append(first_word_s)

    def worked(self, provider: str) -> None:
        """A call was answered."""
        with self._lock:
            before = self._seen.pop(provider, None)
        if before is not None and before != Health():
            self._write(provider, None)

    def pace_s(self, provider: str, model: str) -> float | None:
        """The average time to a model's first word; None where this process has not heard one."""
        return self._paces.get((provider, model))

    def slow_s(self, provider: str, model: str) -> float | None:
        """Seconds after which a model's first word is late; None where this process heard too few."""
        with self._lock:
            return health.slow_s(self._first_words.get((provider, model), ()))

    def _tries(self, provider: str) -> bool:
        try:
            with self._shared() as store:
                return bool(store is None or store.set(keys.trial(provider), 1, nx=True, px=int(health.COOL_S * 1000)))
        except ERRORS:
            return True

    def _look(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self._looked_at < LOOKS_EVERY_S:
            return
        self._looked_at = time.monotonic()
        with suppress(*ERRORS), self._shared() as store:
            if store is None:
                return
            found = store.hgetall(keys.HEALTH)
            with self._lock:
                self._seen = {name.decode(): Health(*json.loads(raw)) for name, raw in found.items()}

    def _write(self, provider: str, found: Health | None) -> None:
        with suppress(*ERRORS), self._shared() as store:
            if store is None:
                return
            pipe = store.pipeline(transaction=False)
            if found is None:
                pipe.hdel(keys.HEALTH, provider)
            else:
                pipe.hset(keys.HEALTH, provider, json.dumps([found.failures, found.cools, found.until]))
                pipe.expire(keys.HEALTH, KEPT_S)
            pipe.execute()

    @contextmanager
    def _shared(self) -> Iterator[Any]:
        """Redis; None without one, or for a while after it failed: a call's caller waits."""
        try:
            yield self._redis if time.monotonic() >= self._away_until else None
        except ERRORS:
            self._away_until = time.monotonic() + AWAY_S
            counters.count("ledger.unavailable")
            raise
