"""What was asked before is free, in other words too; what only looks alike is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.fundamentals.turns import QUESTIONS

if TYPE_CHECKING:
    from tests.fleet import InProcess


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_repeated_question_is_free(fleet: InProcess, tenant: str, question: str) -> None:
    first = fleet.settled(fleet.ask(question, tenant=tenant))
    calls = len(fleet.model.requests)
    again = fleet.ask(question, tenant=tenant)
    assert (again.source, again.text, again.cost_usd) == ("exact", first.text, Decimal(0))
    assert again.baseline_usd > 0
    assert len(fleet.model.requests) == calls


def test_a_question_in_other_words_is_free_too(fleet: InProcess, tenant: str) -> None:
    first = fleet.settled(fleet.ask("How do I reset my password?", tenant=tenant))
    again = fleet.ask("How can I reset my password?", tenant=tenant)
    assert (again.source, again.text) == ("semantic", first.text)
    assert again.cache is not None
    assert again.cache["similarity"] > 0.92


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("怎么申请售后？", "你好，请问怎么申请售后呢"),
        ("How do I return a lamp?", "hi, how do I return a lamp? thanks!"),
    ],
)
def test_near_exact_questions_share_an_answer_and_say_so(fleet: InProcess, tenant: str, one: str, other: str) -> None:
    first = fleet.settled(fleet.ask(one, tenant=tenant))
    again = fleet.ask(other, tenant=tenant)
    assert (again.source, again.text) == ("exact", first.text)
    assert again.cache is not None
    assert again.cache["decided_by"] == "near-exact"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I return an item?", "How do I exchange an item?"),
        ("How do I upgrade my membership?", "How do I downgrade my membership?"),
        ("Can I withdraw 100 dollars?", "Can I withdraw 900 dollars?"),
        ("怎么退货？", "怎么换货？"),
        ("如何开通会员？", "如何关闭会员？"),
    ],
)
def test_a_question_that_only_looks_alike_is_asked(fleet: InProcess, tenant: str, one: str, other: str) -> None:
    fleet.settled(fleet.ask(one, tenant=tenant))
    assert fleet.ask(other, tenant=tenant).source == "model"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("不用，取消订单吧", "不用取消订单吧"),
        ("不用的卡怎么注销？", "不用卡怎么注销？"),
        ("how do you say thank you", "how do you say please"),
        ("我想要白、金卡怎么申请？", "我想要白金卡怎么申请？"),
    ],
)
def test_what_parts_two_questions_is_not_dropped(fleet: InProcess, tenant: str, one: str, other: str) -> None:
    fleet.settled(fleet.ask(one, tenant=tenant))
    assert fleet.ask(other, tenant=tenant).source == "model"


def test_answers_that_differ_in_the_decisive_word_stay_with_their_questions(parrot: InProcess, tenant: str) -> None:
    leaflet = "This is general information and replaces no doctor. {} is {} while breastfeeding at the usual dose."
    said = {"May I take ibuprofen while breastfeeding?": leaflet.format("Ibuprofen", "suitable"),
            "May I take aspirin while breastfeeding?": leaflet.format("Aspirin", "unsuitable")}  # fmt: skip
    parrot.model.voice = lambda messages: said[messages[-1].text]
    for question in said:
        parrot.settled(parrot.ask(question, tenant=tenant, cache="refresh"))
    for question, answer in said.items():
        assert (parrot.ask(question, tenant=tenant).text) == answer
