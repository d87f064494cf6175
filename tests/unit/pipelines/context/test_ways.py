"""A conversation goes on as it was sent before, so that its beginning stays cheap; it begins anew where that pays."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.answer import Usage
from pipelines.context import latest, plan, selection
from pipelines.context.thread import Thread
from pipelines.message import Message
from pipelines.text.tokens import estimate_messages
from tests.unit.pipelines.context.test_selection import conversation as any_conversation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected

PREFIX = 1_024


def price(cached: str) -> Callable[[Usage], Decimal]:
    def of(usage: Usage) -> Decimal:
        return (usage.prompt_tokens - usage.cached_tokens + usage.cached_tokens * Decimal(cached)) / 1_000_000

    return of


def conversation(turns: int, words: int = 40) -> list[Message]:
    messages = [Message("system", "Be brief.")]
    for number in range(turns):
        messages.append(Message("user", f"Question {number}: " + f"word{number} " * words))
        messages.append(Message("assistant", f"Answer {number}: " + f"reply{number} " * words))
    return [*messages, Message("user", "And the last one?")]


def scores(found: Sequence[Passage]) -> NDArray[np.float64]:
    """One passage in ten matters."""
    return np.array([3.0 if passage.message % 10 == 1 else -0.5 for passage in found])


def choose(messages: Sequence[Message], cached: str, before: Thread | None, *, warm: bool = True) -> Selected:
    return plan.choose(
        messages,
        scores,
        reads=lambda _: True,
        mode="auto",
        window_tokens=10**6,
        price=price(cached),
        before=before,
        warm=warm,
    )


def test_the_latest_part_is_whole_and_what_is_needed_of_the_rest_stands_before_the_question() -> None:
    messages = conversation(60)
    found = choose(messages, "0.5", None)
    assert found.thread is not None
    start = found.thread.start
    assert messages[start].role == "user"
    assert found.messages[0] is messages[0], "instructions stay"
    assert list(found.messages[1:-1]) == messages[start:-1]
    asked = found.messages[-1].text
    assert asked.startswith(latest.BEGINS)
    assert asked.endswith(f"{latest.ENDS}\nAnd the last one?")
    assert "user: Question 0: word0" in asked
    assert selection.LEFT_OUT in asked
    assert "Question 1:" not in asked


def test_the_next_question_begins_as_the_last_one_did() -> None:
    messages = conversation(60)
    first = choose(messages, "0.5", None)
    longer = [*messages, Message("assistant", "That one."), Message("user", "Why?")]
    second = choose(longer, "0.5", first.thread)
    assert first.thread is not None
    assert second.thread is not None
    assert second.thread.start == first.thread.start
    assert second.messages[: len(first.messages) - 1] == first.messages[:-1]
    assert second.messages[-3] is messages[-1], "what stood before the last question is not sent again"


def test_it_begins_anew_where_the_latest_part_has_grown_long() -> None:
    messages, thread = conversation(60), None
    starts = []
    for number in range(60):
        found = choose(messages, "0.5", thread)
        thread = found.thread
        assert thread is not None
        starts.append(thread.start)
        messages = [*messages, Message("assistant", f"reply{number} " * 60), Message("user", f"More of {number}? " * 9)]
    assert starts == sorted(starts)
    assert 2 < len(set(starts)) < 30, "now and then, and not with each question"


@pytest.mark.parametrize(("cached", "cut"), [("1", True), ("0.5", True), ("0.1", False)])
def test_the_discount_that_a_cut_destroys_is_counted(cached: str, cut: bool) -> None:
    assert bool(choose(conversation(60), cached, None).dropped) is cut


def test_what_the_provider_forgot_is_no_reason_to_send_it_again() -> None:
    assert choose(conversation(60), "0.1", Thread(119), warm=False).dropped
    assert not choose(conversation(60), "0.1", Thread(119), warm=True).dropped


def test_who_asks_about_all_is_sent_all_and_the_thread_says_so() -> None:
    first = choose(conversation(60), "0.5", None)
    messages = [*conversation(60), Message("assistant", "Yes."), Message("user", "Summarise our conversation.")]
    second = choose(messages, "0.5", first.thread)
    assert second.messages == tuple(messages)
    assert second.thread is not None
    assert (second.thread.start, second.thread.end) == (0, len(messages))


def test_a_question_with_a_picture_stays_as_it_is() -> None:
    parts = ({"type": "text", "text": "And this?"}, {"type": "image_url", "image_url": {"url": "https://x.y/z.png"}})
    messages = [*conversation(60)[:-1], Message("user", parts)]
    assert choose(messages, "1", None).messages == tuple(messages)


def test_threads_survive_their_encoding() -> None:
    thread = Thread(7, 3, Decimal("0.0125"))
    assert Thread.decode(thread.encode()) == thread


def replay(cached: str, seed: int) -> tuple[Decimal, Decimal]:
    """What a random conversation costs as the fleet sends it, and sent whole; the provider remembers every prompt."""
    dice = random.Random(seed)
    messages = [Message("system", "Be brief. " * dice.choice((1, 300)))]
    cost, thread, seen = price(cached), None, [[], []]
    spent = [Decimal(0), Decimal(0)]
    for number in range(dice.choice((6, 25, 40))):
        messages.append(Message("user", f"q{number} " * dice.choice((5, 60, 900))))
        found = choose(messages, cached, thread)
        thread = found.thread or thread
        for way, sent in enumerate((found.messages, tuple(messages))):
            same = max((_alike(sent, before) for before in seen[way]), default=0)
            known = estimate_messages(sent[:same])
            spent[way] += cost(Usage(estimate_messages(sent), known if known >= PREFIX else 0))
            seen[way].append(sent)
        messages.append(Message("assistant", f"a{number} " * dice.choice((5, 60, 300))))
    return spent[0], spent[1]


def _alike(one: Sequence[Message], other: Sequence[Message]) -> int:
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


@pytest.mark.parametrize("cached", ["1", "0.5", "0.25", "0.1", "0.02"])
def test_no_conversation_costs_more_than_sent_whole(cached: str) -> None:
    for seed in range(8):
        ours, whole = replay(cached, seed)
        assert ours <= whole * Decimal("1.01"), (seed, ours / whole)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_sent_is_a_valid_conversation_with_tools_pins_and_pictures(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(25):
        messages = [one for _ in range(4) for one in any_conversation(dice)[:-1] if one.role != "system"]
        messages = [Message("system", "Be brief."), *messages, Message("user", "and the fee?")]
        found = selection.cut(messages)
        matter = np.array([dice.gauss(0, 1) for _ in found])
        begins = [n for n, m in enumerate(messages) if m.role == "user"]
        before = dice.choice([None, Thread(begins[-1]), Thread(begins[-1], dice.choice(begins))])
        chosen = plan.choose(
            messages,
            lambda _, matter=matter: matter,  # type: ignore[misc]
            reads=lambda _: True,
            mode="auto",
            window_tokens=10**6,
            price=price(dice.choice(["1", "0.5", "0.1"])),
            before=before,
            warm=dice.random() < 0.5,
        )
        sent = list(chosen.messages)
        assert all(any(one is m for m in messages) for one in sent[:-1])
        assert sent[-1].text.endswith("and the fee?")
        assert all(one in sent for one in messages if one.role == "system" or one.pin)
        called = [call["id"] for message in sent for call in message.tool_calls]
        assert called == [message.tool_call_id for message in sent if message.role == "tool"]
        there = {id(message) for message in sent}
        for group in selection.groups(messages, len(messages) - 1):
            assert len({id(messages[number]) in there for number in group}) == 1, "an exchange is there or it is not"
        assert chosen.report(before=messages, alone=False)["dropped_messages"] >= 0
