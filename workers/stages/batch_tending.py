"""Tends the batch lane: sends what was gathered, fetches what is done, asks at once who waited long enough."""

from __future__ import annotations

import time
import uuid
from collections import Counter, defaultdict
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from celery.worker import state as of_worker
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipelines.errors import FarthingError, ProviderFailed, StoreUnavailable
from pipelines.routing import lanes
from workers.observability import counters, logs
from workers.providers import batches as api
from workers.stages import canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celery import Celery

    from workers.jobs.batches import Batches, BatchJob
    from workers.jobs.records import Records
    from workers.providers.openai_client import Providers
    from workers.stages.batch_lane import BatchLane
    from workers.stages.flight import Flight

REFUSED = range(400, 500)  # statuses that say that nothing was made
AT_ONCE = 500  # jobs, after which whoever tends says that it still does


class NotMine(Exception):
    """Another tends the lane by now."""


class BatchTending:
    """One process of the fleet tends it at a time."""

    def __init__(
        self, batches: Batches, providers: Providers, lane: BatchLane, records: Records, flight: Flight
    ) -> None:
        self._batches, self._providers, self._lane = batches, providers, lane
        self._records, self._flight = records, flight

    def tend(self, app: Celery) -> dict[str, int]:
        """One round; says how many jobs were sent, answered, unanswered, asked at once. Errors wait for the next."""
        done: Counter[str] = Counter()
        by = uuid.uuid4().hex
        try:
            if not self._batches.tends(by):
                return {}
            self._round(app, by, done)
            self._batches.tended(by, time.time())
        except StoreUnavailable as error:
            logs.log().warning("batches are tended later", said=str(error))
            with suppress(StoreUnavailable):  # else it is nobody's turn until the mark expires
                self._batches.release(by)
        except NotMine:
            logs.log().warning("batches are tended by another process")
        for what, count in done.items():
            counters.count(f"batch.{what}", count)
        return dict(done)

    def _round(self, app: Celery, by: str, done: Counter[str]) -> None:
        waiting: dict[tuple[str, str], list[BatchJob]] = defaultdict(list)
        made: dict[tuple[str, str, str], list[BatchJob]] = defaultdict(list)
        now = time.time()
        for number, job in enumerate(self._batches.all()):
            if number % AT_ONCE == 0:
                self._still_mine(by)
            if not self._stays(app, job, now, done):
                continue
            if job.batch or job.token:
                made[job.provider, job.batch, job.token].append(job)
            elif not job.left:
                waiting[job.provider, job.model].append(job)
        for (provider, batch, token), jobs in made.items():
            look = partial(self._fetch, app, by, batch) if batch else partial(self._look_for, token)
            self._with(provider, by, partial(look, provider, jobs, done))
        for (provider, _), jobs in waiting.items():
            if lanes.is_due([job.added_at for job in jobs], now):
                self._with(provider, by, partial(self._send, by, provider, jobs, done))

    def _stays(self, app: Celery, job: BatchJob, now: float, done: Counter[str]) -> bool:
        """Is it in the lane after this moment?"""
        if job.left:
            if job.until + lanes.FORGOTTEN_S < now:
                self._batches.forget([job])
            return job.until + lanes.FORGOTTEN_S >= now
        cancelled = self._is_cancelled(job)
        if job.until > now and self._lane.offer_of(job) is not None and not cancelled:
            return True
        self._ask_at_once(app, job, done)
        if cancelled:
            self._flight.land(app, job.flight, job.job_id)  # who waits for it has somebody else to ask
        return False

    def _still_mine(self, by: str) -> None:
        if not self._batches.tends(by):
            raise NotMine

    def _with(self, provider: str, by: str, work: Callable[[], None]) -> None:
        """A provider that fails is asked again in the next round, until its jobs are asked at once; others go on."""
        self._still_mine(by)
        try:
            work()
        except StoreUnavailable:
            raise
        except FarthingError as error:
            counters.count("batch.unreachable")
            logs.log().warning("a batch waits", provider=provider, said=str(error))

    def _ask_at_once(self, app: Celery, job: BatchJob, done: Counter[str]) -> None:
        """Its caller waits for no batch any more. One that was cancelled finds that out on its way."""
        if not self._again(app, job):
            return
        done["asked_at_once"] += 1
        if job.batch or job.token:
            self._batches.leave(job)
        else:
            self._batches.forget([job])

    def _is_cancelled(self, job: BatchJob) -> bool:
        """Was it cancelled before it was paid for? Each worker is told, this one too."""
        return not job.batch and not job.token and job.job_id in of_worker.revoked

    def _is_answered(self, job: BatchJob) -> bool:
        """Was it answered meanwhile, because nobody knew that it is kept here?"""
        return self._records.recall(job.job_id) is not None

    def _again(self, app: Celery, job: BatchJob) -> bool:
        """Send it on its way again. False where the broker does not take it now."""
        message = self._batches.message(job)
        try:
            if message is not None:  # else its deadline is long over
                canvas.send_again(app, message)
        except (KombuError, RedisError):
            return False
        return True

    def _send(self, by: str, provider: str, jobs: Sequence[BatchJob], done: Counter[str]) -> None:
        for some in lanes.portions(jobs, [job.size_bytes for job in jobs]):
            asked = [(job, None if self._is_answered(job) else self._batches.request(job)) for job in some]
            self._batches.forget(job for job, request in asked if request is None)
            there = [(job, request) for job, request in asked if request is not None]
            if not there:
                continue
            self._still_mine(by)
            token = uuid.uuid4().hex
            # Noted before: where nobody hears whether it was made, it is looked for before it is made again.
            marked = self._batches.marked([job for job, _ in there], token=token, at=time.time())
            try:
                batch = api.send(self._providers, provider, token, [(job.name, request) for job, request in there])
            except ProviderFailed as failure:
                if failure.status in REFUSED:
                    self._batches.marked(marked)
                raise
            self._batches.marked(marked, batch=batch)
            done["sent"] += len(marked)

    def _look_for(self, token: str, provider: str, jobs: Sequence[BatchJob], _: Counter[str]) -> None:
        since = min(job.token_at for job in jobs)
        batch = api.find(self._providers, provider, token, since)
        if batch is not None:
            self._batches.marked(jobs, batch=batch)
        elif time.time() - since > lanes.DOUBT_S:
            self._batches.forget(job for job in jobs if job.left)
            self._batches.marked(job for job in jobs if not job.left)

    def _fetch(
        self, app: Celery, by: str, batch: str, provider: str, jobs: Sequence[BatchJob], done: Counter[str]
    ) -> None:
        files = api.look(self._providers, provider, batch)
        if files is None:
            return
        found = api.answers(self._providers, provider, files)
        for number, job in enumerate(jobs):
            if number % AT_ONCE == 0:
                self._still_mine(by)
            raw = found.get(job.name)
            # Who was given the batch's answer already has it, and has paid for it.
            if job.left or (not job.given and self._is_answered(job)):
                if raw is not None:
                    self._lane.charge(job, raw)
                self._batches.forget([job])
                continue
            if raw is not None and not job.given:
                self._batches.answered(job, raw)
            if self._again(app, job):  # else it is fetched once more
                done["unanswered" if raw is None else "answered"] += 1
                self._batches.forget([job])
