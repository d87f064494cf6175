"""The manual's conversation (docs/context.md): what of it is sent, by its figures."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.context import plan
from pipelines.job import Job
from workers.cli.evaluate import readers
from workers.demo import questions
from workers.encoders.turns import Turns

if TYPE_CHECKING:
    from pipelines.answer import Usage

MANUAL = Path("docs/context.md").read_text(encoding="utf-8")


def price(usage: Usage) -> Decimal:
    """An economy model's prompt, half off for what the provider saw before."""
    return (usage.prompt_tokens - usage.cached_tokens / Decimal(2)) * Decimal("0.15") / 10**6


@pytest.mark.parametrize(
    ("meaning", "messages", "sent", "before", "after", "said"),
    [
        ("talk-home-office-6", 98, 40, 5_200, 2_600, "that is 98 messages of some 5,200 tokens"),
        ("talk-home-office-3", None, None, None, 1_700, "without most of the terms: 1,700\ntokens"),
        ("talk-zh-headphones-3", None, None, 3_100, 3_100, "3,100 tokens in Chinese goes whole"),
    ],
    ids=["the terms", "the screens", "Chinese"],
)
def test_the_manuals_figures(
    meaning: str, messages: int | None, sent: int | None, before: int | None, after: int, said: str
) -> None:
    turns = Turns(lambda: readers("packaged"))
    asked = [Job.decode(one.fields).messages for one in questions.traffic(2_000, 0) if one.meaning == meaning]
    found = next(one for one in asked if messages in (None, len(one)))
    chosen = plan.choose(
        found, partial(turns.scores, found), reads=turns.reads, mode="auto", window_tokens=128_000, price=price
    )
    assert sent in (None, len(chosen.messages))
    assert before is None or chosen.tokens_before == pytest.approx(before, rel=0.05)
    assert chosen.tokens_after == pytest.approx(after, rel=0.05)
    assert said in MANUAL
