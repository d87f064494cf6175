"""After an answer: its checks, and premium after economy where they make a better one probable enough."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.errors import BudgetSpent, FarthingError, StoreUnavailable
from pipelines.routing import cascade, checks, tier
from pipelines.text import tokens
from workers.broker.away import Later
from workers.observability import counters, logs
from workers.providers import calls
from workers.stages.spending import PREMIUM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipelines.answer import Answer, Usage
    from pipelines.journey import Progress
    from pipelines.routing.cascade import Tried
    from pipelines.routing.catalog import Offer
    from pipelines.routing.checks import Check
    from pipelines.routing.market import Market
    from workers.config.tenants import RoutingRules
    from workers.jobs.escalations import Escalations
    from workers.providers.calls import CallResult
    from workers.providers.openai_client import Providers
    from workers.stages.billing import Billing
    from workers.stages.spending import Spending

NOT_ASKED = "premium not asked: "


class Cascade:
    """Prices what a model answered, looks at it, and asks premium once where that pays."""

    def __init__(
        self,
        escalations: Escalations,
        rules_of: Callable[[str], RoutingRules],
        market: Callable[[], Market],
        providers: Providers,
        billing: Billing,
        spending: Spending,
    ) -> None:
        self._escalations, self._rules_of, self._market = escalations, rules_of, market
        self._providers, self._billing, self._spending = providers, billing, spending

    def answer(self, progress: Progress, called: CallResult, *, took_s: float) -> Answer:
        """The answer that is given, with its price, that of both where two were asked. ``took_s``: the first one."""
        first = self._billing.priced(progress, called)
        found = _checked(progress, called)
        if first.route is None or not found:
            return first
        route = replace(first.route, checks=_names(found), spoiled=_spoiled(found))
        first = replace(first, route=route)
        if not tier.may_escalate(progress.job, route) or progress.audit is not None:
            return first
        verdict = cascade.judged(
            found,
            self._seen(progress.job.tenant),
            base=route.gain,
            at=self._rules_of(progress.job.tenant).escalate_from,
            took_s=took_s,
            left_s=progress.deadline_at - time.time(),
        )
        if verdict.why_not:
            counters.count("cascade.not_asked")
            return replace(first, degraded=(*first.degraded, NOT_ASKED + verdict.why_not))
        return self._escalated(progress, first, found) if verdict.escalate else first

    def _escalated(self, progress: Progress, first: Answer, found: Sequence[Check]) -> Answer:
        wasted: list[tuple[Offer, Usage]] = []
        try:
            called = self._ask_premium(progress, wasted)
        except (Later, FarthingError) as failure:
            counters.count("cascade.not_asked")
            # What a tenant spends is not for those who ask.
            kind = {Later: "no provider may be asked now", BudgetSpent: "the budget is spent"}
            said = kind.get(type(failure)) or str(failure)
            lost = self._market().sum_usd(wasted)
            return replace(first, cost_usd=first.cost_usd + lost, degraded=(*first.degraded, NOT_ASKED + said))
        counters.count("cascade.escalated")
        second = self._billing.priced(progress, called)
        again = _checked(progress, called)
        better = cascade.did_better(found, again)
        self._note(progress.job.tenant, _names(found), better=better)
        spent = first.cost_usd + second.cost_usd
        chosen, spoke = (second, again) if cascade.no_worse(found, again) else (first, found)
        if chosen.route is None:
            return replace(chosen, cost_usd=spent)
        route = replace(
            chosen.route,
            reason=f"economy's answer: {'; '.join(check.says for check in found)}",
            checks=_names(spoke),
            spoiled=_spoiled(spoke),
            escalated=_names(found),
            first_usd=first.cost_usd,
            premium_usd=second.cost_usd,
        )
        return replace(chosen, cost_usd=spent, route=route, degraded=(*first.degraded, *second.degraded))

    def _ask_premium(self, progress: Progress, wasted: list[tuple[Offer, Usage]]) -> CallResult:
        self._spending.premium(progress.job.tenant)
        prompt_tokens = tokens.estimate_prompt(progress.sent, progress.job.params)
        offers = self._market().of_tier(progress.asking, "premium", prompt_tokens=prompt_tokens)
        self._spending.reserve(progress, offers, PREMIUM)
        return calls.call_for(progress, self._providers, offers, wasted=wasted, hold_s=0.0)

    def _seen(self, tenant: str) -> Mapping[str, Tried]:
        try:
            return self._escalations.seen(tenant)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return {}

    def _note(self, tenant: str, names: tuple[str, ...], *, better: bool) -> None:
        counters.count("cascade.better" if better else "cascade.no_better")
        try:
            self._escalations.note(tenant, names, better=better)
        except StoreUnavailable as error:
            logs.log().warning("nothing was learned of an escalation", said=str(error))


def _checked(progress: Progress, called: CallResult) -> tuple[Check, ...]:
    try:
        return checks.checked(progress.asking, called.completion)
    except Exception as error:  # noqa: BLE001 - an answer that is paid for is lost to no check
        counters.count("cascade.failed")
        logs.log().error("an answer could not be checked", error=type(error).__name__)
        return ()


def _spoiled(found: Sequence[Check]) -> bool:
    return any(check.spoils for check in found)


def _names(found: Sequence[Check]) -> tuple[str, ...]:
    return tuple(check.name for check in found)
