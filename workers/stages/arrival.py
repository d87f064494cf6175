"""A job's arrival: checked, clocked, refused before anything is spent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipelines.context.prompt import closed
from pipelines.errors import DeadlineExceeded, StoreUnavailable
from pipelines.job import Job
from pipelines.journey import SUBMITTED_AT, Progress
from workers.cache.lookup import LookupResult
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.routing.catalog import Catalog
    from workers.cache.lookup import Lookup
    from workers.stages.base import ChatTask


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
    """``lookup``: the cache, which may not be reached yet."""

    def __init__(self, catalog: Catalog, lookup: Callable[[], Lookup]) -> None:
        self._catalog, self._lookup = catalog, lookup

    def arrive(self, task: ChatTask, raw: object) -> Progress:
        """Check the job and note when it came; a model that nobody offers is refused before anything is spent."""
        job = Job.decode(raw)
        self._catalog.check(job.model)
        now = time.time()
        submitted_at = _submitted_at(task, now)
        queued = {} if submitted_at is None else {"queued": round((now - submitted_at) * 1000, 3)}
        return Progress(
            job=job, job_id=str(task.request.id), started_at=now, submitted_at=submitted_at, timings_ms=queued
        )

    def look_up(self, progress: Progress) -> LookupResult:
        """The lookup; a cache that was never reached since this worker started is a miss that says so."""
        try:
            return self._lookup().find(progress.job, progress.started_at)
        except StoreUnavailable as error:
            counters.count("cache.unavailable")
            logs.log().warning("cache skipped", said=str(error))
            return LookupResult(None, closed(progress.job), degraded=("cache unavailable",))
