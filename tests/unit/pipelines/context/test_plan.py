"""When something is left out: where it surely pays, and the question is not about all of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.context import plan
from pipelines.message import Message
from pipelines.text.tokens import estimate_messages
from tests.agreement import agreement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pipelines.answer import Usage
    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected
    from pipelines.job import Context

MTOK = 1_000_000


def price(cached: str) -> Callable[[Usage], Decimal]:
    """A dollar per million tokens, of which what was seen before costs ``cached`` of it."""

    def of(usage: Usage) -> Decimal:
        return (usage.prompt_tokens - usage.cached_tokens + usage.cached_tokens * Decimal(cached)) / MTOK

    return of


def matters(share: float) -> Callable[[Sequence[Passage]], NDArray[np.float64]]:
    """The first ``share`` of the passages matter, and the others do not."""

    def of(found: Sequence[Passage]) -> NDArray[np.float64]:
        return np.where(np.arange(len(found)) < share * len(found), 2.0, -1.0)

    return of


def chosen(
    question: str, *, mode: Context = "auto", cached: str = "1", share: float = 0.3, reads: bool = True
) -> Selected:
    messages = [Message("user", agreement()), Message("assistant", "I have read it."), Message("user", question)]
    return plan.choose(
        messages, matters(share), reads=lambda _: reads, mode=mode, window_tokens=100_000, price=price(cached)
    )


def test_what_matters_less_is_left_out_and_the_answer_says_why() -> None:
    found = chosen("Who is liable?")
    assert found.tokens_after < 0.4 * found.tokens_before
    assert found.why == "the rest matters less to the question"
    before = [Message("user", agreement()), Message("assistant", "I have read it."), Message("user", "Who is liable?")]
    report = found.report(before=before, alone=False)
    assert (report["shortened_messages"], report["dropped_messages"], report["why"]) == (1, 1, found.why)
    saved = Decimal(report["expected_saving_usd"]) * MTOK
    assert saved == found.tokens_before - found.tokens_after


@pytest.mark.parametrize(
    ("question", "mode", "reads", "why"),
    [
        ("Who is liable?", "all", True, "all of it is sent"),
        ("Summarise the agreement", "auto", True, "the question is about all of it"),
        ("把全文翻译成英文", "auto", True, "the question is about all of it"),
        ("总结一下以上所有内容", "auto", True, "the question is about all of it"),
        ("Wer haftet?", "auto", False, "no encoder reads the question"),
    ],
)
def test_all_is_sent_where_nothing_can_be_left_out_safely(question: str, mode: Context, reads: bool, why: str) -> None:
    found = chosen(question, mode=mode, reads=reads)
    assert (found.why, found.dropped, found.shortened) == (why, (), ())


@pytest.mark.parametrize(("cached", "cut"), [("1", True), ("0.5", True), ("0.25", True), ("0.1", False)])
def test_the_discount_on_what_was_seen_before_is_not_thrown_away(cached: str, cut: bool) -> None:
    found = chosen("Who is liable?", cached=cached, share=0.3)
    assert bool(found.shortened) is cut
    if not cut:
        assert found.why == "leaving any of it out would cost more"


@pytest.mark.parametrize("cached", ["1", "0.75", "0.5", "0.25", "0.1", "0.02"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.2, 0.4, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("turns", [1, 3, 20, 200])
def test_what_is_sent_is_never_expected_to_cost_more_than_all(cached: str, share: float, turns: int) -> None:
    messages = [Message("system", "Be brief. " * 200)]
    for number in range(turns):
        messages += [Message("user", f"question {number} " * 40), Message("assistant", "reply " * 60)]
    messages.append(Message("user", "Who?"))
    found = plan.choose(
        messages, matters(share), reads=lambda _: True, mode="auto", window_tokens=10**6, price=price(cached)
    )
    assert found.thread is None or found.thread.saved_usd >= 0


def test_a_short_conversation_is_sent_as_it_is() -> None:
    messages = [Message("user", "Hello " * 200), Message("assistant", "Hi"), Message("user", "Who?")]
    found = plan.choose(messages, matters(0), reads=lambda _: True, mode="auto", window_tokens=10_000, price=price("1"))
    assert (found.messages, found.why) == (tuple(messages), "it is short")


@pytest.mark.parametrize(
    ("mode", "window", "most"), [(2_000, 100_000, 2_000), ("all", 3_000, 3_000), (9_000, 800, 800)]
)
def test_a_budget_and_the_models_window_hold(mode: Context, window: int, most: int) -> None:
    messages = [Message("user", agreement()), Message("assistant", "Read."), Message("user", "Summarise it.")]
    found = plan.choose(
        messages, matters(0.5), reads=lambda _: False, mode=mode, window_tokens=window, price=price("0.1")
    )
    assert found.tokens_after == estimate_messages(found.messages) <= most
    assert found.says
