"""Budgets: what a tenant may spend in a day and in a month, how near its end that is, what happens then."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

WhenSpent = Literal["warn", "economy", "hits", "refuse"]


@dataclass(frozen=True, slots=True)
class Budget:
    """Dollars of a day and of a calendar month, both in UTC, None for no bound.

    ``when_spent``: ``warn`` only says so; ``hits`` answers from the cache and by rules alone; ``refuse`` answers
    nothing; ``economy`` asks no premium model from ``warn_at`` (a share of the bound) on, and is as ``hits`` then.
    """

    usd_per_day: Decimal | None = None
    usd_per_month: Decimal | None = None
    when_spent: WhenSpent = "hits"
    warn_at: float = 0.8

    @property
    def limited(self) -> bool:
        """Is there any bound?"""
        return self.usd_per_day is not None or self.usd_per_month is not None

    @property
    def stops(self) -> bool:
        """Does anything stop at its end?"""
        return self.limited and self.when_spent != "warn"


@dataclass(frozen=True, slots=True)
class Spent:
    """Dollars that a tenant spent today and this month, today's included, and those set aside for calls under way."""

    today_usd: Decimal = Decimal(0)
    month_usd: Decimal = Decimal(0)
    held_usd: Decimal = Decimal(0)

    def share(self, budget: Budget) -> float:
        """Of the bound that is nearest, from 0 to 1 and beyond; what is set aside counts."""
        return max((_share(spent, bound) for _, spent, bound in self._bounds(budget)), default=0.0)

    def is_over(self, budget: Budget) -> bool:
        """Is there nothing left to pay with?"""
        return budget.stops and self.share(budget) >= 1.0

    def ends_premium(self, budget: Budget) -> bool:
        """Is premium no longer asked?"""
        near = budget.when_spent == "economy" and self.share(budget) >= budget.warn_at
        return near or self.is_over(budget)

    def says(self, budget: Budget) -> str:
        """How it stands, in words, for the bound that is nearest."""
        bounds = sorted(self._bounds(budget), key=lambda one: _share(one[1], one[2]))
        if not bounds:
            return "no budget"
        when, spent, bound = bounds[-1]
        return f"${spent.normalize():f} of ${bound.normalize():f} {when} are spent or set aside"

    def _bounds(self, budget: Budget) -> Iterable[tuple[str, Decimal, Decimal]]:
        if budget.usd_per_day is not None:
            yield "today (UTC)", self.today_usd + self.held_usd, budget.usd_per_day
        if budget.usd_per_month is not None:
            yield "this month (UTC)", self.month_usd + self.held_usd, budget.usd_per_month


def _share(spent: Decimal, bound: Decimal) -> float:
    """A bound of nothing is spent from the start."""
    return float(spent / bound) if bound > 0 else 1.0 + float(spent)
