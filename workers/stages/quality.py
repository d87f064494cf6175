"""Audits of what was saved: some answers are asked again, off the path, of premium or with the whole conversation."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines import journey
from pipelines.answer import Route
from pipelines.cache import answer_match, judge_prompt
from pipelines.errors import FarthingError, StoreUnavailable
from pipelines.money import ledger
from pipelines.routing import surface
from pipelines.text import tokens
from workers.jobs.outcomes import Outcome
from workers.observability import counters, logs
from workers.stages import canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celery import Celery

    from pipelines.answer import Answer, Usage
    from pipelines.journey import Progress
    from pipelines.routing.catalog import ModelTier, Offer
    from pipelines.routing.market import Market
    from workers.config.tenants import ContextRules, RoutingRules
    from workers.jobs.outcomes import Outcomes
    from workers.stages.billing import Billing
    from workers.stages.economy import Economy
    from workers.stages.spending import Spending

GRADED_S = 30.0  # nobody waits for it
WHY = "premium was asked again, to compare"
WHY_WHOLE = "asked again with the whole conversation, to compare"


class Quality:
    """Draws the answers, and learns what they are worth beside premium's."""

    def __init__(
        self,
        outcomes: Outcomes,
        rules_of: Callable[[str], RoutingRules],
        context_of: Callable[[str], ContextRules],
        market: Callable[[], Market],
        economy: Economy,
        billing: Billing,
        spending: Spending,
    ) -> None:
        self._outcomes, self._rules_of, self._context_of, self._market = outcomes, rules_of, context_of, market
        self._economy, self._billing, self._spending = economy, billing, spending

    def outcomes(self, tenant: str) -> Sequence[Outcome]:
        """What was learned so far."""
        return self._outcomes.of(tenant)

    def draw(self, app: Celery, progress: Progress, answer: Answer) -> None:
        """Perhaps ask again what was answered: a call of its own, under an id of its own, that nobody waits for.

        Not where it is a tool call.
        """
        if answer.route is None or (answer.message or {}).get("tool_calls"):
            return
        job = progress.job
        if _drawn(self._rules_of(job.tenant).audit_share) and _was_chosen(progress, answer.route):
            other: ModelTier = "premium" if answer.route.tier == "economy" else "economy"
            route = Route(tier=other, score=answer.route.score, reason=WHY, arm=answer.route.arm)
            again = canvas.afresh(progress, "quality", audit=1.0, route=route, against=answer.text)
            self._ask(app, replace(again, job=replace(job, model=other)))  # no check asks premium as well
        if _drawn(self._context_of(job.tenant).audit_share) and self._was_cut(progress):
            route = Route(answer.route.tier, answer.route.score, WHY_WHOLE, model=answer.model)
            again = canvas.afresh(
                progress, "whole", audit=1.0, route=route, against=answer.text, compares="conversation"
            )
            # The same model, and whatever it says: no check asks premium as well.
            whole = replace(again, job=replace(job, model=answer.model or job.model), messages=None, context=None)
            self._ask(app, replace(whole, alone=False))

    def _was_cut(self, progress: Progress) -> bool:
        """Were earlier turns left out that the model had room for?"""
        job, mode = progress.job, self._context_of(progress.job.tenant).mode
        if (job.context or mode) != "auto" or progress.alone or progress.messages in (None, job.messages):
            return False
        return tokens.estimate_prompt(job.messages, job.params) <= self._market().window(job, progress.route)

    def _ask(self, app: Celery, again: Progress) -> None:
        try:
            self._spending.premium(again.job.tenant)
        except FarthingError:  # it waits for another day; or nobody knows what was spent
            return
        work = app.signature(journey.MODEL_CALL, args=(again.encode(),), **canvas.off_path(again.job))
        canvas.send_off_path(work, "audit")

    def learn(self, progress: Progress, answer: Answer) -> None:
        """The other answer is there: was the cheaper one worse? Not where both say the same; else premium is asked."""
        given, other = progress.against or "", answer.text
        if progress.route is not None and progress.route.tier == "economy" and progress.compares == "premium":
            given, other = other, given  # the caller had premium's
        if (answer.message or {}).get("tool_calls"):
            worse: bool | None = None  # a call is compared to no text
        else:
            worse = False if answer_match.surely_same(given, other) else self._worse(progress, given, other)
        if progress.compares == "conversation":
            self._learn_of_context(progress, worse)
        else:
            self._learn_of_premium(progress, worse)

    def _learn_of_context(self, progress: Progress, worse: bool | None) -> None:
        if worse is None:
            counters.count("context.unclear")
            return
        counters.count("context.worse" if worse else "context.same")
        self._billing.charge(f"{progress.job_id}.outcome", progress.job.tenant, ledger.record_cut(worse=worse))

    def _learn_of_premium(self, progress: Progress, worse: bool | None) -> None:
        if worse is None:
            counters.count("quality.unclear")
            return
        counters.count("quality.worse" if worse else "quality.same")
        job, slot = progress.job, progress.slot
        amounts: dict[str, int] = {}
        economys = progress.route is not None and progress.route.tier == "premium"  # was what the caller had
        if economys:
            amounts |= ledger.record_quality(worse=worse)
        if progress.route is not None and progress.route.arm:
            amounts |= ledger.record_arm(progress.route.arm, lost=worse and economys)
        if amounts:
            self._billing.charge(f"{progress.job_id}.outcome", job.tenant, amounts)
        features = tuple(surface.surfaces([job.question.text])[0].tolist())
        vector = None if slot is None else slot.vector
        outcome = Outcome(worse, features, vector, "" if slot is None or vector is None else slot.encoder)
        try:
            self._outcomes.keep(job.tenant, outcome)
        except StoreUnavailable as error:
            logs.log().warning("an outcome was not kept", said=str(error))

    def _worse(self, progress: Progress, given: str, other: str) -> bool | None:
        job = progress.job
        asking = judge_prompt.of_loss(job, given, other)
        if asking is None:  # nobody reads so much to compare two answers
            return None
        prompt_tokens = tokens.estimate_prompt(asking.messages, asking.params)
        offers = self._market().of_tier(asking, "premium", prompt_tokens=prompt_tokens)
        wasted: list[tuple[Offer, Usage]] = []
        try:
            called = self._economy.ask(asking, offers, deadline_at=time.time() + GRADED_S, wasted=wasted)
        except FarthingError as error:
            logs.log().warning("nobody compared two answers", said=str(error))
            if wasted:
                lost = ledger.record_wasted(self._economy.lost_usd(wasted), [used for _, used in wasted])
                self._billing.charge(f"{progress.job_id}.grade", job.tenant, lost)
            return None
        spent = ledger.record_grade(self._economy.spent_usd(called), called.completion.usage)
        self._billing.charge(f"{progress.job_id}.grade", job.tenant, spent)
        return judge_prompt.read_verdict(called.completion.text)


def _drawn(share: float) -> bool:
    return random.random() < share  # noqa: S311 - a sample is no secret


def _was_chosen(progress: Progress, route: Route) -> bool:
    """Did what is expected of the tiers decide who answers? Not where premium answered after economy: what came of that
    is known.
    """
    return progress.route is not None and progress.route.by_gain and not route.escalated
