"""Asks the judge: an economy model, one short question, within a budget; what goes wrong counts as no."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.cache import decision, judge, judge_prompt
from pipelines.errors import FarthingError, StoreUnavailable
from pipelines.money import ledger
from pipelines.text.tokens import estimate_prompt
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.answer import Answer
    from pipelines.cache.judge import Budget
    from pipelines.job import Job
    from pipelines.journey import Progress, Slot
    from pipelines.neighbourhood import Neighbourhood
    from pipelines.routing.catalog import Offer
    from pipelines.routing.market import Market
    from workers.cache.clusters import Membership
    from workers.cache.entries import CacheStore
    from workers.cache.min_users import Sharing
    from workers.cache.risk_state import Boundaries
    from workers.stages.billing import Billing
    from workers.stages.economy import Economy

OFF_PATH_S = 30.0  # nobody waits for a verdict in write-back


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of one call: yes or no of each question, None when there were none; and what it cost."""

    yes: tuple[bool, ...] | None
    usage: Usage
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """What verdicts came to: the answer of the entry if they let it be served; what they cost either way; and what was
    seen, with the verdicts, from whose outcome is learned what one is worth.
    """

    answer: Answer | None
    probability: float
    cost_usd: Decimal
    seen: Neighbourhood


class Judge:
    """``budget``: how many jobs may be judged."""

    def __init__(
        self,
        store: CacheStore,
        members: Membership,
        sharing: Sharing,
        boundaries: Boundaries,
        budget: Budget,
        economy: Economy,
        billing: Billing,
        market: Callable[[], Market],
    ) -> None:
        self._store, self._members, self._sharing, self._boundaries = store, members, sharing, boundaries
        self._budget, self._economy, self._billing, self._market = budget, economy, billing, market
        self._lock = threading.Lock()  # over the budget: a verdict that two threads took is paid twice

    def serve(self, progress: Progress, answering_tokens: int) -> JudgedAnswer | None:
        """Put a gray suspect to the judge in line; None when there is nothing to ask, no time, or no money in it.

        ``answering_tokens`` is the prompt of the call that a yes would save.
        """
        slot, job = progress.slot, progress.job
        stands_for = 1.0 if slot is None else self._boundaries.policy(job.tenant, slot.bucket).jobs_per_miss
        with self._lock:
            self._budget.job(stands_for)
        if slot is None or slot.seen is None or progress.audit is not None or job.cache != "use":
            return None
        seen = slot.seen
        if not judge.could_serve(seen):
            return None
        try:
            judged = self._in_line(progress, slot, seen, answering_tokens)
        except StoreUnavailable as error:
            counters.count("judge.unavailable")
            logs.log().warning("not judged", said=str(error))
            judged = None
        served = judged is not None and judged.answer is not None
        offset = None if judged is None else judge.moved(seen.probability, judged.probability)
        self._boundaries.note(job.tenant, slot.bucket, seen, served=served, offset=offset)
        return judged

    def _in_line(
        self, progress: Progress, slot: Slot, seen: Neighbourhood, answering_tokens: int
    ) -> JudgedAnswer | None:
        job = progress.job
        home = self._members.now(slot.scope, seen.suspect)
        entry = self._store.get(slot.scope, home)
        if entry is None or progress.deadline_at - time.time() < judge.LEAST_REMAINING_S:
            return None
        if not self._sharing.allows(job, slot, entry):
            return None
        served = self._members.served(slot.scope, home)
        about = judge.about(seen, served)[: judge.MOST_TOGETHER] if served is not None else []
        gain = judge.gain(seen)
        saved = Usage(answering_tokens, 0, entry.answer.usage.completion_tokens)
        market = self._market()
        answering = market.offers(progress.asking, progress.route, prompt_tokens=answering_tokens)[0]
        answering_usd = market.cost_usd(answering, saved)
        calls: list[Verdicts] = []

        def together(others: Sequence[str], turned: bool, probability: float) -> tuple[bool, ...] | None:
            asking = judge_prompt.of_questions(job, job.question.text, others, entry.answer.text, turned=turned)
            offers = self._economy.offers(asking)
            expected = judge_prompt.VERDICT_TOKENS * len(others)
            usage = Usage(estimate_prompt(asking.messages, asking.params), 0, expected)
            judging_usd = market.cost_usd(offers[0], usage)
            pays = judge.pays(probability, judging_usd=judging_usd, answering_usd=answering_usd)
            if not pays or not self._may_ask(gain):
                return None
            calls.append(self._ask(asking, offers, len(others), deadline_at=progress.deadline_at))
            return calls[-1].yes

        others = self._members.questions(slot.scope, about)
        if any(map(judge_prompt.speaks_to_the_judge, (job.question.text, *others))):
            counters.count("judge.addressed")
            return None
        judged = judge.after_verdicts(
            judge.before(seen.probability, seen.gate, proven=seen.proven),
            others,
            together,
            served_at=seen.served_at,
            worth=seen.worth,
        )
        probability, seen = judged.probability, replace(seen, verdicts=judged.verdicts)
        spent = sum((call.cost_usd for call in calls), Decimal(0))
        if calls:
            yes = sum(call.yes is not None and all(call.yes) for call in calls)
            amounts = ledger.record_verdicts(len(calls), yes, spent, answering_usd if judged.serves else None)
            self._billing.charge(f"{progress.job_id}.verdicts", job.tenant, amounts)
        if not judged.serves:
            return JudgedAnswer(None, probability, spent, seen)
        counters.count("judge.served")
        try:
            self._members.store_verdict(slot.scope, slot.key, home, probability)
        except StoreUnavailable as error:  # the next who asks is judged again; this one's verdicts are paid
            counters.count("judge.unavailable")
            logs.log().warning("a verdict was not kept", said=str(error))
        hit = decision.promoted(replace(seen, suspect=home), probability)
        return JudgedAnswer(self._billing.reused(progress, entry, hit), probability, spent, seen)

    def same_answer(self, job: Job, job_id: str, one: str, other: str) -> bool | None:
        """Off any caller's path: do two answers to the job's question say the same? None when nobody says."""
        if not self._may_ask():
            return None
        asking = judge_prompt.of_answers(job, job.question.text, one, other)
        said = self._ask(asking, self._economy.offers(asking), 1, deadline_at=time.time() + OFF_PATH_S)
        self._billing.charge(f"{job_id}.judge", job.tenant, ledger.record_judge(said.cost_usd, said.usage))
        return None if said.yes is None else said.yes[0]

    def _may_ask(self, gain: float = 1.0) -> bool:
        with self._lock:
            return self._budget.take(gain)

    def _ask(self, asking: Job, offers: Sequence[Offer], count: int, *, deadline_at: float) -> Verdicts:
        counters.count("judge.asked")
        wasted: list[tuple[Offer, Usage]] = []
        try:
            called = self._economy.ask(asking, offers, deadline_at=deadline_at, wasted=wasted)
        except FarthingError as error:
            counters.count("judge.failed")
            logs.log().warning("no verdict", said=str(error))
            return Verdicts(None, Usage(), self._economy.lost_usd(wasted))
        usage = called.completion.usage
        yes = judge_prompt.read_verdicts(called.completion.text, count)
        if yes is None:
            counters.count("judge.unreadable")
        return Verdicts(yes, usage, self._economy.spent_usd(called))
