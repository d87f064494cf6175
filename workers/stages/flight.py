"""Single flight: of jobs that ask the very same at the same time, a model answers one, and it the others."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from celery.canvas import Signature
from celery.exceptions import Ignore
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipelines.errors import StoreUnavailable
from workers.observability import counters, logs

if TYPE_CHECKING:
    from celery import Celery, Task

    from pipelines.journey import Progress
    from workers.jobs.flights import Flights

FOLLOWED = "farthing_followed"  # header of a job that waited once: it waits for nobody a second time
SUBMITTED_AT = "farthing_submitted_at"
GRACE_S = 5.0  # beyond the leader's deadline


def flight_of(progress: Progress) -> str:
    """Who flies together: the same question in the same scope, or, where nothing is shared, the same job sent twice."""
    slot, job = progress.slot, progress.job
    shared = slot is not None and job.cache == "use"
    alike = [slot.scope, slot.key] if slot and shared else [job.tenant, progress.job_id, job.fingerprint]
    return hashlib.sha256(json.dumps(alike).encode()).hexdigest()[:32]


def followed(task: Task[Any, Any]) -> bool:
    """Did this job wait for another, which asked the same?"""
    return bool((task.request.headers or {}).get(FOLLOWED))


class Flight:
    """Decides who waits, and sends those who waited on their way again."""

    def __init__(self, flights: Flights) -> None:
        self._flights = flights

    def join(self, task: Task[Any, Any], progress: Progress) -> str:
        """The flight that this job leads, '' where it goes alone; raises Ignore where it waits for another.

        What its sender linked, chained or grouped waits with it.
        """
        request = task.request
        headers: dict[str, Any] = dict(request.headers or {})
        if headers.get(FOLLOWED):
            return ""
        flight = flight_of(progress)
        headers |= {FOLLOWED: 1, SUBMITTED_AT: headers.get(SUBMITTED_AT, progress.started_at)}
        message = json.dumps(task.signature_from_request(request, headers=headers))
        again = bool((request.delivery_info or {}).get("redelivered"))
        try:
            leads = self._flights.leads(
                flight,
                progress.job_id,
                again=again,
                now=time.time(),
                until=progress.deadline_at + GRACE_S,
                message=message,
            )
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return ""  # paying twice is better than not answering
        if leads:
            return flight
        counters.count("flight.waits")
        raise Ignore

    def land(self, app: Celery, flight: str) -> None:
        """The flight is at its end, whatever that is: those who waited look again, each under its own id."""
        if not flight:
            return

        def send(raw: str) -> None:
            Signature.from_dict(json.loads(raw), app=app).apply_async()

        try:
            self._flights.land(flight, send)
        except (StoreUnavailable, KombuError, RedisError) as error:
            logs.log().warning("those who wait are sent later", said=type(error).__name__)

    def land_overdue(self, app: Celery) -> int:
        """Flights whose leader was lost: how many."""
        found = self._flights.overdue(time.time())
        for flight in found:
            self.land(app, flight)
        return len(found)
