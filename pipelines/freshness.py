"""Freshness: which answers may be kept for the next who asks, and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.answer import Answer
    from pipelines.job import Job

# What is true now need not be true in a minute: such a question is asked afresh each time.
_NOW = re.compile(
    r"\b(?:now|right now|currently|at the moment|today|tonight|tomorrow|yesterday|this (?:week|month|morning|evening)"
    r"|latest|live|real[- ]time|what time|what day|so far|weather|forecast|news|price of"
    r"|(?:stock|share|gold|oil|bitcoin) price|exchange rate|(?:game|match) score)\b"
    r"|现在|目前|当前|此刻|今天|今日|今晚|明天|昨天|本周|这周|本月|最新|实时|刚刚|刚才|几点了"
    r"|天气|气温|股价|汇率|金价|油价|行情|路况|新闻|比分",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Keep:
    """The answer may be kept for ``ttl_s`` seconds, counted from when it was made."""

    ttl_s: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """The answer must not be kept."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long answers are kept, in seconds. A question asked ``frequent_asks`` times within a day is frequent.

    What was found to mean the same is known for ``known_s``, longer than the answer to it is served. A person's
    correction is kept ``curated_s``.
    """

    frequent_ttl_s: float = 24 * 3600.0
    ttl_s: float = 3600.0
    frequent_asks: int = 3
    known_s: float = 24 * 3600.0
    curated_s: float = 30 * 24 * 3600.0


def keep(job: Job, answer: Answer, *, asked: int, lifetimes: Lifetimes) -> Keep | Refuse:
    """Decide on a fresh answer to a question that was asked ``asked`` times within a day, this time included."""
    if job.cache == "bypass":
        return Refuse("the job asked for no cache")
    if answer.source != "model":
        return Refuse("it is not a model's answer")
    if answer.finish_reason != "stop":
        return Refuse("truncated, filtered or unfinished")
    if not answer.text.strip():
        return Refuse("empty")
    if answer.message and (answer.message.get("tool_calls") or answer.message.get("refusal")):
        return Refuse("a tool call or a refusal")
    if _NOW.search(job.question.text):
        return Refuse("the question is about this moment")
    return Keep(lifetimes.frequent_ttl_s if asked >= lifetimes.frequent_asks else lifetimes.ttl_s)
