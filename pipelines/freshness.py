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


# How models begin when they will not answer; what they say of a shop's rules ("you cannot return worn shoes") is no refusal.
_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]?m|i am) (?:very |really |so )?sorry,? (?:but )?|sorry,? (?:but )?|unfortunately,? |i apologi[sz]e,? (?:but )?)?"
    r"(?:i (?:can['’]?t|cannot|can not|won['’]?t|am (?:not able|unable) to|['’]m (?:not able|unable) to|am not allowed to)"
    r" (?:help|assist|answer|provide|discuss|comply|do that|fulfil|support|share|access)|as an ai\b)"
    r"|\W*(?:(?:非常|很)?(?:抱歉|对不起|不好意思|遗憾)[,，。!！ ]*)?(?:我|作为(?:一个|一名)?(?:ai|人工智能)\S{0,6}[,，]?我?)"
    r"(?:无法|不能|没办法|没法|不可以)(?:帮|为您|为你|回答|提供|协助|讨论|满足|完成|访问)",
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
class Keeping:
    """What is kept, and how long, in seconds. A question asked ``frequent_asks`` times within a day is frequent.

    What was found to mean the same is known for ``known_s``, longer than the answer to it is served. A person's
    correction is kept ``curated_s``. An answer sampled at more than ``max_temperature`` is one of many, and not kept.
    """

    frequent_ttl_s: float = 24 * 3600.0
    ttl_s: float = 3600.0
    frequent_asks: int = 3
    known_s: float = 24 * 3600.0
    curated_s: float = 30 * 24 * 3600.0
    max_temperature: float = 1.0


def keep(job: Job, answer: Answer, *, asked: int, keeping: Keeping) -> Keep | Refuse:
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
    if _REFUSAL.match(answer.text):
        return Refuse("it declines to answer")
    if float(job.params.get("temperature") or 0.0) > keeping.max_temperature:
        return Refuse("sampled at a higher temperature than answers that are kept")
    if job.ttl_s is not None:
        return Keep(job.ttl_s) if job.ttl_s > 0 else Refuse("the job asked for it")
    if _NOW.search(job.question.text):
        return Refuse("the question is about this moment")
    return Keep(keeping.frequent_ttl_s if asked >= keeping.frequent_asks else keeping.ttl_s)
