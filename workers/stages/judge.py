"""Asks the judge: an economy model, one short question, within a budget; what goes wrong counts as no."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.cache import decision, judge
from pipelines.errors import FarthingError, StoreUnavailable
from pipelines.money import ledger
from pipelines.text.tokens import estimate_prompt
from workers.observability import counters, logs
from workers.runtime import resources
from workers.stages import billing, economy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.answer import Answer
    from pipelines.job import Job
    from pipelines.journey import Place, Progress
    from pipelines.neighbourhood import Neighbourhood
    from pipelines.routing.catalog import Offer

OFF_PATH_S = 30.0  # nobody waits for a verdict in write-back


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes, no, or None when there was none; and what it cost."""

    yes: bool | None
    usage: Usage
    cost_usd: Decimal


@dataclass(frozen=True, slots=True)
class Judged:
    """What verdicts came to: the answer of the entry if they let it be served; what they cost either way."""

    answer: Answer | None
    probability: float
    cost_usd: Decimal


def serve(progress: Progress, answering_tokens: int) -> Judged | None:
    """Put a gray suspect to the judge in line; None when there is nothing to ask, no time, or no money in it.

    ``answering_tokens`` is the prompt of the call that a yes would save.
    """
    place, job = progress.place, progress.job
    budget = resources().judge_budget
    budget.job()
    if place is None or place.seen is None or progress.audit is not None or job.cache != "use":
        return None
    seen = place.seen
    if not judge.could_serve(seen):
        return None
    try:
        judged = _in_line(progress, place, seen, answering_tokens)
    except StoreUnavailable as error:
        counters.count("judge.unavailable")
        logs.log().warning("not judged", said=str(error))
        judged = None
    served = judged is not None and judged.answer is not None
    offset = None if judged is None else judge.moved(seen.probability, judged.probability)
    resources().boundaries.note(job.tenant, place.bucket, seen, served=served, offset=offset)
    return judged


def _in_line(progress: Progress, place: Place, seen: Neighbourhood, answering_tokens: int) -> Judged | None:
    job, held = progress.job, resources()
    home = held.members.now(place.scope, seen.suspect)
    entry = held.store.get(place.scope, home)
    if entry is None or progress.deadline_at - time.time() < judge.LEAST_REMAINING_S:
        return None
    if not held.sharing.allows(job, place, entry):
        return None
    near = [one.key for one in seen.near if one.entry == seen.suspect][: judge.MOST_CALLS]
    saved = Usage(answering_tokens, 0, entry.answer.usage.completion_tokens)
    answering_usd = billing.cost_usd(billing.offers(progress, answering_tokens)[0], saved)
    verdicts: list[Verdict] = []

    def one(cached: str, turned: bool, probability: float) -> bool | None:
        asking = judge.of_questions(job, job.question.text, cached, entry.answer.text, turned=turned)
        offers = economy.offers(asking)
        usage = Usage(estimate_prompt(asking.messages, asking.params), 0, judge.MOST_TOKENS)
        judging_usd = billing.cost_usd(offers[0], usage)
        pays = judge.pays(probability, judging_usd=judging_usd, answering_usd=answering_usd)
        if not pays or not held.judge_budget.take():
            return None
        verdicts.append(_ask(asking, offers, deadline_at=progress.deadline_at))
        return verdicts[-1].yes

    probability, lets = judge.heard(
        judge.before(seen.probability, seen.gate, proven=seen.proven),
        held.members.questions(place.scope, near),
        one,
        served_at=seen.served_at,
    )
    spent = sum((verdict.cost_usd for verdict in verdicts), Decimal(0))
    if not lets:
        return Judged(None, probability, spent)
    counters.count("judge.served")
    held.members.keep_verdict(place.scope, place.key, home, probability)
    hit = decision.promoted(replace(seen, suspect=home), probability)
    return Judged(billing.reused(progress, entry, hit), probability, spent)


def same_answer(job: Job, job_id: str, one: str, other: str) -> bool | None:
    """Off any caller's path: do two answers to the job's question say the same? None when nobody says."""
    if not resources().judge_budget.take():
        return None
    asking = judge.of_answers(job, job.question.text, one, other)
    verdict = _ask(asking, economy.offers(asking), deadline_at=time.time() + OFF_PATH_S)
    billing.charge(f"{job_id}.judge", job.tenant, ledger.record_judge(verdict.cost_usd, verdict.usage))
    return verdict.yes


def _ask(asking: Job, offers: Sequence[Offer], *, deadline_at: float) -> Verdict:
    counters.count("judge.asked")
    try:
        called = economy.ask(asking, offers, deadline_at=deadline_at)
    except FarthingError as error:
        counters.count("judge.failed")
        logs.log().warning("no verdict", said=str(error))
        return Verdict(None, Usage(), Decimal(0))
    usage = called.completion.usage
    yes = judge.verdict(called.completion.text)
    if yes is None:
        counters.count("judge.unreadable")
    return Verdict(yes, usage, billing.cost_usd(called.offer, usage) + billing.wasted_usd(called.wasted))
