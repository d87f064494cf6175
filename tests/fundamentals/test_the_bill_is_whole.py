"""Every answer is on the bill once, with what it would have cost and why it cost less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import StoreUnavailable
from tests.fundamentals.turns import talk
from workers.fleet.lifecycle import hand_over
from workers.jobs import reports
from workers.jobs.ledger import Accounts

if TYPE_CHECKING:
    from tests.fleet import InProcess


def test_every_answer_is_in_the_ledger_once(fleet: InProcess, tenant: str) -> None:
    fleet.settled(fleet.ask("Do you sell sofas?", tenant=tenant))
    fleet.ask("Do you sell sofas?", tenant=tenant)
    days = fleet.runtime.accounts.totals(tenant, 2)
    counters = next(iter(days.values()))[tenant]
    assert (counters["jobs"], counters["source:model"], counters["source:exact"]) == (2, 1, 1)
    assert 0 < counters["cost_nusd"] < counters["baseline_nusd"]


def test_a_hits_baseline_is_its_misses(fleet: InProcess, tenant: str) -> None:
    tools = [
        {"type": "function", "function": {"name": f"tool_{n}", "description": "Finds things. " * 20, "parameters": {}}}
        for n in range(20)
    ]
    asked = {"tenant": tenant, "params": {"tools": tools}}
    miss = fleet.settled(fleet.ask("Do you sell umbrellas?", **asked))
    hit = fleet.ask("Do you sell umbrellas?", **asked)
    assert (miss.source, hit.source) == ("model", "exact")
    assert float(hit.baseline_usd) == pytest.approx(float(miss.baseline_usd), rel=0.01)
    assert miss.usage.prompt_tokens > 1_000


def test_what_was_saved_is_split_by_its_cause(fleet: InProcess, tenant: str) -> None:
    fleet.settled(fleet.ask("Do you sell ladders?", tenant=tenant))
    fleet.ask("Do you sell ladders?", tenant=tenant)
    fleet.ask("What is my balance?", tenant=tenant, user="u-1")
    fleet.ask(talk("Do you ship to Spain?", "Yes. " * 300, "How do I reset my account password?"), tenant=tenant)
    total = reports.as_json(fleet.runtime.accounts.totals(tenant, 2))["total"]
    saved = {cause: float(amount) for cause, amount in total["saved_by"].items()}
    assert all(amount > 0 for amount in saved.values()), saved
    assert sum(saved.values()) == pytest.approx(float(total["saved_usd"]), abs=1e-6)


def test_what_a_ledger_that_was_away_could_not_count_is_counted_once_it_answers(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Accounts.count

    def half_done(self: Accounts, *args: Any) -> bool:
        if args[1] == tenant and len(args[0]) % 2:  # some are counted, and nobody hears of it
            count(self, *args)
        raise StoreUnavailable("ledger", "TimeoutError")

    with monkeypatch.context() as away:
        away.setattr(Accounts, "count", half_done)
        answers = [fleet.ask(f"Do you sell {n} beds?", tenant=tenant, job_id=f"beds{'x' * n}") for n in range(4)]
        fleet.runtime.billing.charge_again()
    assert all("not in the ledger yet" in answer.degraded for answer in answers)
    for _ in range(2):
        hand_over()
    counters = next(iter(fleet.runtime.accounts.totals(tenant, 2).values()))[tenant]
    assert counters["jobs"] == 4
    assert counters["cost_nusd"] == sum(round(float(answer.cost_usd) * 1e9) for answer in answers)
    assert fleet.runtime.records.recall(str(answers[0].job_id)) is not None, "feedback finds it too"
