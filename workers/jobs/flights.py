"""Jobs that ask the very same at the same time: one flies, the others wait in Redis, and in no thread."""

from __future__ import annotations

import base64
import json
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from pipelines.delivery import company
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

FLYING_S = 600  # nobody flies longer without another that asks in its scope
LANDED_MS = 5_000  # a lookup takes no longer: who looked before the landing has joined by then


class Joined(IntEnum):
    """What a job does that found nothing: it waits for who asks the same, asks a model itself, or looks again, because
    the answer came since it looked, or asks alone, because who asks the same has much more time than it has.
    """

    WAITS = 0
    LEADS = 1
    LOOKS_AGAIN = 2
    ALONE = 3


class Flights:
    """In the ledger's Redis, which never evicts. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self._lead = scripts.register(redis, "lead")
        self._wait = scripts.register(redis, "wait")
        self._land = scripts.register(redis, "land")

    def join(
        self, flight: str, job_id: str, *, again: bool, looked: float, now: float, until: float, message: str
    ) -> Joined:
        """Does this job fly, or wait? Where it waits, ``message`` is sent when the flight lands.

        ``again``: the leader's own message, which comes again after its worker died. ``looked``, ``now`` and ``until``
        are seconds since the epoch; after ``until`` nobody waits for the leader any more.
        """
        left_ms = max(1, int((until - now) * 1000))
        with failing_as("ledger"):
            done = self._lead(
                keys=[keys.flight(flight), keys.waiting(flight), keys.FLIGHTS, keys.flight_parked(flight)],
                args=[job_id, int(again), left_ms, message, until, flight, looked, now, company.LONGER],
            )
        return Joined(done)

    def note(self, scope: str, flight: str, question: str, vector: bytes, at: int) -> None:
        """This flight asks that in this scope since ``at`` (ns): who comes later and asks nearly the same may wait."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline()
            pipe.hset(keys.flying(scope), flight, json.dumps([question, base64.b64encode(vector).decode("ascii"), at]))
            pipe.expire(keys.flying(scope), FLYING_S)
            pipe.execute()

    def flying(self, scope: str) -> dict[str, tuple[str, bytes, int]]:
        """Flights of a scope: question, vector and beginning of each. Some may have landed."""
        with failing_as("ledger"):
            found = self._redis.hgetall(keys.flying(scope))
        read = {flight.decode(): json.loads(raw) for flight, raw in found.items()}
        return {flight: (question, base64.b64decode(vector), at) for flight, (question, vector, at) in read.items()}

    def ends_at(self, flight: str) -> float:
        """When that flight is given up, seconds since the epoch; inf where nobody knows."""
        with failing_as("ledger"):
            found = self._redis.zscore(keys.FLIGHTS, flight)
        return float("inf") if found is None else float(found)

    def waits(self, scope: str, flight: str, message: str) -> bool:
        """Does ``message`` wait for that flight? False where it has landed."""
        with failing_as("ledger"):
            if self._wait(keys=[keys.flight(flight), keys.waiting(flight)], args=[message]):
                return True
            self._redis.hdel(keys.flying(scope), flight)
        return False

    def land(self, flight: str, job_id: str, send: Callable[[str], None], *, now: float) -> int:
        """Send the messages of those who wait for ``job_id``, '' for whoever led the flight and was lost: how many.

        What cannot be sent waits for the next who looks. Where another leads it by now, they wait for that one.
        """
        with failing_as("ledger"):
            # Whoever looked before this moment looks again; whoever looks after it flies.
            if not self._land(keys=[keys.flight(flight)], args=[job_id, f"\n{now!r}", LANDED_MS]):
                return 0
            if scope := flight.partition(".")[2]:
                self._redis.hdel(keys.flying(scope), flight)
            given_up_at = self._redis.zscore(keys.FLIGHTS, flight)
            sent = self._send_waiting(flight, send)
            if self._redis.zscore(keys.FLIGHTS, flight) == given_up_at:  # nobody flies again meanwhile
                self._redis.zrem(keys.FLIGHTS, flight)
        return sent

    def parks(self, flight: str, job_id: str, send: Callable[[str], None]) -> None:
        """Its leader waits for hours: from now on only who has as much time waits for it, and who waits looks again."""
        with failing_as("ledger"):
            left_ms = int(self._redis.pttl(keys.flight(flight)))
            if left_ms <= 0 or self._redis.get(keys.flight(flight)) != job_id.encode():
                return  # another leads it by now
            self._redis.set(keys.flight_parked(flight), 1, px=left_ms)
            self._send_waiting(flight, send)

    def _send_waiting(self, flight: str, send: Callable[[str], None]) -> int:
        sent = 0
        for raw in self._redis.lrange(keys.waiting(flight), 0, -1):
            send(raw.decode())
            self._redis.lrem(keys.waiting(flight), 1, raw)  # that one: another may be landing it too
            sent += 1
        return sent

    def overdue(self, now: float) -> list[str]:
        """Flights that should have landed: their leaders were lost, or what waits for them could not be sent."""
        with failing_as("ledger"):
            return [raw.decode() for raw in self._redis.zrangebyscore(keys.FLIGHTS, "-inf", now)]
