"""A job's end: its answer priced, timed, counted once and remembered for feedback."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from pipelines.answer import Answer, usd
from pipelines.cache import decision
from pipelines.cache.entry import entry_id
from pipelines.cache.scope import exact_key
from pipelines.context.volatile import without
from pipelines.errors import StoreUnavailable
from pipelines.money import ledger
from pipelines.text import tokens
from workers.jobs.records import Record
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipelines.answer import Usage
    from pipelines.cache.decision import Hit
    from pipelines.cache.entry import Entry
    from pipelines.job import Job
    from pipelines.journey import Progress
    from pipelines.routing.catalog import Offer
    from pipelines.routing.market import Market
    from workers.config.tenants import CacheRules
    from workers.jobs.ledger import Accounts
    from workers.providers.calls import CallResult

    Owed = tuple[str, str, str, Mapping[str, int], Record | None]


def _remarks(called: CallResult) -> Iterator[str]:
    """What the caller must know of a call that was not quite as asked."""
    if called.completion.estimated:
        yield ledger.NOT_COUNTED
    for name in called.left_out:
        yield f"{name} not sent: {called.offer.model} refuses it"
    if called.wasted:
        yield f"paid for {len(called.wasted)} answers that broke off (estimated)"


MOST_OWED = 50_000  # jobs that a process keeps for a ledger that is away: the latest


class Billing:
    """Prices answers and puts them on the bill. ``secret``: the key of the scopes' HMAC, where there is one."""

    def __init__(
        self,
        market: Callable[[], Market],
        accounts: Accounts,
        rules_of: Callable[[str], CacheRules],
        secret: Callable[[], bytes],
    ) -> None:
        self._market, self._accounts, self._rules_of, self._secret = market, accounts, rules_of, secret
        self._owed: deque[Owed] = deque(maxlen=MOST_OWED)
        self._again = threading.Lock()

    def reused(self, progress: Progress, entry: Entry, hit: Hit, *, followed: bool = False) -> Answer:
        """The entry's answer as this job's, with what it would have cost; ``followed``: it waited for that answer."""
        kept = entry.answer
        baseline = self._market().baseline_usd(
            progress.job,
            prompt_tokens=None,
            completion_tokens=kept.usage.completion_tokens,
            provider=kept.provider,
            like=kept,
        )
        answer = replace(decision.reuse(entry, hit, baseline_usd=baseline), context={"alone": progress.alone})
        return replace(answer, source="follower") if followed and answer.source == "exact" else answer

    def priced(self, progress: Progress, called: CallResult) -> Answer:
        """The model's answer with what it cost, answers that broke off included, and what it would have cost."""
        done, offer, market = called.completion, called.offer, self._market()
        # The provider counted the whole context only if nothing was dropped from it.
        whole = progress.messages is None or progress.messages == progress.job.messages
        context = {
            **(progress.context or {}),
            "prompt_tokens_after": tokens.estimate_prompt(progress.sent, progress.job.params),
        }
        answer = Answer(
            text=done.text,
            message=done.message,
            source="model",
            finish_reason=done.finish_reason,
            model=offer.model,
            provider=offer.provider,
            usage=done.usage,
            price_version=market.prices.version + (f", batch at {offer.batch_price}" if called.batched else ""),
            route=None if progress.route is None else replace(progress.route, tier=offer.tier),
            context=context,
            degraded=tuple(_remarks(called)),
        )
        would = partial(
            market.baseline_usd,
            progress.job,
            completion_tokens=done.usage.completion_tokens,
            provider=offer.provider,
            like=answer,
        )
        full = would(prompt_tokens=done.usage.prompt_tokens if whole else None)
        less = Decimal(0) if whole else full - would(prompt_tokens=done.usage.prompt_tokens)
        return replace(
            answer,
            cost_usd=(done.billed_usd or market.cost_usd(offer, done.usage, batched=called.batched))
            + market.sum_usd(called.wasted),
            baseline_usd=full,
            context={**context, "saved_usd": usd(less)},
        )

    def charge_wasted(self, progress: Progress, wasted: Sequence[tuple[Offer, Usage]]) -> None:
        """Put on the bill what was paid although nobody answered."""
        if wasted or progress.spent_usd:
            spent = self._market().sum_usd(wasted) + progress.spent_usd
            amounts = ledger.record_wasted(spent, [used for _, used in wasted])
            self.charge(f"{progress.job_id}.wasted", progress.job.tenant, amounts)

    def charge_broken_off(
        self, progress: Progress, wasted: Sequence[tuple[Offer, Usage]], judged_usd: Decimal = Decimal(0)
    ) -> None:
        """Put on the bill what was paid for answers that broke off and for verdicts, of a job that goes on later."""
        if wasted or judged_usd:
            amounts = ledger.record_wasted(self._market().sum_usd(wasted) + judged_usd, [used for _, used in wasted])
            self.charge(f"{progress.job_id}.wasted.{uuid.uuid4().hex[:8]}", progress.job.tenant, amounts)

    def finish(self, progress: Progress, answer: Answer) -> Answer:
        """The answer as the caller gets it. The ledger failing is counted and logged, and costs no caller an answer."""
        now = time.time()
        timings = {**progress.timings_ms, "total": round((now - progress.waits_since) * 1000, 3)}
        answer = replace(
            answer.under(progress.job_id, progress.job, degraded=progress.degraded),
            timings_ms=timings,
            cost_usd=answer.cost_usd + progress.spent_usd,
        )
        if not self.charge(progress.job_id, progress.job.tenant, ledger.record(answer), self._record(progress, answer)):
            return replace(answer, degraded=(*answer.degraded, "not in the ledger yet"))
        counters.count(f"answered.{answer.source}")
        return answer

    def finish_off_path(self, progress: Progress, answer: Answer) -> Answer:
        """What an audit or a summary cost goes on the bill; it answers no job."""
        sums_up = progress.sums_up is not None
        amounts = ledger.record_summary(answer) if sums_up else ledger.record_audit(answer)
        self.charge(progress.job_id, progress.job.tenant, amounts)
        if not sums_up:
            counters.count("audit.answered")
        return answer.under(progress.job_id, progress.job)

    def charge(self, job_id: str, tenant: str, amounts: Mapping[str, int], record: Record | None = None) -> bool:
        """Put amounts on today's bill, once per id; False when the ledger failed, which is counted and logged: they are
        put there as soon as it answers, while this process lives.
        """
        owed = (job_id, tenant, datetime.now(UTC).date().isoformat(), amounts, record)
        try:
            self._accounts.count(*owed)
        except StoreUnavailable as error:
            counters.count("ledger.unavailable")
            logs.log().error("not counted yet", said=str(error))
            if len(self._owed) == MOST_OWED:
                counters.count("ledger.lost")
            self._owed.append(owed)
            return False
        return True

    def charge_again(self) -> None:
        """Put on the bill what could not be put there; where that fails once more, it waits for the next time."""
        with self._again:
            while self._owed:
                owed = self._owed[0]
                try:
                    self._accounts.count(*owed)
                except StoreUnavailable:
                    return
                with suppress(ValueError):  # it was too old by now, and a later one took its place
                    self._owed.remove(owed)
                counters.count("ledger.late")

    def words(self, job: Job) -> str:
        """The question's own words, as the key has them."""
        return without(job.question.text, self._rules_of(job.tenant).leave_out)

    def _record(self, progress: Progress, answer: Answer) -> Record:
        slot = progress.slot
        entry = None if answer.cache is None else answer.cache.get("entry")
        return Record(
            fingerprint=progress.job.fingerprint,
            tenant=progress.job.tenant,
            source=answer.source,
            scope=None if slot is None else slot.scope,
            key=None if slot is None else slot.key,
            # A fresh answer makes an entry of its own.
            entry=entry_id(progress.job.tenant, progress.job_id, secret=self._secret())
            if answer.source == "model" and slot is not None
            else entry,
            user=progress.job.user,
            mine=None if slot is None else slot.mine or None,
            mine_key=None if slot is None or not slot.mine else exact_key(slot.mine, self.words(progress.job)),
        )
