"""Money: exact, dated, and never $0 for what is unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipelines.answer import Answer, Route, Usage
from pipelines.errors import PriceUnknown
from pipelines.money.ledger import Totals, record
from pipelines.money.pricing import Price, PriceBook, baseline

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OWN = Price("acme", "acme-1", Decimal("1.00"), Decimal("2.00"), Decimal("0.10"), "2026-10-01")


def test_a_listed_model_costs_what_its_provider_lists() -> None:
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=1_000_000)
    # OpenAI's list price of gpt-4o-mini since 2024-07: $0.15 in, $0.60 out per million tokens.
    assert PriceBook().cost("openai", "gpt-4o-mini", usage, NOW) == Decimal("0.75")


def test_cached_input_is_cheaper() -> None:
    fresh = PriceBook().cost("openai", "gpt-4o", Usage(1_000_000, 0, 0), NOW)
    cached = PriceBook().cost("openai", "gpt-4o", Usage(1_000_000, 1_000_000, 0), NOW)
    assert cached < fresh


def test_the_operators_own_price_comes_first() -> None:
    book = PriceBook([OWN])
    assert book.cost("acme", "acme-1", Usage(1_000_000, 500_000, 1_000_000), NOW) == Decimal("2.55")
    assert "overlay" in book.version
    assert book.version != PriceBook().version


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-none"), ("nobody", "gpt-4o"), ("acme", "acme-2")])
def test_an_unknown_price_is_an_error_and_says_where_to_add_it(provider: str, model: str) -> None:
    with pytest.raises(PriceUnknown, match=r"\[\[prices\]\]"):
        PriceBook([OWN]).cost(provider, model, Usage(10, 0, 10), NOW)
    (fault,) = PriceBook([OWN]).faults([(provider, model), ("openai", "gpt-4o")], NOW)
    assert model in fault


def test_the_baseline_is_the_full_context_with_nothing_cached() -> None:
    whole = baseline(PriceBook([OWN]), provider="acme", model="acme-1", prompt_tokens=1000, completion_tokens=0, at=NOW)
    assert whole == Decimal("0.001")


def test_the_ledger_adds_up_to_the_last_digit() -> None:
    answer = Answer(
        text="x",
        source="model",
        usage=Usage(41, 0, 88),
        cost_usd=Decimal("0.000000059"),
        baseline_usd=Decimal("0.000002113"),
        route=Route("economy", 0.0, "simple"),
        timings_ms={"total": 9.5},
    )
    totals = Totals()
    for _ in range(1_000_000 // 1000):
        totals = totals.plus(record(answer))
    assert totals.cost_usd == Decimal("0.000059")
    assert totals.baseline_usd == Decimal("0.002113")
    assert (totals.jobs, totals.hits, totals.count("tier:economy")) == (1000, 0, 1000)
    assert totals.mean_latency_ms == 9.5
    assert totals.encode()["saved_usd"] == "0.002054"


def test_a_hit_counts_as_a_hit_and_as_no_tiers_call() -> None:
    kept = Answer(text="x", source="semantic", route=Route("premium", 1.0, "hard"), baseline_usd=Decimal("0.01"))
    totals = Totals().plus(record(kept)).plus(record(Answer(text="x", source="exact")))
    assert (totals.hits, totals.hit_rate, totals.premium_share) == (2, 1.0, 0.0)


def test_nothing_answered_is_no_division_by_zero() -> None:
    empty = Totals().encode()
    assert (empty["jobs"], empty["hit_rate"], empty["mean_latency_ms"]) == (0, 0.0, 0.0)


@pytest.mark.parametrize("counts", [(-1, 0, 0), (1, 2, 0), (0, 0, -1)])
def test_usage_that_cannot_be_is_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="usage"):
        Usage(*counts)
