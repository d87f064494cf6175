"""Where each tenant and category stands, in Redis: what lookups note, what misses and audits teach, what is learned."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pipelines.cache import risk
from pipelines.cache.boundary import FIELDS, Boundary, Policy
from pipelines.cache.lessons import RawLesson, packed_request
from pipelines.cache.verifier import Weights, shipped
from pipelines.errors import StoreUnavailable
from workers.observability import counters, logs
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

    from pipelines.neighbourhood import Neighbourhood

KEPT_S = 30 * 86_400
POLICY_S = 2.0  # a lookup worker goes on with what it knew this long
AWAY_S = 5.0  # after Redis failed, nobody waits for it this long
NOTE_EVERY_S = 1.0  # requests are noted together, so that a lookup costs no round trip more
MOST_POLICIES = 10_000


class Boundaries:
    """The state of every tenant's buckets (see risk), in the ledger's Redis, which never evicts."""

    def __init__(
        self,
        redis: redis.Redis,
        target: Callable[[str], float],
        verifiers: Callable[[str], Weights] = shipped,
    ) -> None:
        self._redis: Any = redis
        self._target, self._verifiers = target, verifiers
        self._policies: OrderedDict[tuple[str, str], tuple[float, Policy]] = OrderedDict()
        self._noted: dict[tuple[str, str], list[tuple[bytes, bool]]] = {}
        self._lock = threading.Lock()
        self._flushed_at = time.monotonic()
        self._away_until = 0.0

    def policy(self, tenant: str, category: str) -> Policy:
        """Where lookups decide now; a new tenant's policy while Redis does not answer."""
        name, now = (tenant, category), time.monotonic()
        with self._lock:
            known = self._policies.get(name)
            if known is not None and now - known[0] < POLICY_S:
                return known[1]
            if now < self._away_until:
                return known[1] if known is not None else self._new(category)
        try:
            policy = Policy.of(self._restored(tenant, category, lessons=False))
        except StoreUnavailable as error:
            counters.count("risk.unavailable")
            logs.log().warning("deciding on what was known", said=str(error))
            policy = known[1] if known is not None else self._new(category)
            self._away_until = time.monotonic() + AWAY_S
        with self._lock:
            self._policies[name] = (now, policy)
            self._policies.move_to_end(name)
            while len(self._policies) > MOST_POLICIES:
                self._policies.popitem(last=False)
        return policy

    def _new(self, category: str) -> Policy:
        return Policy.new(self._verifiers(risk.kind_of(category)))

    def audit(self, tenant: str, category: str, probability: float, *, of_entry: int = 0) -> float | None:
        """The weight of the audit of a hit of this probability on an entry that had ``of_entry`` hits; None when chance
        spares it.
        """
        dice = random.random()  # noqa: S311 - a sample, no secret
        return self.policy(tenant, category).audit(probability, dice, of_entry=of_entry)

    def note(
        self, tenant: str, category: str, seen: Neighbourhood | None, *, served: bool, offset: float | None = None
    ) -> None:
        """One request: what lay near, None where nothing did or the very question was there; was it served on that?

        ``offset`` is what a judge added to the log-odds; without one it is what the gates take from them.
        """
        packed = b""
        if seen is not None:
            packed = packed_request(seen.features, seen.offset if offset is None else offset, served=served)
        with self._lock:
            self._noted.setdefault((tenant, category), []).append((packed, served))
            if time.monotonic() - self._flushed_at < NOTE_EVERY_S:
                return
        self.flush()

    def flush(self) -> None:
        """Hand over what was noted; if Redis does not answer, it is counted as lost."""
        with self._lock:
            if time.monotonic() < self._away_until:
                return
            noted, self._noted, self._flushed_at = self._noted, {}, time.monotonic()
        for (tenant, category), requests in noted.items():
            try:
                self._hand_over(tenant, category, requests)
            except StoreUnavailable:
                counters.count("risk.unnoted", len(requests))
                self._away_until = time.monotonic() + AWAY_S

    def teach(self, tenant: str, category: str, taught: RawLesson) -> None:
        """Take a lesson in, and learn when it is time. Raises StoreUnavailable."""
        name = keys.risk(tenant, category)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.rpush(keys.lessons(tenant, category), taught.pack())
            pipe.hincrby(name, "unlearned", 1)
            pipe.hincrby(name, "taught", 1)
            pipe.ltrim(keys.lessons(tenant, category), -risk.LESSONS, -1)
            if taught.audited:
                pipe.hincrby(name, "audits", 1)
            self._renew(pipe, tenant, category)
            _, unlearned, taught_before, *_ = pipe.execute()
        if risk.due(unlearned, taught_before):
            self.learn(tenant, category)

    def learn(self, tenant: str, category: str) -> None:
        """Move a boundary to where its lessons put it; two workers that do so at once come to the same."""
        boundary = self._restored(tenant, category, lessons=True)
        boundary.relearn()
        with failing_as("ledger"):
            self._redis.hset(keys.risk(tenant, category), mapping=boundary.encode())
        counters.count("risk.learned")
        logs.log().info("boundary moved", tenant=tenant, category=category, at=round(boundary.at, 4))

    def lessons(self, tenant: str, kind: str) -> list[RawLesson]:
        """All that a tenant's buckets of this kind of encoder were taught."""
        buckets = [bucket for _, bucket in self.buckets(tenant) if risk.kind_of(bucket) == kind]
        with failing_as("ledger"):
            raws = [raw for bucket in buckets for raw in self._redis.lrange(keys.lessons(tenant, bucket), 0, -1)]
        return list(filter(None, map(RawLesson.unpack, raws)))

    def buckets(self, tenant: str | None = None) -> list[tuple[str, str]]:
        """Tenants and categories that have a boundary."""
        with failing_as("ledger"):
            found = sorted(tuple(json.loads(raw)) for raw in self._redis.smembers(keys.RISKS))
        return [(name, category) for name, category in found if tenant is None or name == tenant]

    def standings(self, tenant: str | None = None) -> list[dict[str, Any]]:
        """:meth:`standing` of all, or of one tenant's."""
        return [self.standing(*one) for one in self.buckets(tenant)]

    def standing(self, tenant: str, category: str) -> dict[str, Any]:
        """What is known of one: target, estimated wrong hits per request with interval, audits, boundary."""
        boundary = self._restored(tenant, category, lessons=True)
        audits = [(lesson.shown, lesson.weight) for lesson in boundary.lessons if lesson.audited]
        found = risk.estimate(audits, hits=boundary.hits, requests=boundary.requests)
        return {
            "tenant": tenant,
            "category": category,
            "target": boundary.target,
            "wrong_per_request": round(found.rate, 5),
            "interval": [round(found.low, 5), round(found.high, 5)],
            "audits": found.audits,
            "requests": boundary.requests,
            "semantic_hits": boundary.hits,
            "lessons": boundary.taught,
            "boundary": round(boundary.at, 4),
            "state": boundary.state,
        }

    def _hand_over(self, tenant: str, category: str, requests: Sequence[tuple[bytes, bool]]) -> None:
        name, recent = keys.risk(tenant, category), keys.recent(tenant, category)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hincrby(name, "requests", len(requests))
            pipe.hincrby(name, "hits", sum(served for _, served in requests))
            pipe.rpush(recent, *(packed for packed, _ in requests))
            pipe.ltrim(recent, -risk.RECENT, -1)
            self._renew(pipe, tenant, category)
            pipe.execute()

    def _renew(self, pipe: Any, tenant: str, category: str) -> None:
        for key in (keys.risk(tenant, category), keys.lessons(tenant, category), keys.recent(tenant, category)):
            pipe.expire(key, KEPT_S)
        pipe.sadd(keys.RISKS, json.dumps([tenant, category]))
        pipe.expire(keys.RISKS, KEPT_S)

    def _restored(self, tenant: str, category: str, *, lessons: bool) -> Boundary:
        """The boundary as it was kept; without its lessons it decides, with them it learns."""
        with failing_as("ledger"):
            kept = dict(zip(FIELDS, self._redis.hmget(keys.risk(tenant, category), FIELDS), strict=True))
            recent, taught = (
                self._redis.lrange(key(tenant, category), 0, -1) if lessons else []
                for key in (keys.recent, keys.lessons)
            )
        verifier = self._verifiers(risk.kind_of(category))
        return Boundary.restore(verifier, self._target(tenant), kept, lessons=taught, recent=recent)
