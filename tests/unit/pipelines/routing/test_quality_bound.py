"""As many answers as the target allows are worse without premium, whatever the router is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.evaluation import online
from pipelines.routing import quality_bound
from pipelines.routing.catalog import Catalog, Offer
from pipelines.routing.router import SHIPPED
from pipelines.routing.tier import PREMIUM_AT, judged, route
from workers.sending import job_of


def test_until_enough_were_compared_premium_answers_all() -> None:
    few = quality_bound.least(0.02) - 1
    assert quality_bound.bound(np.zeros(few), np.zeros(few, dtype=bool), 0.02) == -math.inf
    assert quality_bound.bound(np.zeros(few + 1), np.zeros(few + 1, dtype=bool), 0.02) == math.inf


def test_where_few_enough_are_worse_economy_answers_all() -> None:
    lost = np.arange(1_000) < 19
    assert quality_bound.bound(np.linspace(0, 1, 1_000), lost, 0.02) == math.inf


def test_the_bound_lies_at_the_first_loss_too_many() -> None:
    gains, lost = np.linspace(0.0, 0.999, 1_000), np.arange(1_000) % 10 == 0
    at = quality_bound.bound(gains, lost, 0.02)
    assert at == pytest.approx(0.19)  # 0.00, 0.01, … 0.18 are nineteen losses; (19 + 1) / 1,001 is within 2 %
    assert (lost & (gains < at)).sum() == 19


def test_losses_of_one_gain_are_all_on_premiums_side() -> None:
    lost = np.ones(100, dtype=bool)
    at = quality_bound.bound(np.zeros(100), lost, 0.1)
    assert not (lost & (np.zeros(100) < at)).any()


@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("target", [0.02, 0.05])
def test_the_target_is_held_by_a_good_router_and_by_a_coin(signal: float, target: float) -> None:
    """Streams of 12,000 with one in five lost without premium; the mean of ten."""
    over, premium = [], []
    for seed in range(10):
        dice = np.random.default_rng(seed)
        lost = dice.random(12_000) < 0.2
        gains = dice.normal(size=12_000) + signal * lost
        found = online.replay(gains, lost, target=target, audit_share=0.5, seed=100 + seed)
        over.append(found["over_target"])
        premium.append(found["premium_share"])
    assert 0.75 < np.mean(over) < 1.1
    assert np.mean(premium) < (0.95 if signal == 0 else 0.85 if signal == 1 else 0.3)


def test_a_stream_that_becomes_harder_is_followed() -> None:
    over = []
    for seed in range(10):
        dice = np.random.default_rng(seed)
        rate = np.where(np.arange(20_000) < 10_000, 0.05, 0.3)
        lost = dice.random(20_000) < rate
        gains = dice.normal(size=20_000) + lost
        over.append(online.replay(gains, lost, target=0.02, audit_share=0.5, seed=100 + seed)["over_target"])
    assert 0.7 < np.mean(over) < 1.15


CATALOG = Catalog((Offer("p", "small", "economy"), Offer("p", "large", "premium")))


@pytest.mark.parametrize(
    ("bound", "tier", "says"),
    [
        (-math.inf, "premium", "until enough answers were compared"),
        (math.inf, "economy", "few enough were worse"),
        (-5.0, "premium", "premium from -5.000 by the answers compared"),
        (5.0, "economy", "premium from +5.000 by the answers compared"),
    ],
)
def test_a_route_by_the_bound_says_so(bound: float, tier: str, says: str) -> None:
    found = route(job_of("How do I return a lamp?", "t", {}), prompt_tokens=10, catalog=CATALOG, bound=bound)
    assert found.tier == tier
    assert (found.score >= PREMIUM_AT) == (tier == "premium")
    assert says in found.reason
    assert (found.by_gain, found.gain) == (True, 0.0), "length tells no probability"


def test_a_task_that_is_premiums_stays_so() -> None:
    question = "Prove that the square root of two is irrational."
    gain = SHIPPED.expects(question, None)
    assert judged(question, gain)[0] >= PREMIUM_AT
    assert judged(question, gain, bound=math.inf)[0] >= PREMIUM_AT
