"""The plan: whether leaving something out pays, and how much stays; where it does not surely pay, all is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from pipelines.answer import Usage, usd
from pipelines.context import selection
from pipelines.context.relevance import WORDS, WORDS_BESIDE_CHARACTERS, relevance
from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected
    from pipelines.job import Context
    from pipelines.message import Message

LEAST_EARLIER_TOKENS = 1_000  # of fewer, leaving any out saves nothing worth a doubt
# How much a passage must matter to stay, in standard scores of its conversation: as much as the average one, or, where
# a provider's discount makes that not pay, more.
MATTERS = (0.0, 1.0)
LEAST_SAVING = Decimal("0.1")  # of what all would cost
PREFIX_TOKENS = 1_024  # the shortest prompt of which a provider discounts what it saw before (OpenAI, Anthropic)
_ABOUT_ALL = re.compile(
    r"\b(?:summar(?:y|i[sz]e[ds]?|ies)|recap|overview|sum up|minutes of|everything (?:we|i|you|that|so far)|so far"
    r"|(?:whole|entire|full) (?:conversation|chat|discussion|document|text|contract|thread)"
    r"|all (?:of )?(?:the|my|our|your) (?:points|questions|answers|messages|steps|items|changes|topics)"
    r"|translate|rewrite|proofread|rephrase|list (?:all|every))\b"
    r"|总结|概括|汇总|归纳|回顾一下|摘要|整个(?:对话|会话|聊天|文档|合同)|全文|(?:以上|上述)(?:所有|全部|内容)"
    r"|到目前为止|所有的?(?:问题|内容|要点|步骤)|翻译|改写|润色|全部列出",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Costs:
    """What the plan expects, in dollars of prompt: of sending all, and of what is sent."""

    all_usd: Decimal
    sent_usd: Decimal


def about_all(question: str) -> bool:
    """Does it ask for something of the conversation as a whole, so that no part of it matters less?"""
    return bool(_ABOUT_ALL.search(question))


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
    asked = messages[selection.question(messages)].text
    return relevance(said(messages, found), asked, cosines, words=WORDS_BESIDE_CHARACTERS if characters else WORDS)


def choose(
    messages: Sequence[Message],
    scores: Callable[[Sequence[Passage]], NDArray[np.float64]],
    *,
    reads: Callable[[str], bool],
    mode: Context,
    window_tokens: int,
    price: Callable[[Usage], Decimal],
) -> Selected:
    """What to send of ``messages``; ``mode`` as a job's ``context``, a number being tokens in the whole.

    ``scores`` is asked how much passages matter where that is needed at all; ``reads`` whether an encoder reads the
    question: by words alone nothing is left out that need not be. ``price`` is that of the model that is expected to
    answer.
    """
    before = estimate_messages(messages)
    budget = window_tokens if isinstance(mode, str) else min(mode, window_tokens)
    if before > budget:
        found = selection.cut(messages)
        why = "the model takes no more" if budget == window_tokens else f"the budget is {budget} tokens"
        return selection.select(messages, found, scores(found), budget_tokens=budget, why=why)
    if mode != "auto":
        return selection.everything(messages)
    found = selection.cut(messages)
    if sum(passage.tokens for passage in found) < LEAST_EARLIER_TOKENS:
        return selection.everything(messages, "it is short")
    asked = messages[selection.question(messages)].text
    if about_all(asked):
        return selection.everything(messages, "the question is about all of it")
    if not reads(asked):
        return selection.everything(messages, "no encoder reads the question")
    matter = scores(found)
    for least in MATTERS:
        chosen = selection.select(
            messages,
            found,
            matter,
            budget_tokens=window_tokens,
            least=least,
            latest_tokens=selection.latest_of(before),
            why="the rest matters less to the question",
        )
        costs = expected(messages, chosen, price)
        if costs.sent_usd <= (1 - LEAST_SAVING) * costs.all_usd:
            return replace(chosen, forced=False, details={"expected_saving_usd": usd(costs.all_usd - costs.sent_usd)})
    return selection.everything(messages, "leaving any of it out would cost more")


def expected(messages: Sequence[Message], chosen: Selected, price: Callable[[Usage], Decimal]) -> Costs:
    """What sending all and sending the chosen is expected to cost, in dollars of prompt.

    A provider charges less for the beginning of a prompt that it saw shortly before (OpenAI, Anthropic, Google and
    DeepSeek by a half to nine tenths). Of a conversation that is sent whole, that is all up to the last answer; what
    is chosen anew for each question shares its instructions alone. That the provider still has it is believed, always:
    so what is chosen is dearer than all in no case, and cheaper where it has forgotten.
    """
    last = selection.question(messages)
    all_usd = price(_usage(estimate_messages(messages), estimate_messages(messages[:last])))
    same = next((n for n, (m, o) in enumerate(zip(chosen.messages, messages, strict=False)) if m is not o), last)
    return Costs(all_usd, price(_usage(chosen.tokens_after, estimate_messages(chosen.messages[: min(same, last)]))))


def _usage(tokens: int, seen: int) -> Usage:
    return Usage(tokens, seen if seen >= PREFIX_TOKENS else 0)
