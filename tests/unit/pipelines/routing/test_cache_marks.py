"""Marks up to where a provider is to remember a prompt: what comes again with the next question, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.message import Message
from pipelines.routing import completion
from pipelines.routing.cache_marks import LEAST_TOKENS, MARK, marked
from pipelines.routing.catalog import Offer
from pipelines.text.tokens import estimate_messages

LONG = "Returns are taken back within thirty days of delivery. " * 120
SYSTEM, TURN, REPLY = Message("system", LONG), Message("user", LONG), Message("assistant", "Within thirty days.")
NEXT = Message("user", "[Earlier in this conversation:]\nuser: a lamp\n[Now:]\nAnd the shade?")
CALL = Message("assistant", None, tool_calls=({"id": "c", "type": "function", "function": {"name": "f"}},))
RESULT = Message("tool", "{}", tool_call_id="c")
PICTURE: Any = ({"type": "text", "text": LONG}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}})


def where(messages: list[Message]) -> list[int]:
    found = []
    for number, message in enumerate(marked(messages)):
        parts = message["content"] if isinstance(message["content"], list) else []
        marks = [part.get("cache_control") for part in parts]
        assert all(mark in (None, MARK) for mark in marks)
        if any(marks):
            assert marks[-1] == MARK
            assert sum(map(bool, marks)) == 1
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([SYSTEM, TURN], [0]),
        ([SYSTEM, TURN, REPLY, NEXT], [0, 2]),
        ([TURN, REPLY, NEXT], [1]),
        ([SYSTEM, NEXT, CALL, RESULT], [0]),
        ([SYSTEM, TURN, CALL, RESULT, NEXT], [0, 3]),
        ([SYSTEM, TURN, CALL, NEXT], [0, 1]),
        ([SYSTEM, Message("user", PICTURE), NEXT], [0]),
        ([Message("system", "Be brief."), Message("user", "Hi"), REPLY, NEXT], []),
        ([Message("system", ""), NEXT], []),
        ([NEXT], []),
    ],
    ids=[
        *("instructions", "a conversation", "no instructions", "tools of the question", "tools before it"),
        *("a call without words", "a picture", "short", "empty", "alone"),
    ],
)
def test_the_marks_stand_where_what_comes_again_ends(messages: list[Message], expected: list[int]) -> None:
    assert where(messages) == expected
    assert all(estimate_messages(messages[: n + 1]) >= LEAST_TOKENS for n in expected)


def test_nothing_but_marks_is_added_and_the_messages_stay_as_they_were() -> None:
    messages = [SYSTEM, TURN, REPLY, NEXT]
    for plain, sent in zip(messages, marked(messages), strict=True):
        content = sent["content"]
        text = content if isinstance(content, str) else "".join(part["text"] for part in content)
        assert (text, sent["role"]) == (plain.content, plain.role)
    assert [message.sent["content"] for message in messages] == [message.content for message in messages]


@pytest.mark.parametrize("takes", [True, False])
def test_only_who_takes_marks_is_sent_some(takes: bool) -> None:
    sent = completion.request(Offer("p", "m", "economy", takes_cache_marks=takes), [SYSTEM, TURN, REPLY, NEXT], {})
    assert ("cache_control" in str(sent["messages"])) is takes
