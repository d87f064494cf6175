"""Audits of economy's answers: some are asked again of premium, off the path, to know what is lost by not asking it."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from pipelines import journey
from pipelines.answer import Route
from pipelines.cache import answer_match, judge
from pipelines.errors import FarthingError, StoreUnavailable
from pipelines.money import ledger
from pipelines.routing import surface, tier
from pipelines.text import tokens
from workers.jobs.outcomes import Outcome
from workers.observability import counters, logs
from workers.stages import canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celery import Celery

    from pipelines.answer import Answer
    from pipelines.journey import Progress
    from pipelines.routing.market import Market
    from workers.config.tenants import RoutingRules
    from workers.jobs.outcomes import Outcomes
    from workers.stages.billing import Billing
    from workers.stages.economy import Economy
    from workers.stages.spending import Spending

GRADED_S = 30.0  # nobody waits for it
WHY = "premium was asked again, to compare"


class Quality:
    """Draws the answers, and learns what they are worth beside premium's."""

    def __init__(
        self,
        outcomes: Outcomes,
        rules_of: Callable[[str], RoutingRules],
        market: Callable[[], Market],
        economy: Economy,
        billing: Billing,
        spending: Spending,
    ) -> None:
        self._outcomes, self._rules_of, self._market = outcomes, rules_of, market
        self._economy, self._billing, self._spending = economy, billing, spending

    def outcomes(self, tenant: str) -> Sequence[Outcome]:
        """What was learned so far."""
        return self._outcomes.of(tenant)

    def draw(self, app: Celery, progress: Progress, answer: Answer) -> None:
        """Perhaps ask premium what economy answered: a call of its own, under an id of its own, that nobody waits for.

        Not where a check spoke of the answer (what came of that is known), nor where it is a tool call.
        """
        route, message = answer.route, answer.message or {}
        if route is None or not tier.may_escalate(progress.job, route) or route.checks or message.get("tool_calls"):
            return
        if random.random() >= self._rules_of(progress.job.tenant).audit_share:  # noqa: S311 - a sample is no secret
            return
        try:
            self._spending.premium(progress.job.tenant)
        except FarthingError:  # it waits for another day; or nobody knows what was spent
            return
        again = canvas.afresh(
            progress,
            "quality",
            audit=1.0,
            route=Route(tier="premium", score=route.score, reason=WHY),
            against=answer.text,
        )
        work = app.signature(journey.MODEL_CALL, args=(again.encode(),), **canvas.off_path(progress.job))
        canvas.send_off_path(work, "audit")

    def learn(self, progress: Progress, answer: Answer) -> None:
        """Premium's answer is there: was economy's worse? By their words where these say the same, else by premium."""
        if (answer.message or {}).get("tool_calls"):
            counters.count("quality.unclear")  # a call is compared to no text
            return
        economy = progress.against or ""
        same = answer_match.surely_same(economy, answer.text)
        worse = False if same else self._worse(progress, economy, answer.text)
        if worse is None:
            counters.count("quality.unclear")
            return
        counters.count("quality.worse" if worse else "quality.same")
        job, slot = progress.job, progress.slot
        self._billing.charge(f"{progress.job_id}.outcome", job.tenant, ledger.record_quality(worse=worse))
        features = tuple(surface.surfaces([job.question.text])[0].tolist())
        vector = None if slot is None else slot.vector
        outcome = Outcome(worse, features, vector, "" if slot is None or vector is None else slot.encoder)
        try:
            self._outcomes.keep(job.tenant, outcome)
        except StoreUnavailable as error:
            logs.log().warning("an outcome was not kept", said=str(error))

    def _worse(self, progress: Progress, economy: str, premium: str) -> bool | None:
        job = progress.job
        asking = judge.of_loss(job, job.question.text, economy, premium)
        prompt_tokens = tokens.estimate_prompt(asking.messages, asking.params)
        offers = self._market().of_tier(asking, "premium", prompt_tokens=prompt_tokens)
        try:
            called = self._economy.ask(asking, offers, deadline_at=time.time() + GRADED_S)
        except FarthingError as error:
            logs.log().warning("nobody compared two answers", said=str(error))
            return None
        spent = ledger.record_judge(self._economy.spent_usd(called), called.completion.usage)
        self._billing.charge(f"{progress.job_id}.grade", job.tenant, spent)
        return judge.read_verdict(called.completion.text)
