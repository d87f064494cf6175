"""What a replayed stream would have cost, and its worst stretch."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage
from pipelines.cache.judge_prompt import QUESTIONS, VERDICT_TOKENS
from pipelines.errors import PriceUnknown
from pipelines.evaluation.replay import WINDOW
from pipelines.routing.choice import EXPECTED_COMPLETION_TOKENS
from pipelines.text import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.money.pricing import PriceBook

ANSWER_READ_TOKENS = 100  # of an answer that a judge reads, about


def worst_window(windows: Sequence[Mapping[str, int]]) -> float:
    """The most wrong hits per request of any whole window, or of what there is where none is whole."""
    whole = [window for window in windows if window["requests"] >= WINDOW] or windows
    return max((window["wrong_hits"] / window["requests"] for window in whole), default=0.0)


def usd_per_1000(
    texts: Sequence[str], found: Mapping[str, Any], book: PriceBook, provider: str, model: str, at: datetime
) -> dict[str, float] | None:
    """Dollars for a thousand requests, each answered by ``model`` or from the cache; None where its price is unknown.

    A question is sent alone, and an answer has some 300 tokens; a judge of the same model reads it, two others and an
    answer; an audit is one more answer. ``found`` are the stream's figures.
    """
    count = max(len(texts), 1)
    asked = sum(map(tokens.estimate, texts)) // count
    judged = Usage(tokens.estimate(QUESTIONS) + 3 * asked + ANSWER_READ_TOKENS, 0, 2 * VERDICT_TOKENS)
    try:
        one = book.cost(provider, model, Usage(asked, 0, EXPECTED_COMPLETION_TOKENS), at)
        verdict = book.cost(provider, model, judged, at)
    except PriceUnknown:
        return None
    per = Decimal(1_000) / count
    answers = one * (count - found["hits"]) * per
    verdicts, audits = verdict * found["judge_calls"] * per, one * found["audits"] * per
    parts = {
        "without_cache": one * 1_000,
        "with_cache": answers + verdicts + audits,
        "judge": verdicts,
        "audits": audits,
    }
    return {name: round(float(usd), 4) for name, usd in parts.items()}
