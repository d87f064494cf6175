"""Single flight: of jobs that ask the very same at the same time, a model answers one, and it the others."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from celery.exceptions import Ignore
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipelines.cache import verifier
from pipelines.cache.decision import Candidate, waits_for
from pipelines.delivery import company
from pipelines.errors import StoreUnavailable
from pipelines.journey import SUBMITTED_AT, TENANT
from workers.jobs.flights import Joined
from workers.observability import counters, logs
from workers.stages import canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celery import Celery, Task

    from pipelines.cache.boundary import Policy
    from pipelines.journey import Progress, Slot
    from workers.jobs.flights import Flights

FOLLOWED = "farthing_followed"  # header: how often a job waited for another
GRACE_S = 5.0  # beyond the leader's deadline
MOST_NOT_LANDED = 10_000  # beyond them, and where this process dies, they are landed at their leaders' deadlines


def flight_of(progress: Progress) -> str:
    """Who flies together: the same question in the same scope, or, where nothing is shared, the same job sent twice.

    A digest, a full stop, and the scope, which may be empty.
    """
    slot, job = _shared(progress), progress.job
    alike = [job.tenant, progress.job_id, job.fingerprint] if slot is None else [slot.scope, slot.key]
    digest = hashlib.sha256(json.dumps(alike).encode()).hexdigest()[:32]
    return f"{digest}.{'' if slot is None else slot.scope}"


def _shared(progress: Progress) -> Slot | None:
    """Where its answer will be found by others; None where it is not for them, or a fresh one is wanted."""
    return progress.slot if progress.job.cache == "use" else None


def followed(task: Task[Any, Any]) -> bool:
    """Did this job wait for another, which asked the same?"""
    return _waited(task.request.headers or {}) > 0


def _waited(headers: Mapping[str, Any]) -> int:
    said = headers.get(FOLLOWED, 0)
    return said if isinstance(said, int) else company.MOST_WAITS


class Flight:
    """Decides who waits, and sends those who waited on their way again."""

    def __init__(self, flights: Flights, policy: Callable[[str, str], Policy]) -> None:
        self._flights, self._policy = flights, policy
        self._not_landed: deque[tuple[str, str]] = deque(maxlen=MOST_NOT_LANDED)

    def join(self, task: Task[Any, Any], progress: Progress, words: str) -> str:
        """The flight that this job leads, '' where it goes alone; raises Ignore where it waits for another.

        What its sender linked, chained or grouped waits with it. ``words`` are its question as the cache compares it.
        """
        request = task.request
        headers: dict[str, Any] = dict(request.headers or {})
        if _waited(headers) >= company.MOST_WAITS:
            return ""
        flight = flight_of(progress)
        headers |= {
            FOLLOWED: _waited(headers) + 1,
            TENANT: progress.job.tenant,
            SUBMITTED_AT: headers.get(SUBMITTED_AT, progress.started_at),
        }
        message = canvas.to_send_again(task, headers)
        again = canvas.comes_again(task)
        try:
            joined = self._flights.join(
                flight,
                progress.job_id,
                again=again,
                looked=progress.started_at,
                now=time.time(),
                until=progress.deadline_at + GRACE_S,
                message=message,
            )
            if joined is Joined.ALONE:
                return ""
            if joined is Joined.LOOKS_AGAIN:
                canvas.send_again(task.app, message)
                raise Ignore
            if joined is Joined.LEADS and not again and self._near(progress, words, flight, message):
                self.land(task.app, flight, progress.job_id)  # whoever began to wait for this one meanwhile looks again
                joined = Joined.WAITS
            if joined is Joined.WAITS:
                counters.count("flight.waits")
                raise Ignore
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return ""  # paying twice is better than not answering
        except (KombuError, RedisError):
            return ""
        return flight

    def _near(self, progress: Progress, words: str, flight: str, message: str) -> bool:
        """Does it wait for one that asks nearly the same? By the decision of a hit; what is served is decided again.

        Not for one that may take longer than this job's own caller waits, nor once half of that time is over: it may
        have to be asked of a model yet. It says first what it asks, and looks then: of two that come at once, the later
        one sees the other, and waits.
        """
        slot, until = _shared(progress), progress.deadline_at + GRACE_S
        if slot is None or slot.vector is None:
            return False
        mine_at = (time.time_ns(), flight)
        self._flights.note(slot.scope, flight, words, slot.vector, mine_at[0])
        if not company.has_time(progress.deadline_at - time.time(), progress.job.deadline_s):
            return False
        flying = self._flights.flying(slot.scope)
        mine = np.frombuffer(slot.vector, dtype="<f2").astype(np.float32)
        near = sorted(
            (
                Candidate(name, name, question, float(mine @ np.frombuffer(vector, dtype="<f2").astype(np.float32)))
                for name, (question, vector, at) in flying.items()
                if len(vector) == len(slot.vector) and (at, name) < mine_at
            ),
            key=lambda one: -one.similarity,
        )[: verifier.NEAREST]
        # Each by itself, as if its answer lay in the cache: of many that ask alike, none would outvote the others.
        policy = self._policy(progress.job.tenant, slot.bucket)
        return any(
            self._flights.ends_at(one.entry_id) <= until and self._flights.waits(slot.scope, one.entry_id, message)
            for one in waits_for(words, near, policy)
        )

    def land(self, app: Celery, flight: str, job_id: str = "") -> None:
        """The flight of ``job_id`` is at its end, whatever that is: those who waited look again, each under its own id.

        '' where the job was lost.
        """
        if not flight:
            return

        try:
            self._flights.land(flight, job_id, partial(canvas.send_again, app), now=time.time())
        except (StoreUnavailable, KombuError, RedisError) as error:
            # Redis may be away for seconds; who waits has as long as its own caller, and not as the leader's had.
            if job_id:  # of one that was lost nobody knows who leads by then: the next sweep looks for it
                self._not_landed.append((flight, job_id))
            logs.log().warning("those who wait are sent later", said=type(error).__name__)

    def land_again(self, app: Celery) -> None:
        """Those whose landing failed in this process; what fails once more waits for the next time."""
        for _ in range(len(self._not_landed)):
            self.land(app, *self._not_landed.popleft())

    def parks(self, app: Celery, flight: str, job_id: str) -> None:
        """The leader ``job_id`` waits for hours: who waits for it decides again. Raises StoreUnavailable."""
        if flight:
            try:
                self._flights.parks(flight, job_id, partial(canvas.send_again, app))
            except (KombuError, RedisError) as error:
                raise StoreUnavailable("broker", type(error).__name__) from error

    def land_overdue(self, app: Celery) -> int:
        """Flights whose leader was lost: how many."""
        found = self._flights.overdue(time.time())
        for flight in found:
            self.land(app, flight)
        return len(found)
