"""What public reports broke, where the file of them is at hand: each pair is two questions, each answer its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fleet import InProcess

REPORTS = Path("../shared/trials/failing.jsonl")
pytestmark = pytest.mark.skipif(not REPORTS.exists(), reason=f"{REPORTS} is not there")


def reported(*fields: str) -> list[Any]:
    if not REPORTS.exists():
        return []
    rows = [json.loads(line) for line in REPORTS.read_text(encoding="utf-8").splitlines()]
    return [row["input"] for row in rows if isinstance(row["input"], dict) and set(fields) <= set(row["input"])]


@pytest.mark.parametrize("pair", reported("cached", "asked"), ids=lambda pair: str(pair["asked"])[:40])
def test_two_questions_are_two(unjudged: InProcess, tenant: str, pair: dict[str, str]) -> None:
    twins = "Ｈ" in pair["asked"]
    unjudged.settled(unjudged.ask(pair["cached"], tenant=tenant, user="u-1"))
    assert (unjudged.ask(pair["asked"], tenant=tenant, user="u-1").source == "model") is not twins


@pytest.mark.parametrize("talk", reported("first", "then"), ids=lambda talk: str(talk["then"])[-60:-20])
def test_what_is_not_text_is_in_the_key(unjudged: InProcess, tenant: str, talk: dict[str, Any]) -> None:
    unjudged.settled(unjudged.ask(talk["first"], tenant=tenant, model="premium", user="u"))
    assert unjudged.ask(talk["then"], tenant=tenant, model="premium", user="u").source == "model"


@pytest.mark.parametrize("talk", reported("user_a", "user_b"), ids=lambda talk: str(talk["user_b"])[-50:-20])
def test_an_answer_made_with_a_conversation_is_its_own(unjudged: InProcess, tenant: str, talk: dict[str, Any]) -> None:
    unjudged.model.voice = lambda messages: "As you said: " + " | ".join(m.text for m in messages[:-1]) + ". Done."
    try:
        unjudged.settled(unjudged.ask(talk["user_a"], tenant=tenant, user="a"))
        said = unjudged.ask(talk["user_b"], tenant=tenant, user="b").text
    finally:
        unjudged.model.voice = None
    assert not [m["content"] for m in talk["user_a"][:-1] if m["content"] in said]


@pytest.mark.parametrize("told", reported("ask_in_turn"), ids=lambda told: str(told["then_ask_again"])[:40])
def test_a_question_is_told_again_what_it_was_told(unjudged: InProcess, tenant: str, told: dict[str, Any]) -> None:
    answers = told["model_answers"]
    said = dict(zip(told["ask_in_turn"], answers, strict=True)) if isinstance(answers, list) else {}
    unjudged.model.voice = lambda messages: said.get(messages[-1].text, f"Answer: {messages[-1].text}")
    try:
        for question in told["ask_in_turn"]:
            unjudged.settled(unjudged.ask(question, tenant=tenant, cache="refresh"))
        question = told["then_ask_again"]
        assert unjudged.ask(question, tenant=tenant).text == said.get(question, f"Answer: {question}")
    finally:
        unjudged.model.voice = None
