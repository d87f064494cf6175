"""Which messages are sent: within the budget, in their order, and valid for every provider."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from pipelines.context import selection
from pipelines.context.passages import LONG_TOKENS, passages
from pipelines.context.selection import LEFT_OUT, cut, everything, select
from pipelines.message import Message
from pipelines.text.tokens import estimate, estimate_messages

SYSTEM = Message("system", "Be brief.")


def talk(turns: int, words: int = 20) -> list[Message]:
    said = [SYSTEM]
    for number in range(turns):
        said += [Message("user", f"question {number} " + "word " * words), Message("assistant", "reply " * words)]
    return [*said, Message("user", "And now?")]


def of_latest(messages: list[Message], budget: int) -> selection.Selected:
    found = cut(messages)
    return select(messages, found, np.arange(len(found), dtype=np.float64), budget_tokens=budget)


def test_nothing_is_left_out_of_everything() -> None:
    messages = talk(3)
    found = everything(messages)
    assert (found.messages, found.dropped, found.tokens_before) == (tuple(messages), (), found.tokens_after)
    assert found.says == ()


def test_what_matters_stays_in_order_and_the_rest_goes() -> None:
    messages = talk(50)
    found = cut(messages)
    scores = np.zeros(len(found))
    scores[20:22] = 1.0
    chosen = select(messages, found, scores, budget_tokens=200)
    kept = [number for number in range(len(messages)) if number not in chosen.dropped]
    assert kept[:3] == [0, 21, 22]  # the instructions, and the exchange that matters
    assert list(chosen.messages) == [messages[number] for number in kept]
    assert chosen.tokens_after <= 200 < chosen.tokens_before


def test_the_latest_exchange_stays_whatever_it_says() -> None:
    messages = talk(50, words=5)
    found = cut(messages)
    scores = -np.arange(len(found), dtype=np.float64)
    chosen = select(messages, found, scores, budget_tokens=400)
    assert messages[-3] in chosen.messages
    assert messages[1] in chosen.messages


def test_the_last_exchange_stays_though_it_is_long() -> None:
    listed = Message("assistant", "\n".join(f"{n}. Plan {n} has {n} gigabytes and costs {n} euros." for n in range(60)))
    messages = [*talk(60)[:-1], Message("user", "Which plans are there?"), listed, Message("user", "And the second?")]
    found = cut(messages)
    chosen = select(messages, found, np.zeros(len(found)), budget_tokens=3_000, least=1.0)
    assert listed in chosen.messages
    assert estimate(listed.text) > selection.LATEST_TOKENS


def test_the_question_is_sent_even_when_it_alone_exceeds_the_budget() -> None:
    assert of_latest([SYSTEM, Message("user", "word " * 500)], 100).dropped == ()


def test_what_is_pinned_is_always_sent() -> None:
    messages = talk(30)
    messages[5] = Message("user", "My order is A-17.", pin=True)
    chosen = of_latest(messages, 150)
    assert messages[5] in chosen.messages
    assert chosen.messages[chosen.messages.index(messages[5]) + 1].content == LEFT_OUT  # its reply: roles alternate


def test_of_a_long_message_what_matters_is_sent_with_its_heading_and_a_mark() -> None:
    clauses = [
        f"## {n}. Clause of {name}\n\n" + f"Whatever is said of {name} holds. " * 20 for n, name in enumerate("ABCDEF")
    ]
    messages = [Message("user", "\n\n".join(clauses)), Message("assistant", "Read."), Message("user", "What of D?")]
    found = cut(messages)
    scores = np.array([float("said of D" in passage.text) for passage in found])
    chosen = select(messages, found, scores, budget_tokens=400, least=0.5)
    text = chosen.messages[0].text
    assert text.startswith(LEFT_OUT)
    assert text.endswith(LEFT_OUT)
    assert "## 3. Clause of D" in text
    assert "said of A" not in text
    assert (chosen.shortened, chosen.dropped) == ((0, 1), ())
    assert chosen.says == ("context cut: 2 were sent in part",)


def test_a_tool_call_and_its_result_stay_or_go_together() -> None:
    call = Message("assistant", None, tool_calls=({"id": "c", "type": "function", "function": {}},))
    messages = [Message("user", "x " * 30), call, Message("tool", "y " * 30, tool_call_id="c"), Message("user", "and?")]
    for budget in range(100, 200, 5):
        roles = [m.role for m in of_latest(messages, budget).messages]
        assert roles in (["user"], ["user", "assistant", "tool", "user"])


WORDS = ["refund", "the", "order 12", "怎么退款", "```\ncode\n```", "\n\n", "# Head\n", "a.b@c.de", "是。"]


def text(dice: Random, most: int) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randrange(most)))


def conversation(dice: Random) -> list[Message]:
    said: list[Message] = [SYSTEM] * dice.randrange(2)
    for number in range(dice.randrange(12)):
        content: Any = text(dice, dice.choice([10, 200]))
        if dice.random() < 0.2:
            content = ({"type": "text", "text": content}, {"type": "image_url", "image_url": {"url": "https://x/y"}})
        said.append(Message("user", content, pin=dice.random() < 0.1))
        if dice.random() < 0.4:
            ids = [f"c{number}.{i}" for i in range(dice.randint(1, 2))]
            calls = tuple({"id": one, "type": "function", "function": {"name": "f", "arguments": "{}"}} for one in ids)
            said.append(Message("assistant", dice.choice([None, "Let me look."]), tool_calls=calls))
            said += [Message("tool", text(dice, 300), tool_call_id=one) for one in ids]
        if dice.random() < 0.8:
            said.append(Message("assistant", text(dice, 80)))
    return [*said, Message("user", "and the fee?")]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_sent_is_a_valid_conversation_within_the_budget(seed: int) -> None:
    dice = Random(seed)
    for _ in range(50):
        valid(conversation(dice), dice.randint(20, 2_000), dice, dice.uniform(-2, 2))


def valid(messages: list[Message], budget: int, dice: Random, least: float) -> None:
    found = cut(messages)
    scores = np.array([dice.gauss(0, 1) for _ in found])
    chosen = select(messages, found, scores, budget_tokens=budget, least=least)
    sent = list(chosen.messages)
    always = [m for m in messages if m.role == "system" or m.pin or m is messages[-1]]
    frames = sum(10 + estimate_messages([Message(m.role, "", tool_calls=m.tool_calls)]) for m in messages)
    assert chosen.tokens_after <= max(budget, estimate_messages(always) + frames * any(m.pin for m in messages))
    assert all(one in sent for one in always)
    assert sent[-1] is messages[-1]
    numbers = [n for n in range(len(messages)) if n not in chosen.dropped]
    assert len(numbers) == len(sent)
    for number, message in zip(numbers, sent, strict=True):
        assert message.role == messages[number].role
        assert message.tool_calls == messages[number].tool_calls
        assert message is messages[number] or number in chosen.shortened
        assert message.content is not None or message.tool_calls
    called = [call["id"] for message in sent for call in message.tool_calls]
    assert called == [message.tool_call_id for message in sent if message.role == "tool"]
    # An exchange is there as a whole or not at all: what alternated before alternates.
    for group in selection.groups(messages, len(messages) - 1):
        assert len({number in chosen.dropped for number in group}) == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_word_of_a_long_message_is_lost_when_it_is_cut(seed: int) -> None:
    said = " ".join(Random(seed).choices(WORDS, k=150))
    found = passages(3, Message("user", said))
    assert "".join("".join(p.text.split()) for p in found) == "".join(said.split())
    assert len(found) > 1 or estimate(said) <= LONG_TOKENS
    assert all(p.message == 3 for p in found)


@pytest.mark.parametrize("said", ["x" * 40_000, "字" * 9_000, "```\n" + "code line\n" * 3_000, "a\n" * 9_000])
def test_what_has_no_structure_is_cut_all_the_same(said: str) -> None:
    found = passages(0, Message("user", said))
    assert len(found) > 10
    assert max(p.tokens for p in found) <= 2 * LONG_TOKENS
