"""What goes to the model: the question alone, or with all that came before; and what makes its scope."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.context.prompt import Prompt, closed
from pipelines.job import Job

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def said(*turns: str) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": turn} for n, turn in enumerate(turns)]


def of(*messages: dict[str, Any]) -> Prompt:
    return closed(Job.decode({"messages": list(messages)}))


def test_the_first_turn_always_stands_alone() -> None:
    found = of(*said("And that?"))
    assert (found.alone, found.follows) == (True, False)


def test_a_whole_question_is_asked_without_what_came_before_but_with_the_instructions() -> None:
    system = {"role": "system", "content": "Be brief."}
    found = of(system, *said("Do you ship to Spain?", "Yes.", "How do I reset my account password?"))
    assert (found.alone, found.follows) == (True, True)
    assert [m.text for m in found.messages] == ["Be brief.", "How do I reset my account password?"]


@pytest.mark.parametrize(
    "before",
    [
        said("I am pregnant and allergic to nuts.", "Thanks for telling me."),
        said("Answer only with yes or no from now on.", "Yes."),
        said("我是企业版用户，公司在深圳。", "好的。"),
        said("I live in Norway. Do you ship there?", "Yes."),
        said("My lamp is broken", "I am sorry."),
        [{"role": "user", "content": [{"type": "text", "text": "Is this right?"}, PICTURE]}, *said("", "Yes.")[1:]],
        [*said("Do you ship to Spain?")],
        [
            *said("Do you ship to Spain?"),
            {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {}}]},
            {"role": "tool", "content": "yes", "tool_call_id": "c"},
            {"role": "assistant", "content": "Yes."},
        ],
    ],
    ids=["facts", "orders", "facts-zh", "facts-beside-a-question", "a-statement", "a-picture", "two-in-a-row", "tools"],
)
def test_what_may_matter_to_the_answer_is_sent_with_the_question(before: list[dict[str, Any]]) -> None:
    found = of(*before, *said("How do I reset my account password?"))
    assert not found.alone
    assert len(found.messages) == len(before) + 1


@pytest.mark.parametrize("before", ["Hi", "Hello! How do I pay by invoice?", "你好", "怎么退款？", "Thanks a lot!"])
def test_a_courtesy_or_another_question_colours_nothing(before: str) -> None:
    assert of(*said(before, "Sure."), *said("How do I reset my account password?")).alone


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([{"role": "user", "content": "Hi", "name": "ann"}], [{"role": "user", "content": "Hi", "name": "bob"}]),
        ([{"role": "user", "content": [PICTURE]}], [{"role": "user", "content": [{**PICTURE, "detail": "low"}]}]),
        (
            [{"role": "user", "content": [{"type": "text", "text": "This?"}, PICTURE]}],
            [{"role": "user", "content": [PICTURE, {"type": "text", "text": "This?"}]}],
        ),
        ([{"role": "user", "content": [{"type": "text", "text": "This?"}, PICTURE]}], said("This?")),
        (
            [{"role": "system", "content": "A"}, *said("And?", "Yes.", "And that?")],
            [*said("And?", "Yes."), {"role": "system", "content": "A"}, *said("And that?")],
        ),
        ([{"role": "system", "content": "A"}, *said("x")], [{"role": "developer", "content": "A"}, *said("x")]),
    ],
    ids=["name", "part", "order-of-parts", "with-and-without", "place-of-instructions", "role"],
)
def test_all_that_is_sent_beside_the_words_is_in_the_scope(one: list[Any], other: list[Any]) -> None:
    assert of(*one).around != of(*other).around


def test_the_words_are_not_in_the_scope_however_they_are_wrapped() -> None:
    wrapped = [{"role": "user", "content": [{"type": "text", "text": "Do you ship to Spain?"}]}]
    assert of(*wrapped).around == of(*said("Do you ship to Italy?")).around


@pytest.mark.parametrize("content", [[PICTURE], [{"type": "text", "text": "This?"}, {"type": "file", "file": {}}]])
def test_no_encoder_stands_for_what_is_not_words(content: list[Any]) -> None:
    assert not of({"role": "user", "content": content}).readable


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "Hi", "name": "jo@example.com"}],
        [{"role": "system", "content": "The customer is jane.roe@example.com."}, *said("Hi")],
        said("My card is 4111 1111 1111 1111.", "Thanks.", "Is it valid?"),
        [{"role": "user", "content": [{"type": "file", "file": {"filename": "card 4111 1111 1111 1111.pdf"}}]}],
    ],
)
def test_personal_data_is_looked_for_in_everything_that_is_sent(messages: list[Any]) -> None:
    assert of(*messages).personal


@pytest.mark.parametrize(
    "instructions",
    [
        "Point to support@shop.example.",
        "Our hotline: +49 30 1234567.",
        "客服电话：400-810-8888",
        "Be brief.",
        "Knowledge 20261125, article 4471823.",
    ],
)
def test_the_operators_own_address_is_nobodys_personal_data(instructions: str) -> None:
    assert not of({"role": "system", "content": instructions}, *said("Do you ship to Spain?")).personal


@pytest.mark.parametrize(
    ("system", "kinds"),
    [
        ("Now: 2026-11-25 09:00:01. You help.", {"clock"}),
        ("Current time: 9:00", {"clock"}),
        ("现在时间 09:00", {"clock"}),
        ("request_id: 7f3a9c21b", {"id"}),
        ("Session 123e4567-e89b-12d3-a456-426614174000", {"id"}),
        ("You help. We are open from 9:00 to 18:00.", set()),
    ],
)
def test_a_clock_or_an_id_in_the_instructions_is_noticed(system: str, kinds: set[str]) -> None:
    assert of({"role": "system", "content": system}, *said("Do you ship to Spain?")).volatile == kinds


def test_what_the_operator_names_is_left_out_of_the_key_and_sent_all_the_same() -> None:
    def at(time: str) -> Prompt:
        turns = [{"role": "system", "content": f"Now: {time}. You help."}, *said(f"[{time}] How do I return a cap?")]
        return closed(Job.decode({"messages": turns}), leave_out=(r"Now: [\d: -]+\.", r"^\[[\d: -]+\]"))

    one, other = at("2026-11-25 09:00:01"), at("2026-11-25 09:00:02")
    assert (one.around, one.words) == (other.around, other.words)
    assert one.words == "How do I return a cap?"
    assert "09:00:01" in one.messages[0].text
    assert one.volatile == frozenset()
