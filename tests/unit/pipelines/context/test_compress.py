"""Which messages are sent: a no-op under the budget, whole turns above it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.context.compress import compress
from pipelines.message import Message
from pipelines.text.tokens import estimate, estimate_messages

SYSTEM = Message("system", "Be brief.")


def talk(turns: int, words: int = 20) -> list[Message]:
    said = [SYSTEM]
    for number in range(turns):
        said += [Message("user", f"question {number} " + "word " * words), Message("assistant", "reply " * words)]
    return [*said, Message("user", "And now?")]


def test_under_the_budget_nothing_changes() -> None:
    messages = talk(3)
    found = compress(messages, budget_tokens=10_000)
    assert (found.messages, found.dropped, found.tokens_before) == (tuple(messages), 0, found.tokens_after)


def test_instructions_and_the_latest_turns_stay_in_order() -> None:
    messages = talk(50)
    found = compress(messages, budget_tokens=200)
    assert found.messages[0] == SYSTEM
    assert found.messages[1:] == tuple(messages[-len(found.messages) + 1 :])
    assert found.messages[1].role == "user"
    assert found.tokens_after <= 200 < found.tokens_before
    assert found.dropped == len(messages) - len(found.messages)


def test_the_question_is_sent_even_when_it_alone_exceeds_the_budget() -> None:
    found = compress([SYSTEM, Message("user", "word " * 500)], budget_tokens=100)
    assert found.dropped == 0


def test_a_tool_call_and_its_result_stay_or_go_together() -> None:
    call = Message("assistant", None, tool_calls=({"id": "c", "type": "function", "function": {}},))
    messages = [Message("user", "x " * 30), call, Message("tool", "y " * 30, tool_call_id="c"), Message("user", "and?")]
    for budget in range(100, 200, 5):
        roles = [m.role for m in compress(messages, budget_tokens=budget).messages]
        assert roles in (["user"], ["user", "assistant", "tool", "user"])


@given(st.integers(0, 30), st.integers(100, 3_000))
def test_the_budget_holds_for_any_length(turns: int, budget: int) -> None:
    found = compress(talk(turns), budget_tokens=budget)
    assert found.tokens_after == estimate_messages(found.messages) <= max(budget, 40)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("hello", 1), ("internationalisation", 3), ("怎么退款", 3), ("123456", 3), ("Hi!", 2), ("退款ok", 3)],
)
def test_tokens_are_estimated_without_a_vocabulary(text: str, tokens: int) -> None:
    assert estimate(text) == tokens
