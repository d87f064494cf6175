"""How near its end a budget is, by the bound that is nearest."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.money.budget import Budget, Spent


def usd(value: str) -> Decimal:
    return Decimal(value)


@pytest.mark.parametrize(
    ("budget", "spent", "share", "says"),
    [
        (Budget(), Spent(usd("9")), 0.0, "no budget"),
        (Budget(usd("10")), Spent(usd("4"), usd("50"), usd("1")), 0.5, "$5 of $10 today (UTC) are spent or set aside"),
        (Budget(None, usd("100")), Spent(usd("4"), usd("80")), 0.8, "$80 of $100 this month (UTC)"),
        (Budget(usd("10"), usd("100")), Spent(usd("4"), usd("80")), 0.8, "this month"),
        (Budget(usd("5"), usd("100")), Spent(usd("4.5"), usd("80")), 0.9, "$4.5 of $5 today"),
        (Budget(usd("10")), Spent(usd("12")), 1.2, "$12 of $10"),
    ],
)
def test_the_bound_that_is_nearest_counts(budget: Budget, spent: Spent, share: float, says: str) -> None:
    assert spent.share(budget) == pytest.approx(share)
    assert spent.says(budget).startswith(says) or says in spent.says(budget)


def test_a_budget_of_nothing_is_spent_from_the_start() -> None:
    assert Spent().share(Budget(usd("0"))) >= 1.0
    assert Spent(usd("0.000001")).says(Budget(usd("0"))).startswith("$0.000001 of $0 today")
    assert not Budget().limited
    assert Budget(usd("0")).limited
