"""What a cascade costs on outcomes: a check that knows saves, one that knows nothing costs next to nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.evaluation.cascade import auroc, measures, simulated

DICE = np.random.default_rng(0)
COUNT = 3_000
HARD = DICE.random(COUNT) < 0.4
ECONOMY = np.where(HARD, 0.0, 1.0)
PREMIUM = np.where(HARD & (DICE.random(COUNT) < 0.8), 1.0, ECONOMY)
NOTHING = np.full(COUNT, (PREMIUM - ECONOMY).mean())


@pytest.mark.parametrize("area", [0.6, 0.7, 0.9])
def test_a_simulated_check_has_the_area_that_was_asked_for(area: float) -> None:
    assert auroc(simulated(HARD, area, 1), HARD) == pytest.approx(area, abs=0.02)


def test_the_area_counts_ties_by_half_and_says_where_there_is_none() -> None:
    assert auroc(np.zeros(4), np.array([True, False, True, False])) == 0.5
    assert auroc(np.array([1.0, 0.0]), np.array([True, False])) == 1.0
    assert np.isnan(auroc(np.zeros(2), np.array([True, True])))


def test_the_better_the_check_the_less_it_costs() -> None:
    alone = measures(NOTHING, None, ECONOMY, PREMIUM)["cost"]
    costs = [measures(NOTHING, simulated(HARD, area, 2), ECONOMY, PREMIUM)["cost"] for area in (0.6, 0.75, 0.95)]
    assert alone == 1.0, "who expects the same of all asks premium of all"
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 0.5


def test_a_check_that_knows_nothing_does_not_pay() -> None:
    blind = np.random.default_rng(3).standard_normal(COUNT)
    knowing = np.where(HARD, 0.5, 0.1) + 0.01 * np.random.default_rng(4).standard_normal(COUNT)
    alone = measures(knowing, None, ECONOMY, PREMIUM)["cost"]
    assert measures(knowing, blind, ECONOMY, PREMIUM)["cost"] == pytest.approx(alone, abs=0.05)


def test_the_curve_goes_from_economy_to_premium() -> None:
    curve = measures(NOTHING, simulated(HARD, 0.8, 5), ECONOMY, PREMIUM, prices=10.0)["curve"]
    assert [point[0] for point in curve] == sorted(point[0] for point in curve)
    assert curve[-1][1] > curve[0][1]
