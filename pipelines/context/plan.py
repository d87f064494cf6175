"""The plan: whether leaving something out pays, and how much stays; where it does not surely pay, all is sent."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from pipelines.context import selection
from pipelines.context.relevance import WORDS, WORDS_BESIDE_CHARACTERS, relevance
from pipelines.context.ways import Ways
from pipelines.message import last_question
from pipelines.text.reading import reading
from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from pipelines.answer import Usage
    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected
    from pipelines.context.thread import Thread
    from pipelines.job import Context
    from pipelines.message import Message

LEAST_EARLIER_TOKENS = 1_000  # of fewer, leaving any out saves nothing worth a doubt
# How much a passage must matter to stay, in standard scores of its conversation: as much as the average one up to
# FEW_TOKENS, STEP more for each doubling, and MOST_MATTERS at the most: the longer a conversation, the less of it a
# question needs. Where a provider's discount makes that not pay, MOST_MATTERS.
FEW_TOKENS, STEP, MOST_MATTERS = 2_000, 0.5, 1.5
_ABOUT_ALL = re.compile(
    r"\b(?:summar(?:y|i[sz]e[ds]?|ies)|recap|overview|sum up|minutes of|everything (?:we|i|you|that|so far)|so far"
    r"|(?:whole|entire|full) (?:conversation|chat|discussion|document|text|contract|thread)"
    r"|all (?:of )?(?:the|my|our|your) (?:points|questions|answers|messages|steps|items|changes|topics)"
    r"|translate|rewrite|proofread|rephrase|list (?:all|every))\b"
    r"|总结|概括|汇总|归纳|回顾一下|摘要|整个(?:对话|会话|聊天|文档|合同)|全文|(?:以上|上述)(?:所有|全部|内容)"
    r"|到目前为止|所有的?(?:问题|内容|要点|步骤)|翻译|改写|润色|全部列出",
    re.IGNORECASE,
)


def about_all(question: str) -> bool:
    """Does it ask for something of the conversation as a whole, so that no part of it matters less?"""
    return bool(_ABOUT_ALL.search(reading(question)))


def said(messages: Sequence[Message], found: Sequence[Passage]) -> list[str]:
    """The passages as their words are ranked: with who spoke, where that is named."""
    names = [messages[passage.message].name for passage in found]
    return [f"{name} {p.whole}" if name else p.whole for name, p in zip(names, found, strict=True)]


def score(
    messages: Sequence[Message],
    found: Sequence[Passage],
    cosines: NDArray[np.float32] | None,
    *,
    characters: bool = False,
) -> NDArray[np.float64]:
    """How much each passage matters to the question of the conversation, (n,); see relevance.

    ``cosines`` (n,) of passages and question, NaN where the encoder cannot read one; ``characters`` when they are those
    of the characters' encoder.
    """
    if cosines is not None and np.isnan(cosines).any():
        known = cosines[~np.isnan(cosines)]
        cosines = np.nan_to_num(cosines, nan=float(known.mean())) if len(known) else None
    asked = messages[last_question(messages)].text
    return relevance(said(messages, found), asked, cosines, words=WORDS_BESIDE_CHARACTERS if characters else WORDS)


def may_cut(messages: Sequence[Message]) -> bool:
    """Is there enough before the question that leaving some of it out may pay?"""
    return estimate_messages(messages[: last_question(messages)]) >= LEAST_EARLIER_TOKENS


def matters(tokens: int) -> float:
    """The score from which a passage of a conversation of so many tokens stays."""
    return min(max(STEP * math.log2(max(tokens, 1) / FEW_TOKENS), 0.0), MOST_MATTERS)


def choose(
    messages: Sequence[Message],
    scores: Callable[[Sequence[Passage]], NDArray[np.float64]],
    *,
    reads: Callable[[str], bool],
    mode: Context,
    window_tokens: int,
    price: Callable[[Usage], Decimal],
    before: Thread | None = None,
    warm: bool = True,
) -> Selected:
    """What to send of ``messages``; ``mode`` as a job's ``context``, a number being tokens in the whole.

    ``scores`` is asked how much passages matter where that is needed at all; ``reads`` whether an encoder reads the
    question: by words alone nothing is left out that need not be. ``price`` is that of the model that is expected to
    answer. ``before`` is what was sent at an earlier question of the same conversation, None where nobody knows;
    ``warm``: does the provider remember that still? Where nobody knows, it is believed to remember all of it.
    """
    whole = estimate_messages(messages)
    budget = window_tokens if isinstance(mode, str) else min(mode, window_tokens)
    if whole > budget:
        found = selection.cut(messages)
        why = "the model takes no more" if budget == window_tokens else f"the budget is {budget} tokens"
        return selection.select(messages, found, scores(found), budget_tokens=budget, why=why)
    if mode != "auto":
        return selection.everything(messages)
    found = selection.cut(messages)
    if sum(passage.tokens for passage in found) < LEAST_EARLIER_TOKENS:
        return selection.everything(messages, "it is short")
    way = Ways(messages, found, price, before, warm=warm)
    asked = messages[last_question(messages)].text
    if about_all(asked):
        return way.everything("the question is about all of it")
    if not reads(asked):
        return way.everything("no encoder reads the question")
    matter = scores(found)
    bounds = sorted({matters(whole), MOST_MATTERS})
    return way.cheapest(
        [
            way.all("leaving any of it out would cost more"),
            *(way.on(matter, least) for least in bounds),
            *(way.anew(matter, least) for least in bounds),
        ]
    )
