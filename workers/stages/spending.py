"""Budgets on the way: nothing is paid beyond one, premium gives way to economy where the tenant wants it so."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from pipelines.answer import usd
from pipelines.errors import BudgetSpent, FarthingError, StoreUnavailable
from pipelines.text import tokens
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.answer import Route, Usage
    from pipelines.journey import Progress
    from pipelines.money.budget import Budget, Spent
    from pipelines.routing.catalog import Offer
    from pipelines.routing.market import Market
    from workers.jobs.budgets import Budgets
    from workers.stages.billing import Billing

PREMIUM = ":premium"  # the second call of a job
SETTLED_S = 60.0  # after a job's deadline: its call has ended, and the ledger has it


class Spending:
    """Money fails closed: where nobody can say what a tenant with a budget spent, its misses are not paid for."""

    def __init__(
        self,
        kept: Budgets,
        budget_of: Callable[[str], Budget],
        market: Callable[[], Market],
        billing: Billing,
        hedges: Callable[[str], bool],
    ) -> None:
        self._kept, self._budget_of, self._market, self._billing = kept, budget_of, market, billing
        self._hedges = hedges

    def arrive(self, tenant: str) -> None:
        """Raises BudgetSpent for a tenant whose jobs are refused when its budget is spent: its hits too."""
        if self._budget_of(tenant).when_spent == "refuse":
            self.miss(tenant)

    def miss(self, tenant: str) -> None:
        """Raises BudgetSpent where nothing more may be paid for this tenant."""
        budget = self._budget_of(tenant)
        if budget.stops and (spent := self._look(tenant, budget)).is_over(budget):
            raise self._refused(budget, spent)

    def after_lookup(self, progress: Progress) -> None:
        """As :meth:`miss`; what the lookup cost is on the bill."""
        try:
            self.miss(progress.job.tenant)
        except FarthingError:
            self._billing.charge_wasted(progress, ())
            raise

    def premium(self, tenant: str) -> None:
        """Raises BudgetSpent where no premium model is to be asked beside economy's answer."""
        budget = self._budget_of(tenant)
        if budget.stops and (spent := self._look(tenant, budget)).ends_premium(budget):
            raise self._refused(budget, spent)

    def standing(self, tenants: Iterable[str]) -> list[dict[str, Any]]:
        """How the budgets of these tenants stand, of those that have one: JSON values, for people to read."""
        found = []
        for tenant in tenants:
            budget = self._budget_of(tenant)
            if budget.limited:
                spent = self._look(tenant, budget)
                found.append(
                    {
                        "tenant": tenant,
                        "today_usd": usd(spent.today_usd),
                        "usd_per_day": None if budget.usd_per_day is None else usd(budget.usd_per_day),
                        "month_usd": None if budget.usd_per_month is None else usd(spent.month_usd),
                        "usd_per_month": None if budget.usd_per_month is None else usd(budget.usd_per_month),
                        "held_usd": usd(spent.held_usd),
                        "share": round(spent.share(budget), 4),
                        "when_spent": budget.when_spent,
                    }
                )
        return found

    def route(self, progress: Progress, route: Route) -> Route:
        """The route, or economy's where premium is given up for the budget's sake and economy can."""
        budget = self._budget_of(progress.job.tenant)
        if budget.limited and route.models:
            # What is set aside is what the dearest of them may cost: who is asked where one fails is of its tier too.
            tiers = self._market().catalog.tiers()
            route = replace(route, models=tuple(one for one in route.models if tiers.get(one) == route.tier))
        if not budget.limited or budget.when_spent != "economy" or route.tier != "premium" or route.model is not None:
            return route
        spent = self._look(progress.job.tenant, budget)
        if not spent.ends_premium(budget) or self._lacking(progress):
            return route
        counters.count("budget.economy")
        return replace(
            route,
            tier="economy",
            by_gain=False,
            models=(),
            reason=f"economy for the budget's sake: {spent.says(budget)}",
        )

    @contextmanager
    def reserved(self, progress: Progress, offers: Sequence[Offer], *, paid: bool = False) -> Iterator[None]:
        """Money for one call is set aside in the block, at the end of which the ledger has what was paid.

        Raises BudgetSpent where the call at its dearest would go beyond the budget; not for one that is ``paid``.
        """
        held = self._budget_of(progress.job.tenant).limited if paid else self.reserve(progress, offers)
        try:
            yield
        finally:
            if held:
                with suppress(StoreUnavailable):  # else it is held until its time is over
                    self._kept.release(progress.job.tenant, progress.job_id, f"{progress.job_id}{PREMIUM}")

    def reserve(self, progress: Progress, offers: Sequence[Offer], what: str = "") -> bool:
        """Set money aside for one call more, until the end of the block: is there a budget? Raises BudgetSpent."""
        tenant = progress.job.tenant
        budget = self._budget_of(tenant)
        if not budget.limited:
            return False
        amount = self._market().worst_case_usd(
            progress.job, offers, prompt_tokens=tokens.estimate_prompt(progress.sent, progress.job.params)
        )
        now = time.time()
        until = max(progress.deadline_at, now) + SETTLED_S
        done, spent, tell = self._kept.reserve(tenant, budget, f"{progress.job_id}{what}", amount, now=now, until=until)
        self._tell(budget, spent, tell)
        if not done:
            raise self._refused(budget, spent)
        return True

    def hedges(self, progress: Progress) -> Callable[[Sequence[tuple[Offer, Usage]]], None] | None:
        """What puts on the bill a call beside which another answered first; None where no two are asked."""
        if self._budget_of(progress.job.tenant).limited or not self._hedges(progress.job.tenant):
            return None
        return partial(self._billing.charge_broken_off, progress)

    def _look(self, tenant: str, budget: Budget) -> Spent:
        now = time.time()
        _, spent, tell = self._kept.reserve(tenant, budget, "", Decimal(0), now=now, until=now)
        self._tell(budget, spent, tell)
        return spent

    def _tell(self, budget: Budget, spent: Spent, tell: bool) -> None:
        if tell:
            counters.count("budget.warned")
            logs.log().warning("a budget is nearly spent", said=spent.says(budget), then=budget.when_spent)

    def _refused(self, budget: Budget, spent: Spent) -> BudgetSpent:
        counters.count("budget.spent")
        return BudgetSpent(spent.says(budget))

    def _lacking(self, progress: Progress) -> bool:
        prompt_tokens = tokens.estimate_prompt(progress.sent, progress.job.params)
        return self._market().lacking(progress.asking, prompt_tokens=prompt_tokens) is not None
