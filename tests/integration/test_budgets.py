"""Budgets: exact whoever asks at the same time, kept through restarts, and what happens at their end."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.answer import Route, Usage
from pipelines.errors import BudgetSpent, StoreUnavailable
from pipelines.job import Job
from pipelines.journey import Progress
from pipelines.money.budget import Budget
from tests.fleet import counts_heard
from tests.waiting import until
from workers.config.tenants import RoutingRules
from workers.jobs.budgets import Budgets
from workers.providers import calls
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess

HARD = "Prove step by step that the square root of {} is irrational."


class Limited:
    """``fleet`` with a budget for the test's tenant."""

    def __init__(self, fleet: InProcess, tenant: str) -> None:
        self.fleet, self.tenant = fleet, tenant

    def under(self, budget: Budget) -> Any:
        rules = {self.tenant: RoutingRules(budget=budget)}
        return self.fleet.instead(configuration=replace(self.fleet.runtime.configuration, tenants_routing=rules))

    def ask(self, question: str = "How do I wax a ski?", **fields: Any) -> Any:
        return self.fleet.ask(question, tenant=self.tenant, **fields)

    def spend(self, usd: str, job_id: str = "earlier", day: str | None = None) -> None:
        nano = int(Decimal(usd) * 10**9)
        on = day or time.strftime("%Y-%m-%d", time.gmtime())
        self.fleet.runtime.accounts.count(f"{self.tenant}-{job_id}", self.tenant, on, {"jobs": 1, "cost_nusd": nano})


@pytest.fixture
def limited(fleet: InProcess, tenant: str) -> Limited:
    return Limited(fleet, tenant)


@pytest.fixture
def ledger(fleet: InProcess) -> Iterator[Any]:
    return fleet.runtime.ledger_redis  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("hedge", "budget", "hedges"),
    [(True, Budget(), True), (False, Budget(), False), (True, Budget(Decimal(5)), False)],
    ids=["wanted", "not wanted", "a budget bounds it"],
)
def test_a_second_provider_is_asked_beside_another_where_money_is_not_bounded(
    limited: Limited, hedge: bool, budget: Budget, hedges: bool
) -> None:
    rules = {limited.tenant: RoutingRules(budget=budget, hedge=hedge)}
    progress = Progress(
        Job.decode({"messages": [{"role": "user", "content": "Hi"}], "tenant": limited.tenant}), "j", 0.0
    )
    offer = limited.fleet.runtime.configuration.catalog.offers[0]
    with limited.fleet.instead(
        configuration=replace(limited.fleet.runtime.configuration, tenants_routing=rules)
    ) as held:
        late = held.spending.hedges(progress)
        assert (late is not None) is hedges
        if late is not None:
            late([(offer, Usage(1_000, 0, 100))])
            totals = held.accounts.totals(limited.tenant, 1).popitem()[1][limited.tenant]
            assert totals["wasted"] == 1
            assert totals["wasted_nusd"] == int(held.market().cost_usd(offer, Usage(1_000, 0, 100)) * 10**9)


def test_what_is_within_the_budget_is_answered_and_nothing_stays_set_aside(limited: Limited, ledger: Any) -> None:
    with limited.under(Budget(Decimal(1))):
        assert limited.ask().source == "model"
    assert ledger.hgetall(keys.held(limited.tenant)) == {}


