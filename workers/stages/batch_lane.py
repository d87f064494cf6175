"""The batch lane: jobs with hours to wait go to a provider's Batch API, and come back under their own ids."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.exceptions import Ignore
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipelines.answer import Usage
from pipelines.errors import FarthingError, ProviderFailed, StoreUnavailable
from pipelines.journey import SUBMITTED_AT, TENANT
from pipelines.money import ledger
from pipelines.routing import completion, lanes
from workers.jobs.batches import BatchJob
from workers.observability import counters, logs
from workers.providers import batches as api
from workers.providers.calls import CallResult
from workers.providers.refusals import REFUSALS
from workers.stages import canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from celery import Celery, Task

    from pipelines.journey import Progress
    from pipelines.routing.catalog import Offer
    from pipelines.routing.market import Market
    from workers.jobs.batches import Batches
    from workers.jobs.ledger import Accounts
    from workers.providers.openai_client import Providers
    from workers.stages.billing import Billing
    from workers.stages.spending import Spending


class Parked(Ignore):
    """The job is kept for a batch: this task ends, and another of the same id goes on."""


BATCHED = "farthing_batched"  # header: it was in the lane already, and is asked at once where no answer came of it

TENDED_WITHIN_S = 300.0  # a fleet whose maintenance did not sweep for longer parks nothing


def was_there(task: Task[Any, Any]) -> bool:
    """Does this message come from the lane?"""
    return bool((task.request.headers or {}).get(BATCHED))


class BatchLane:
    """Parks jobs, sends them as batches, and fetches the answers. Whoever cannot be parked is asked at once."""

    def __init__(
        self,
        batches: Batches,
        providers: Providers,
        market: Callable[[], Market],
        billing: Billing,
        spending: Spending,
        accounts: Accounts,
    ) -> None:
        self._batches, self._providers, self._market = batches, providers, market
        self._billing, self._spending, self._accounts = billing, spending, accounts

    def parks(self, task: Task[Any, Any], progress: Progress, offers: Sequence[Offer], prompt_tokens: int) -> bool:
        """Is the job kept for a batch? Then its task ends here, Parked, and money for its call stays set aside.

        Raises BudgetSpent.
        """
        now = time.time()
        if was_there(task) or not lanes.has_time(progress.deadline_at - now):
            return False
        if not self._is_tended(now):
            return False
        market = self._market()
        usage = Usage(prompt_tokens, 0, market.expected_tokens(progress.asking, offers))
        offer = lanes.cheapest(offers, usage, market.cost_usd)
        if offer is None:
            return False
        request = completion.request(offer, progress.sent, progress.job.params, refuses=REFUSALS.of(offer))
        headers = {
            **(task.request.headers or {}),
            BATCHED: 1,
            TENANT: progress.job.tenant,
            SUBMITTED_AT: progress.started_at if progress.submitted_at is None else progress.submitted_at,
        }
        message = json.dumps(task.signature_from_request(task.request, headers=headers))
        parked = BatchJob(
            job_id=progress.job_id,
            name=hashlib.sha256(progress.job_id.encode()).hexdigest()[:32],
            tenant=progress.job.tenant,
            provider=offer.provider,
            model=offer.model,
            added_at=now,
            until=lanes.waits_until(now, progress.deadline_at),
            bytes=len(json.dumps(request)),
        )
        self._spending.reserve(progress, offers)
        try:
            self._batches.park(parked, request, message, ttl_s=round(progress.deadline_at - now))
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return False
        counters.count("batch.parked")
        return True

    def _is_tended(self, now: float) -> bool:
        """Does maintenance run? Nobody else fetches a batch's answers."""
        try:
            swept_at = self._accounts.swept_at()
        except StoreUnavailable:
            return False
        return swept_at is not None and now - swept_at < TENDED_WITHIN_S

    def answered(self, task: Task[Any, Any], progress: Progress) -> CallResult | None:
        """What its batch answered; None where it was in none, or nothing usable came."""
        if not was_there(task):
            return None
        try:
            found = self._batches.answer(progress.job_id)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return None
        offer = None if found is None else self._offer(found[0], found[1])
        if found is None or offer is None:
            return None
        try:
            done = completion.parse(found[2], provider=offer.provider)
        except ProviderFailed as failure:
            logs.log().warning("a batch's answer is none", said=str(failure), model=offer.model)
            return None
        return CallResult(offer, done, (), batched=True)

    @staticmethod
    def waited(batched: CallResult | None, progress: Progress) -> dict[str, float]:
        """A timing of who was in the lane, in milliseconds."""
        return {} if batched is None else {ledger.BATCH: round((time.time() - progress.started_at) * 1000, 3)}

    def over(self, task: Task[Any, Any], progress: Progress) -> None:
        """Its answer was handed over: what was kept for it goes."""
        if was_there(task):
            try:
                self._batches.over(progress.job_id)
            except StoreUnavailable:
                counters.count("ledger.unavailable")  # it expires

    def tend(self, app: Celery) -> dict[str, int]:
        """Ask at once whoever waited long enough, send what was gathered, fetch what is done; says how many of each."""
        done: dict[str, int] = defaultdict(int)
        try:
            if not self._batches.tends():
                return {}
            try:
                self._tended(app, done)
            finally:
                self._batches.tended()
        except StoreUnavailable as error:
            logs.log().warning("batches are tended later", said=str(error))
        for what, count in done.items():
            counters.count(f"batch.{what}", count)
        return dict(done)

    def _tended(self, app: Celery, done: dict[str, int]) -> None:
        waiting: dict[tuple[str, str], list[BatchJob]] = defaultdict(list)
        doubtful: dict[tuple[str, str], list[BatchJob]] = defaultdict(list)
        under_way: dict[tuple[str, str], list[BatchJob]] = defaultdict(list)
        now = time.time()
        for job in self._batches.all():
            if not job.left and (job.until <= now or self._offer(job.provider, job.model) is None):
                self._ask_at_once(app, job, done)
            elif job.batch:
                under_way[job.provider, job.batch].append(job)
            elif job.token:
                doubtful[job.provider, job.token].append(job)
            elif not job.left:
                waiting[job.provider, job.model].append(job)
        for (provider, token), jobs in doubtful.items():
            self._with(provider, partial(self._look_for, provider, token, jobs))
        for (provider, batch), jobs in under_way.items():
            self._with(provider, partial(self._fetch, app, provider, batch, jobs, done))
        for (provider, _), jobs in waiting.items():
            if lanes.is_due([job.added_at for job in jobs], now):
                self._with(provider, partial(self._send, provider, jobs, done))

    def _with(self, provider: str, work: Callable[[], None]) -> None:
        """A provider that fails is asked again at the next round, until its jobs are asked at once."""
        try:
            work()
        except FarthingError as error:
            counters.count("batch.unreachable")
            logs.log().warning("a batch waits", provider=provider, said=str(error))

    def _ask_at_once(self, app: Celery, job: BatchJob, done: dict[str, int]) -> None:
        """Its caller waits for no batch any more."""
        if not self._again(app, job):
            return
        done["asked_at_once"] += 1
        if job.batch or job.token:
            self._batches.leave(job)
        else:
            self._batches.forget([job])

    def _again(self, app: Celery, job: BatchJob) -> bool:
        message = self._batches.message(job)
        try:
            if message is not None:  # else its deadline is long over
                canvas.send_again(app, message)
        except (KombuError, RedisError):
            return False
        return True

    def _send(self, provider: str, jobs: Sequence[BatchJob], done: dict[str, int]) -> None:
        for some in _portions(jobs):
            asked = [(job, self._batches.request(job)) for job in some]
            self._batches.forget(job for job, request in asked if request is None)
            there = [(job, request) for job, request in asked if request is not None]
            if not there:
                continue
            token = uuid.uuid4().hex
            # Noted before: where nobody hears whether it was made, it is looked for, and nothing is paid for twice.
            marked = self._batches.marked([job for job, _ in there], token=token)
            batch = api.send(self._providers, provider, token, ((job.name, request) for job, request in there))
            self._batches.marked(marked, batch=batch)
            done["sent"] += len(marked)

    def _look_for(self, provider: str, token: str, jobs: Sequence[BatchJob]) -> None:
        batch = api.find(self._providers, provider, token)
        if batch is None:
            self._batches.forget(job for job in jobs if job.left)
        self._batches.marked((job for job in jobs if batch or not job.left), batch=batch or "")

    def _fetch(self, app: Celery, provider: str, batch: str, jobs: Sequence[BatchJob], done: dict[str, int]) -> None:
        state = api.look(self._providers, provider, batch)
        if state.state != "over":
            return
        found = api.answers(self._providers, provider, state.files)
        for job in jobs:
            raw = found.get(job.name)
            if job.left:
                self._charge(job, raw)
            elif raw is not None:
                self._batches.answered(job, raw)
                if not self._again(app, job):
                    continue  # it is fetched once more
                done["answered"] += 1
            elif not self._again(app, job):
                continue
            else:
                done["unanswered"] += 1
            self._batches.forget([job])

    def _charge(self, job: BatchJob, raw: dict[str, Any] | None) -> None:
        """It came too late, and is paid for all the same."""
        offer = self._offer(job.provider, job.model)
        if raw is None or offer is None:
            return
        try:
            used = completion.parse(raw, provider=offer.provider).usage
        except ProviderFailed:
            return
        cost = self._market().cost_usd(offer, used, batched=True)
        self._billing.charge(f"{job.job_id}.batch", job.tenant, ledger.record_wasted(cost, [used]))

    def _offer(self, provider: str, model: str) -> Offer | None:
        offers = self._market().catalog.offers
        return next((offer for offer in offers if (offer.provider, offer.model) == (provider, model)), None)


def _portions(jobs: Sequence[BatchJob]) -> Iterator[list[BatchJob]]:
    """As many as one batch takes."""
    held: list[BatchJob] = []
    size = 0
    for job in jobs:
        if held and (len(held) >= lanes.MOST_REQUESTS or size + job.bytes > lanes.MOST_BYTES):
            yield held
            held, size = [], 0
        held.append(job)
        size += job.bytes
    if held:
        yield held
