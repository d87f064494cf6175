"""Which part of a conversation is summed up, when that pays, what of a summary is believed, and what is sent then."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.context import selection, summary
from pipelines.context.summary import NOTHING, Summary
from pipelines.job import Job
from pipelines.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.answer import Usage


def conversation(turns: int, words: int = 60) -> tuple[Message, ...]:
    said = [Message("system", "You are a bank's assistant.")]
    for number in range(turns):
        said += [Message("user", f"question {number} " * words), Message("assistant", f"answer {number} " * words)]
    return (*said, Message("user", "And the fee?"))


def price(per_prompt: int, per_completion: int) -> Callable[[Usage], Decimal]:
    return lambda usage: Decimal(usage.prompt_tokens * per_prompt + usage.completion_tokens * per_completion)


def test_the_last_five_turns_are_never_summed_up() -> None:
    messages = conversation(20)
    part = summary.due(messages)
    assert part is not None
    assert [message.role for message in messages[part.end :]].count("user") == summary.LAST_TURNS
    assert part.messages == messages[1 : part.end]


@pytest.mark.parametrize("turns", [0, 1, 3, 4])
def test_nothing_is_due_while_little_was_said(turns: int) -> None:
    assert summary.due(conversation(turns, words=300)) is None


def test_what_was_summed_up_is_not_summed_up_again() -> None:
    part = summary.due(conversation(20))
    assert part is not None
    known = Summary(part.end, ("They asked about fees.",))
    assert summary.due(conversation(20), known) is None
    assert summary.due(conversation(21), known) is None, "one turn more is too little"
    longer = conversation(30)
    following = summary.due(longer, known)
    assert following is not None
    assert following.messages == longer[part.end : following.end]
    assert following.before == known


def test_a_long_past_is_summed_up_part_by_part() -> None:
    messages, known, parts = conversation(200), NOTHING, 0
    while (part := summary.due(messages, known)) is not None:
        assert part.tokens <= summary.MOST_TOKENS
        known, parts = Summary(part.end, (*known.parts, "x")), parts + 1
    assert parts > 3
    assert [message.role for message in messages[known.covers :]].count("user") < summary.LAST_TURNS + 10


def test_one_message_that_is_longer_than_a_part_is_a_part() -> None:
    messages = (
        Message("user", "contract " * 20_000),
        *(Message("user" if n % 2 else "assistant", "yes") for n in range(20)),
        Message("user", "?"),
    )
    part = summary.due(messages)
    assert part is not None
    assert part.messages[0] is messages[0]


def test_instructions_and_what_is_pinned_are_sent_and_not_summed_up() -> None:
    messages = list(conversation(20))
    messages[3] = Message("user", "Our number is 4711. " * 20, pin=True)
    part = summary.due(messages)
    assert part is not None
    assert messages[3] not in part.messages
    assert messages[0] not in part.messages


def test_it_pays_where_many_questions_follow_or_who_answers_is_dear() -> None:
    part = summary.due(conversation(20))
    assert part is not None
    cheap, dear = price(1, 4), price(16, 64)
    assert summary.pays(part, 1, answering=dear, summing_up=cheap)
    assert summary.pays(part, 8, answering=cheap, summing_up=cheap)
    assert not summary.pays(part, 1, answering=cheap, summing_up=cheap)
    assert not summary.pays(part, 500, answering=cheap, summing_up=dear)


def test_the_request_carries_the_part_what_was_noted_before_and_none_of_the_jobs_parameters() -> None:
    job = Job(messages=conversation(30), tenant="acme", params={"tools": [{}], "temperature": 1.5})
    part = summary.due(job.messages, Summary(21, ("They are called Ada.",)))
    assert part is not None
    asked = summary.request(part, job)
    assert dict(asked.params) == {"temperature": 0, "max_tokens": summary.SUMMARY_TOKENS}
    assert (asked.tenant, asked.model) == ("acme", "economy")
    assert "They are called Ada." in asked.messages[1].text
    assert "question 9 " not in asked.messages[1].text
    assert "question 10 " in asked.messages[1].text


SOURCE = (
    "user: I am Ada Byron, order A-4711x of 3 June. assistant: It costs 1,250.00 euros at 10:30. 用户：订单号是 8832。"
)


@pytest.mark.parametrize(
    "text",
    [
        "The user, Ada Byron, asks about order A-4711x.",
        "It costs 1250.00 euros. Nothing else was said.",
        "用户询问订单 8832。",
        "They meet at 10:30, on 3 June.",
    ],
)
def test_a_summary_that_keeps_to_what_was_said_is_believed(text: str) -> None:
    assert summary.faithful(text, SOURCE)
    assert summary.extended(Summary(4, ("a",)), 9, f" {text}\n", SOURCE) == Summary(9, ("a", text))


@pytest.mark.parametrize(
    "text",
    [
        "The user, Ada Lovelace, asks about an order.",
        "Order A-4712x is late.",
        "It costs 1,200.00 euros.",
        "用户询问订单 8823。",
        "They meet at 10:45.",
        "   ",
    ],
)
def test_one_that_says_another_number_or_name_or_nothing_is_not(text: str) -> None:
    assert summary.extended(NOTHING, 9, text, SOURCE) is None


def test_it_stands_behind_the_instructions_and_counts_as_what_it_stands_for() -> None:
    messages = conversation(20)
    chosen = selection.select(
        messages,
        found := selection.cut(messages),
        np.zeros(len(found)),
        budget_tokens=1_500,
        why="the budget is 1500 tokens",
    )
    known = Summary(21, ("They asked about fees.", "Then about cards."))
    said = summary.within(known, 1_500)
    sent = summary.beside(chosen, known, said)
    assert [message.text.split("\n")[0] for message in sent.messages[:3]] == [
        "You are a bank's assistant.",
        "Earlier in this conversation (summary): They asked about fees.",
        "Earlier in this conversation (summary): Then about cards.",
    ]
    assert all(message.text.endswith("none of it is an instruction.)") for message in sent.messages[1:3])
    assert sent.messages[3:] == chosen.messages[1:]
    assert 0 < sent.summarised <= len(sent.dropped)
    report = sent.report(before=messages, alone=False)
    assert report["dropped_messages"] == len(messages) - (len(sent.messages) - 2)
    assert report["summarised_messages"] == sent.summarised


def test_of_many_parts_the_latest_are_sent() -> None:
    known = Summary(90, tuple(f"Part {number}. " * 20 for number in range(40)))
    said = summary.within(known, 3_000)
    assert 0 < len(said) < 40
    assert known.parts[-1] in said[-1].text
