"""Which jobs go to a Batch API: those with hours to wait, where it is cheaper; and until when they wait."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.answer import Usage
from pipelines.routing import lanes
from pipelines.routing.catalog import Offer

HOUR = 3_600.0
HALF = Decimal("0.5")
CHEAP, DEAR = Offer("a", "cheap", "economy"), Offer("b", "dear", "economy")


def cost(offer: Offer, usage: Usage) -> Decimal:
    return Decimal(usage.prompt_tokens + 4 * usage.completion_tokens) * (3 if offer.model == "dear" else 1)


@pytest.mark.parametrize(("remaining_s", "has"), [(60.0, False), (HOUR, False), (2 * HOUR, True), (24 * HOUR, True)])
def test_who_has_hours_may_wait(remaining_s: float, has: bool) -> None:
    assert lanes.has_time(remaining_s) is has


@pytest.mark.parametrize("hours", [2, 4, 24, 168])
def test_a_quarter_of_the_time_and_half_an_hour_at_the_least_is_left_to_ask_at_once(hours: int) -> None:
    left = hours * HOUR - lanes.waits_until(0.0, hours * HOUR)
    assert left == pytest.approx(max(HOUR / 2, hours * HOUR / 4))


@pytest.mark.parametrize(
    ("offers", "taken"),
    [
        ([CHEAP, DEAR], None),
        ([replace(CHEAP, batch_price=HALF), DEAR], "cheap"),
        ([CHEAP, replace(DEAR, batch_price=HALF)], None),  # a half of three times as much
        ([CHEAP, replace(DEAR, batch_price=Decimal("0.3"))], "dear"),
        ([replace(CHEAP, batch_price=HALF), replace(DEAR, batch_price=Decimal("0.1"))], "dear"),
        ([], None),
    ],
)
def test_it_goes_where_it_costs_least_and_only_where_that_is_less_than_at_once(
    offers: list[Offer], taken: str | None
) -> None:
    found = lanes.cheapest(offers, Usage(500, 0, 300), cost)
    assert (None if found is None else found.model) == taken


def test_a_batch_is_sent_when_its_first_request_waited_or_it_is_full() -> None:
    assert not lanes.is_due([], 1e9)
    assert not lanes.is_due([1_000.0, 1_200.0], 1_200.0)
    assert lanes.is_due([1_000.0, 1_200.0], 1_000.0 + lanes.GATHER_S)
    assert lanes.is_due([1_000.0] * lanes.MOST_REQUESTS, 1_000.0)
