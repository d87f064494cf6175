"""A canary: which jobs are in it, what its figures say, and when it ends."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from pipelines.answer import Answer, Route
from pipelines.money import ledger
from pipelines.routing import canary
from pipelines.routing.canary import Figures


def figures(costs: list[str], arm: str = "canary:x", compared: int = 0, lost: int = 0) -> Figures:
    total = ledger.Totals()
    for cost in costs:
        route = Route("economy", 0.1, "words", arm=arm)
        total = total.plus(ledger.record(Answer(text="", source="model", cost_usd=Decimal(cost), route=route)))
    for number in range(compared):
        total = total.plus(ledger.record_arm(arm, lost=number < lost))
    return Figures.of(total.counters, arm)


def test_a_job_is_in_the_same_arm_each_time_and_of_many_the_share_is_in_the_canary() -> None:
    drawn = Counter(canary.arm_of(f"job-{n}", "x", 0.1) for n in range(5_000))
    assert drawn["canary"] / 5_000 == pytest.approx(0.1, abs=0.02)
    assert canary.arm_of("job-1", "x", 0.1) == canary.arm_of("job-1", "x", 0.1)
    other = [canary.arm_of(f"job-{n}", "y", 0.1) for n in range(500)]
    assert other != [canary.arm_of(f"job-{n}", "x", 0.1) for n in range(500)]


def test_an_arms_figures_are_those_of_its_answers_alone() -> None:
    found = figures(["0.001", "0.003"], compared=4, lost=1)
    assert (found.jobs, found.compared, found.lost) == (2, 4, 1)
    assert found.mean_usd == pytest.approx(0.002)
    assert found.error_usd == pytest.approx(0.001)
    assert found.encode()["mean_usd"] == "0.002"


def test_nothing_is_counted_where_nothing_is_tried_nor_of_a_hit() -> None:
    said = Answer(text="", source="model", route=Route("economy", 0.1, "words"))
    hit = Answer(text="", source="semantic", route=Route("economy", 0.1, "words", arm="canary:x"))
    assert not [name for answer in (said, hit) for name in ledger.record(answer) if name.startswith("canary")]


def test_no_trial_ends_before_anything_is_sure() -> None:
    assert canary.stops(Figures(), Figures(), dearer=1.0) == ""
    assert canary.stops(figures(["9"] * 49), figures(["0.1"] * 500), dearer=1.25) == ""
    assert canary.stops(figures([], compared=3, lost=2), figures([], compared=100), dearer=1.25) == ""
    assert canary.stops(figures([], compared=9, lost=9), Figures(), dearer=1.25) == "", "nothing to compare with"


def test_it_ends_where_answers_are_surely_worse() -> None:
    worse, others = figures([], compared=100, lost=20), figures([], compared=400, lost=8)
    assert canary.stops(worse, others, dearer=1.25) == "20 of 100 answers lost, of the others 8 of 400"
    assert canary.stops(others, worse, dearer=1.25) == ""


def test_it_ends_where_answers_are_surely_dearer_than_they_may_be() -> None:
    dear, others = figures(["0.004", "0.006"] * 50), figures(["0.002", "0.003"] * 200)
    assert canary.stops(dear, others, dearer=1.25) == "an answer costs 2.00 times what others do"
    assert canary.stops(dear, others, dearer=2.5) == ""
    assert canary.stops(others, dear, dearer=1.25) == ""


def test_two_routers_that_are_worth_the_same_hardly_ever_end_a_trial() -> None:
    dice, ended = np.random.default_rng(3), 0
    for _ in range(200):
        lost = dice.binomial(200, 0.05), dice.binomial(1_800, 0.05)
        ended += bool(
            canary.stops(Figures(compared=200, lost=lost[0]), Figures(compared=1_800, lost=lost[1]), dearer=9)
        )
    assert ended <= 4


def test_a_report_names_each_trial() -> None:
    counters = ledger.record_arm("canary:b", lost=True) | ledger.record_arm("control:b", lost=False)
    counters |= {"jobs": 4, "canary:a:jobs": 1, "canary:a:nusd": 5, "canary:a:squares": 0}
    found = canary.standing(counters)
    assert [trial["router"] for trial in found] == ["a", "b"]
    assert found[1]["canary"]["lost"], found[1]["control"]["lost"] == (1, 0)
