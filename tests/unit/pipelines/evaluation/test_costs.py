"""What a replayed stream would have cost, and its worst stretch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.evaluation import costs
from pipelines.money.pricing import PriceBook

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FOUND = {"hits": 60, "judge_calls": 20, "audits": 5}
TEXTS = ["How do I reset my password?"] * 100


def window(requests: int, wrong: int) -> dict[str, int]:
    return {"requests": requests, "hits": 0, "wrong_hits": wrong}


def test_a_rest_of_a_window_is_not_the_worst_one() -> None:
    assert costs.worst_window([window(1_000, 12), window(1_000, 8), window(3, 1)]) == pytest.approx(0.012)
    assert costs.worst_window([window(40, 1)]) == pytest.approx(0.025), "there is nothing else"
    assert costs.worst_window([]) == 0.0


def test_hits_save_an_answer_and_verdicts_and_audits_cost() -> None:
    found = costs.usd_per_1000(TEXTS, FOUND, PriceBook(), "openai", "gpt-4o-mini", NOW)
    assert found is not None
    one = found["without_cache"]
    assert found["audits"] == pytest.approx(0.05 * one, rel=1e-2)
    assert found["with_cache"] == pytest.approx(0.4 * one + found["judge"] + found["audits"], abs=1e-3)
    assert 0.0 < found["judge"] < 0.2 * one


def test_an_unknown_price_is_no_zero() -> None:
    assert costs.usd_per_1000(TEXTS, FOUND, PriceBook(), "openai", "no-such-model", NOW) is None
