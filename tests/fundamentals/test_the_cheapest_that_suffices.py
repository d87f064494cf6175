"""The cheapest model that suffices answers; what nobody offers costs nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import UnknownModel
from tests.fundamentals.turns import QUESTIONS

if TYPE_CHECKING:
    from tests.fleet import InProcess


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_new_question_goes_to_the_cheapest_model_that_suffices(fleet: InProcess, tenant: str, question: str) -> None:
    answer = fleet.ask(question, tenant=tenant)
    assert (answer.source, answer.model) == ("model", "gpt-4o-mini")
    assert Decimal(0) < answer.cost_usd < answer.baseline_usd


@pytest.mark.parametrize(
    "question", ["Compare your two plans and analyze their trade-offs.", "对比Q3财报与去年同期变化"]
)
def test_a_hard_question_goes_to_the_premium_model(fleet: InProcess, tenant: str, question: str) -> None:
    answer = fleet.ask(question, tenant=tenant)
    assert answer.model == "gpt-4o"
    assert answer.route is not None
    assert answer.route.reason.startswith("hard: ")


def test_a_model_that_nobody_offers_is_refused_before_anything_is_spent(fleet: InProcess, tenant: str) -> None:
    calls = len(fleet.model.requests)
    with pytest.raises(UnknownModel, match="a string of 6 characters, expected one of auto"):
        fleet.ask("hello", tenant=tenant, model="gpt-17")
    assert len(fleet.model.requests) == calls
