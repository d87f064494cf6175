"""Conversations are sent whole where shorter ones surely change too many answers, and on no less evidence."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.context import harm


@pytest.mark.parametrize(
    ("worse", "compared", "stops"),
    [(0, 0, False), (1, 1, False), (2, 2, False), (3, 50, False), (4, 50, True), (30, 1_000, False), (40, 1_000, True)],
)
def test_it_stops_where_more_are_surely_worse(worse: int, compared: int, stops: bool) -> None:
    assert harm.stops(worse, compared, 0.02) is stops


def test_who_keeps_the_target_is_hardly_ever_stopped_and_who_misses_it_widely_soon_is() -> None:
    """It is looked after each comparison: of 200 tenants, 300 comparisons each."""
    dice = np.random.default_rng(0)

    def stopped(rate: float) -> float:
        worse = (dice.random((200, 300)) < rate).cumsum(axis=1)
        return float(np.mean([any(harm.stops(int(w), n + 1, 0.02) for n, w in enumerate(row)) for row in worse]))

    assert stopped(0.01) < 0.02
    assert stopped(0.02) < 0.06
    assert stopped(0.10) > 0.99