def test_a_spent_budget_answers_from_the_cache_and_by_nothing_that_costs(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = counts_heard(monkeypatch)
    with limited.under(Budget(Decimal(1))):
        limited.fleet.settled(limited.ask())
        limited.spend("1")
        assert limited.ask().source == "exact"
        before = len(limited.fleet.model.requests)
        with pytest.raises(BudgetSpent, match=r"the budget is spent: \$1\.\d+ of \$1 today \(UTC\)"):
            limited.ask("How do I sharpen a skate?")
        assert len(limited.fleet.model.requests) == before
    assert (asked["budget.spent"], asked["budget.warned"]) == (1, 1)


def test_who_refuses_refuses_hits_too_and_who_warns_goes_on(limited: Limited) -> None:
    with limited.under(Budget(Decimal(1))):
        limited.fleet.settled(limited.ask())
        limited.spend("2")
    with limited.under(Budget(Decimal(1), when_spent="refuse")), pytest.raises(BudgetSpent):
        limited.ask()
    with limited.under(Budget(Decimal(1), when_spent="warn")):
        assert limited.ask("How do I sharpen a skate?").source == "model"


def test_premium_gives_way_to_economy_before_the_end(limited: Limited) -> None:
    budget = Budget(Decimal(10), when_spent="economy", warn_at=0.5)
    with limited.under(budget):
        assert limited.ask(HARD.format(2)).model == "gpt-4o"
        limited.spend("6")
        answer = limited.ask(HARD.format(3))
        assert answer.model == "gpt-4o-mini"
        assert answer.route.reason.startswith("economy for the budget's sake: $6")
        assert limited.ask(HARD.format(5), model="gpt-4o").model == "gpt-4o", "a model that is named stands"
        limited.spend("5", "more")
        with pytest.raises(BudgetSpent):
            limited.ask(HARD.format(7))


def test_a_call_that_could_go_beyond_is_not_made(limited: Limited) -> None:
    used = Usage(1_000, 0, 100)
    little = limited.fleet.priced("gpt-4o-mini", used)
    with limited.under(Budget(little)):
        with pytest.raises(BudgetSpent):
            limited.ask("How do I tune a lute?")  # 16,384 tokens may come
        assert limited.ask("How do I tune a lute?", params={"max_tokens": 50}).source == "model"


def test_the_days_of_the_month_count_together_and_yesterday_is_another_day(limited: Limited) -> None:
    today = time.gmtime()
    first = f"{today.tm_year:04}-{today.tm_mon:02}-01"
    last_month = f"{today.tm_year - (today.tm_mon == 1):04}-{(today.tm_mon - 2) % 12 + 1:02}-28"
    limited.spend("9", "first", first)
    limited.spend("50", "old", last_month)
    with limited.under(Budget(None, Decimal(10))):
        assert limited.ask().source == "model"
    with limited.under(Budget(None, Decimal(8))), pytest.raises(BudgetSpent, match="this month"):
        limited.ask("How do I sharpen a skate?")
    if today.tm_mday > 1:
        with limited.under(Budget(Decimal(1))):
            assert limited.ask("How do I mend a sail?").source == "model"


def test_of_two_hundred_at_once_none_goes_beyond(fleet: InProcess, tenant: str) -> None:
    kept, budget, now = Budgets(fleet.runtime.ledger_redis), Budget(Decimal(10)), time.time()
    won: list[int] = []
    day = time.strftime("%Y-%m-%d", time.gmtime())
    begin = threading.Barrier(20)

    def race(number: int) -> None:
        begin.wait()
        for call in range(10):
            name = f"{tenant}-{number}-{call}"
            done, _, _ = kept.reserve(tenant, budget, name, Decimal("0.30"), now=now, until=now + 60)
            if done:
                won.append(1)
                fleet.runtime.accounts.count(name, tenant, day, {"jobs": 1, "cost_nusd": 250_000_000})
                kept.release(tenant, name)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    totals = fleet.runtime.accounts.totals(tenant)[day][tenant]
    assert totals["cost_nusd"] == len(won) * 250_000_000
    assert 9_700_000_000 < totals["cost_nusd"] <= 10_000_000_000
    assert fleet.runtime.ledger_redis.hgetall(keys.held(tenant)) == {}


def test_a_dead_workers_money_is_free_after_its_time_and_its_own_call_again_sets_aside_once(
    fleet: InProcess, tenant: str
) -> None:
    kept, budget, now = Budgets(fleet.runtime.ledger_redis), Budget(Decimal(1)), time.time()
    assert kept.reserve(tenant, budget, "dead", Decimal("0.9"), now=now, until=now + 5)[0]
    assert kept.reserve(tenant, budget, "dead", Decimal("0.9"), now=now, until=now + 5)[0]
    assert not kept.reserve(tenant, budget, "other", Decimal("0.9"), now=now + 4, until=now + 9)[0]
    assert kept.reserve(tenant, budget, "other", Decimal("0.9"), now=now + 6, until=now + 9)[0]


def test_people_are_told_once_a_day(fleet: InProcess, tenant: str) -> None:
    kept, budget, now = Budgets(fleet.runtime.ledger_redis), Budget(Decimal(1), warn_at=0.5), time.time()
    told = [kept.reserve(tenant, budget, str(n), Decimal("0.2"), now=now, until=now + 60)[2] for n in range(5)]
    assert told == [False, False, True, False, False]


def test_a_premium_that_does_not_fit_is_not_asked_after_economy(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = calls.call

    def declines(*args: Any, **kwargs: Any) -> Any:
        called = call(*args, **kwargs)
        text = "I'm sorry, but I can't help with that."
        done = replace(called.completion, text=text, message={"role": "assistant", "content": text})
        return replace(called, completion=done)

    monkeypatch.setattr(calls, "call", declines)
    with limited.under(Budget(Decimal("0.02"))):
        answer = limited.ask("How do I mend a sail?", params={"max_tokens": 3_000})
    assert answer.model == "gpt-4o-mini"
    assert any("premium not asked: the budget is spent" in said for said in answer.degraded)


def test_without_the_ledger_nothing_is_paid_for_who_has_a_budget(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("ledger", "away")

    monkeypatch.setattr(Budgets, "reserve", away)
    assert limited.ask("How do I wax a sledge?").source == "model"
    with limited.under(Budget(Decimal(5))), pytest.raises(StoreUnavailable):
        limited.ask("How do I sharpen a skate?")


def test_who_waits_for_a_refused_one_is_refused_too(limited: Limited, ledger: Any) -> None:
    with limited.under(Budget(Decimal("0.000001"))):
        sent = [
            limited.fleet.client.submit("How do I oil a gate?", tenant=limited.tenant, job_id=f"{limited.tenant}-{n}")
            for n in range(5)
        ]
        for job_id in sent:
            with pytest.raises(BudgetSpent):
                limited.fleet.client.result(job_id, tenant=limited.tenant, timeout_s=20)
    until(lambda: not ledger.keys(keys.waiting("*")))


def test_the_report_says_how_budgets_stand(limited: Limited) -> None:
    limited.spend("4")
    with limited.under(Budget(Decimal(5), when_spent="refuse")):
        (row,) = limited.fleet.runtime.spending.standing([limited.tenant, "nobody"])
        from rich.console import Console

        from workers.jobs import reports

        console = Console(width=80, record=True)
        console.print(reports.as_budget_table([row]))
    assert row == {
        "tenant": limited.tenant, "today_usd": "4", "usd_per_day": "5", "month_usd": None, "usd_per_month": None,
        "held_usd": "0", "share": 0.8, "when_spent": "refuse",
    }  # fmt: skip
    assert "$4.0000 of $5.0000" in console.export_text()


@pytest.mark.parametrize("chosen", ["economy", "premium"])
def test_a_panels_ranking_keeps_to_its_tier_where_money_is_bounded(
    limited: Limited, monkeypatch: pytest.MonkeyPatch, chosen: Any
) -> None:
    ranked = ("gpt-4o-mini", "gpt-4o") if chosen == "economy" else ("gpt-4o", "gpt-4o-mini")
    route = Route(chosen, 0.5, "by a panel", by_gain=True, models=ranked)
    monkeypatch.setattr("workers.stages.routing.tier.route", lambda *_, **__: route)
    with limited.under(Budget(usd_per_day=Decimal(1), when_spent="economy")):
        limited.spend("0.95")  # a call of the dearer one does not fit at its worst
        answer = limited.ask(f"How do I wax a {chosen} ski?")
    assert answer.model == "gpt-4o-mini", "premium is given up, and nobody is refused for what premium might cost"
