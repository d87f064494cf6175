"""A job's arrival: checked, clocked, refused before anything is spent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from pipelines.context.prompt import closed
from pipelines.errors import DeadlineExceeded, QueueFull, StoreUnavailable
from pipelines.job import Job
from pipelines.journey import AFTER_A_MISS, SUBMITTED_AT, Progress
from workers.broker.backlog import Backlog
from workers.cache.lookup import LookupResult
from workers.observability import counters, logs
from workers.queues import QUEUE_OF

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from pipelines.routing.catalog import Catalog
    from workers.cache.lookup import Lookup
    from workers.config.settings import Settings
    from workers.stages.base import ChatTask


FOR_A_MODEL = tuple(QUEUE_OF[task] for task in AFTER_A_MISS)  # queues in which a job waits for one
SKEW_S = 5.0  # between the clocks of two machines


def _submitted_at(task: ChatTask, now: float) -> float | None:
    """When the sender says it submitted, if its clock is believable."""
    said = (task.request.headers or {}).get(SUBMITTED_AT)
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said <= now + SKEW_S:
        return None
    return min(float(said), now)


def in_time(progress: Progress, stage: str) -> None:
    """Raises DeadlineExceeded where ``stage`` begins too late."""
    if time.time() > progress.deadline_at:
        raise DeadlineExceeded(progress.job.deadline_s, stage)


class Arrival:
    """``lookup``: the cache, ``broker``: its Redis; neither may be reached yet."""

    def __init__(
        self, catalog: Catalog, lookup: Callable[[], Lookup], settings: Settings, broker: Callable[[], redis.Redis]
    ) -> None:
        self._catalog, self._lookup, self._broker = catalog, lookup, broker
        self._most, self._refuses = settings.most_waiting, settings.when_full == "refuse"
        self._backlog = Backlog(FOR_A_MODEL)

    def arrive(self, task: ChatTask, raw: object) -> Progress:
        """Check the job and note when it came; a model that nobody offers is refused before anything is spent."""
        job = Job.decode(raw)
        self._catalog.check(job.model)
        now = time.time()
        submitted_at = _submitted_at(task, now)
        if self._refuses:
            self.room(job.tenant)
        queued = {} if submitted_at is None else {"queued": round((now - submitted_at) * 1000, 3)}
        return Progress(
            job=job, job_id=str(task.request.id), started_at=now, submitted_at=submitted_at, timings_ms=queued
        )

    def room(self, tenant: str) -> None:
        """Raises QueueFull where no more of this tenant's jobs may wait for a model."""
        if self._most == 0:
            return
        try:
            waiting = self._backlog.look(self._broker())
        except RedisError as error:
            logs.log().warning("nobody knows how much waits", said=type(error).__name__)
            return
        if not waiting.admits(tenant, self._most):
            counters.count("queue.full")
            raise QueueFull("model-call", waiting.waiting, waiting.again_in_s)

    def look_up(self, progress: Progress, *, after_another: bool = False) -> LookupResult:
        """The lookup; a cache that was never reached since this worker started is a miss that says so.

        ``after_another``: this job waited for another's answer, which was written just now.
        """
        try:
            return self._lookup().find(progress.job, progress.started_at, after_another=after_another)
        except StoreUnavailable as error:
            counters.count("cache.unavailable")
            logs.log().warning("cache skipped", said=str(error))
            return LookupResult(None, closed(progress.job), degraded=("cache unavailable",))
