"""Every answer is on the bill once, with what it would have cost and why it cost less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fundamentals.turns import talk
from workers.jobs import reports

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
