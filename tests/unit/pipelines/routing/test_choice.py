"""Which offers may answer, and in which order they are asked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.job import Job
from pipelines.routing import choice
from pipelines.routing.catalog import Offer

if TYPE_CHECKING:
    from pipelines.answer import Usage

ABROAD = Offer("abroad", "plain", "economy", context_tokens=8_000, max_output_tokens=1_000, capabilities=frozenset())
HOME = Offer("home", "small", "economy", context_tokens=128_000)
SEES = Offer("sees", "small", "economy", capabilities=frozenset({"vision", "tools", "json_schema"}))
OFFERS = (HOME, SEES, ABROAD)
# Dollars per million tokens, in and out: the cheapest depends on how much comes out.
PRICES = {"abroad": (1, 9), "home": (2, 4), "sees": (3, 12)}


def cost(offer: Offer, usage: Usage) -> Decimal:
    given, made = PRICES[offer.provider]
    return Decimal(usage.prompt_tokens * given + usage.completion_tokens * made)


def job(**fields: Any) -> Job:
    return Job.decode({"messages": [{"role": "user", "content": "hi"}], **fields})


@pytest.mark.parametrize(
    ("prompt_tokens", "params", "order"),
    [
        (100, {}, ["home", "abroad", "sees"]),
        (7_000, {}, ["abroad", "home", "sees"]),
        (7_500, {}, ["home", "sees"]),  # beyond the first's window
        (7_500, {"max_tokens": 200}, ["abroad", "home", "sees"]),  # a short completion leaves room
        (100, {"max_tokens": 10}, ["abroad", "home", "sees"]),
        (100, {"tools": [{"type": "function"}]}, ["home", "sees"]),
        (500_000, {}, ["home", "sees", "abroad"]),  # nobody has room by our estimate: the provider decides
    ],
)
def test_the_cheapest_that_can_serve_this_request_comes_first(
    prompt_tokens: int, params: dict[str, Any], order: list[str]
) -> None:
    found = choice.cheapest_first(job(params=params), prompt_tokens=prompt_tokens, offers=OFFERS, cost=cost)
    if prompt_tokens == 500_000:
        assert {offer.provider for offer in found} == set(order)
    else:
        assert [offer.provider for offer in found] == order


def test_equal_prices_keep_the_operators_order() -> None:
    found = choice.cheapest_first(job(), prompt_tokens=1, offers=OFFERS, cost=lambda *_: Decimal(1))
    assert found == OFFERS


def test_what_is_lacking_is_said() -> None:
    schema = {"type": "json_schema", "json_schema": {}}
    wanted = job(params={"response_format": schema})
    assert choice.lacking(wanted, prompt_tokens=10, offers=[ABROAD]) == "no economy model has json_schema"
    assert choice.lacking(job(), prompt_tokens=9_000, offers=[ABROAD]) == (
        "the prompt exceeds every economy model's window"
    )
    # One has the room, the other the capability: together they are still no model that serves.
    assert choice.lacking(wanted, prompt_tokens=7_990, offers=[ABROAD, HOME]) is None
    small = Offer("p", "m", "economy", context_tokens=1_000, max_output_tokens=100)
    assert choice.lacking(wanted, prompt_tokens=5_000, offers=[ABROAD, small]) == (
        "no economy model has all that it needs"
    )
