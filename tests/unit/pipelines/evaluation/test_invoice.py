"""What conversations would cost: whole, with a summary, and as the fleet sends them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.evaluation.invoice import Provider, invoice
from pipelines.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.answer import Usage

TOPICS = ("tax", "rent", "roof", "pump", "fence")


def price(cached: str) -> Callable[[Usage], Decimal]:
    def of(usage: Usage) -> Decimal:
        fresh = usage.prompt_tokens - usage.cached_tokens
        return fresh + usage.cached_tokens * Decimal(cached) + 4 * usage.completion_tokens

    return of


def conversation(turns: int) -> list[Message]:
    said = [Message("system", "Be brief.")]
    for number in range(turns):
        topic = TOPICS[number % len(TOPICS)]
        said += [
            Message("user", f"And what of it, for the {topic} case {number}? " + f"The {topic} matters. " * 8),
            Message("assistant", f"The {topic} is settled. " * 12),
        ]
    return said


def by_topic(messages: Any, found: Any) -> Any:
    topic = next(word for word in TOPICS if word in messages[-1].text)
    return np.array([1.0 if topic in passage.text else -1.0 for passage in found])


def test_a_provider_discounts_the_longest_beginning_that_it_was_sent_before() -> None:
    said = conversation(20)
    provider = Provider(price("0.1"))
    first = provider.usd(tuple(said[:20]), 0)
    again = provider.usd(tuple(said[:22]), 0)
    assert again < 0.3 * float(first)
    other = provider.usd((said[0], *said[3:22]), 0)
    assert float(other) > 0.8 * float(first)


@pytest.mark.parametrize("cached", ["1", "0.5", "0.25", "0.1", "0.02"])
def test_the_fleets_way_is_never_dearer_than_sending_everything(cached: str) -> None:
    found = invoice([conversation(n) for n in (3, 12, 40)], price=price(cached), scores=by_topic, reads=lambda _: True)
    assert found["dearer_than_all"] == 0
    assert found["worst_ratio"] <= 1.01
    assert found["questions"] == 55
    assert (found["cut"] > 0) is (Decimal(cached) >= Decimal("0.5"))
    assert found["prompt_tokens"]["ours"] <= found["prompt_tokens"]["all"]


def test_a_summary_that_is_written_anew_each_time_costs_more_than_it_saves() -> None:
    found = invoice([conversation(40)], price=price("0.1"), scores=by_topic, reads=lambda _: True)
    assert found["saved_by_summary"] < 0.0
    assert found["saved_long"] == found["saved"]


def test_nothing_asked_is_nothing_owed() -> None:
    found = invoice([[Message("user", "Hello?")]], price=price("1"), scores=by_topic, reads=lambda _: True)
    assert (found["questions"], found["saved"]) == (0, None)
