"""The batch lane: jobs with hours to wait are kept for a provider's Batch API, and its answers are handed over.

Who tends the lane (see batch_tending) sends the batches and fetches what they answer.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from celery.exceptions import Ignore
from celery.utils.time import maybe_iso8601

from pipelines.answer import Usage
from pipelines.errors import ProviderFailed, StoreUnavailable
from pipelines.journey import SUBMITTED_AT, TENANT
from pipelines.money import ledger
from pipelines.routing import completion, lanes
from pipelines.text import tokens
from workers.jobs.batches import BatchJob
from workers.observability import counters, logs
from workers.providers.calls import CallResult
from workers.providers.refusals import REFUSALS
from workers.stages import canvas
from workers.stages.paid_once import owner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celery import Task

    from pipelines.journey import Progress
    from pipelines.routing.catalog import Offer
    from pipelines.routing.market import Market
    from workers.jobs.batches import Batches
    from workers.stages.billing import Billing
    from workers.stages.flight import Flight
    from workers.stages.spending import Spending

BATCHED = "farthing_batched"  # header: it was in the lane already, and is asked at once where no answer came of it


class Parked(Ignore):
    """The job is kept for a batch: this task ends, and another of the same id goes on."""


def was_there(task: Task[Any, Any]) -> bool:
    """Does this message come from the lane?"""
    return bool((task.request.headers or {}).get(BATCHED))


def name_of(progress: Progress) -> str:
    """The job's name in the lane, and at the provider: an id is anybody's to choose, so whose it is belongs to it."""
    return hashlib.sha256(json.dumps([progress.job_id, owner(progress)]).encode()).hexdigest()[:32]


class BatchLane:
    """Keeps jobs. Whoever cannot be kept is asked at once."""

    def __init__(
        self,
        batches: Batches,
        market: Callable[[], Market],
        billing: Billing,
        spending: Spending,
        flight: Flight,
    ) -> None:
        self._batches, self._market, self._flight = batches, market, flight
        self._billing, self._spending = billing, spending

    def parks(self, task: Task[Any, Any], progress: Progress, offers: Sequence[Offer], prompt_tokens: int) -> bool:
        """Is the job kept for a batch? Then its task ends here, Parked, and money for its call stays set aside.

        Raises BudgetSpent.
        """
        now, ends_at = time.time(), _ends_at(task, progress)
        if was_there(task) or not lanes.has_time(ends_at - now) or not self._takes(now):
            return False
        market = self._market()
        if progress.route is not None and progress.route.models:
            offers = [offer for offer in offers if offer.model == offers[0].model]  # a panel chose among models
        usage = Usage(prompt_tokens, 0, market.expected_tokens(progress.asking, offers))
        offer = lanes.cheapest(offers, usage, market.cost_usd)
        if offer is None:
            return False
        refuses = REFUSALS.of(offer)
        request = completion.request(offer, progress.sent, progress.job.params, refuses=refuses)
        headers = {
            **(task.request.headers or {}),
            BATCHED: 1,
            TENANT: progress.job.tenant,
            SUBMITTED_AT: progress.waits_since,
        }
        # What this worker knows of the job goes with it: that it is a call asked again, what was paid so far.
        message = canvas.to_send_again(task, headers, progress.encode())
        job = BatchJob(
            job_id=progress.job_id,
            name=name_of(progress),
            tenant=progress.job.tenant,
            provider=offer.provider,
            model=offer.model,
            added_at=now,
            until=lanes.waits_until(now, ends_at),
            size_bytes=len(json.dumps(request)),
            part=str(offer.batch_price),
            flight=progress.flight,
            left_out=tuple(completion.left_out(offer, progress.job.params, refuses)),
        )
        self._spending.reserve(progress, offers)
        try:
            # Who waits for this job, and has less time than it has, goes alone.
            self._flight.parks(task.app, progress.flight, progress.job_id)
            self._batches.park(job, request, message, ttl_s=round(progress.deadline_at - now))
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return False
        counters.count("batch.parked")
        return True

    def _takes(self, now: float) -> bool:
        """Is there room, and does anybody fetch what batches answer?"""
        try:
            tended_at = self._batches.tended_at()
            is_tended = tended_at is not None and now - tended_at < lanes.TENDED_WITHIN_S
            return is_tended and self._batches.count() < lanes.MOST_KEPT
        except StoreUnavailable:
            return False

    def answered(self, task: Task[Any, Any], progress: Progress) -> CallResult | None:
        """What its batch answered; None where it was in none, or nothing usable came, which is on the bill then."""
        if not was_there(task):
            return None
        try:
            found = self._batches.answer(name_of(progress))
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return None
        if found is None:
            return None
        job, raw = found
        offer = self.offer_of(job)

        def estimate(text: str) -> Usage:
            asked = tokens.estimate_prompt(progress.sent, progress.job.params)
            return Usage(asked, 0, tokens.estimate(text))

        try:
            if offer is None:
                raise ProviderFailed(job.provider, "is in the configuration no more", retryable=False)
            done = completion.parse(raw, provider=offer.provider, estimate=estimate)
        except ProviderFailed as failure:
            logs.log().warning("a batch's answer is none", said=str(failure), model=job.model)
            self.charge(job, raw)
            return None
        return CallResult(offer, done, (), left_out=job.left_out, batched=True)

    @staticmethod
    def waited(batched: CallResult | None, progress: Progress) -> dict[str, float]:
        """A timing of who was in the lane, in milliseconds."""
        return {} if batched is None else {ledger.BATCH: round((time.time() - progress.started_at) * 1000, 3)}

    def over(self, task: Task[Any, Any], progress: Progress) -> None:
        """Its answer was handed over: what was kept for it goes."""
        if was_there(task):
            try:
                self._batches.over(name_of(progress))
            except StoreUnavailable:
                counters.count("ledger.unavailable")  # it expires

    def charge(self, job: BatchJob, raw: Mapping[str, Any]) -> None:
        """An answer that nobody is given is paid for all the same; once, however often it is fetched."""
        offer = self.offer_of(job)
        try:
            used = completion.parse(raw, provider=job.provider).usage
        except ProviderFailed:
            used = Usage()
        if offer is not None and used != Usage():
            cost = self._market().cost_usd(offer, used, batched=True)
            self._billing.charge(f"{job.name}.batch", job.tenant, ledger.record_wasted(cost, [used]))

    def offer_of(self, job: BatchJob) -> Offer | None:
        """Whom it was kept for, at the price of that time; None where that is in the configuration no more."""
        offers = self._market().catalog.offers
        found = next((offer for offer in offers if (offer.provider, offer.model) == (job.provider, job.model)), None)
        return None if found is None else replace(found, batch_price=Decimal(job.part))


def _ends_at(task: Task[Any, Any], progress: Progress) -> float:
    """When nobody waits for it any more, by its deadline or its message's own."""
    said: Any = task.request.expires
    expires = maybe_iso8601(said) if said else None
    if not isinstance(expires, datetime):
        return progress.deadline_at
    aware = expires if expires.tzinfo is not None else expires.replace(tzinfo=UTC)
    return min(progress.deadline_at, aware.timestamp())
