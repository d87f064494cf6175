"""Freshness: which answers may be kept for the next who asks, and for how long.

What cannot be known from words: whether a price, a rule or a product changed since (name the documents that an answer
rests on, `metadata.sources`, or the version, `knowledge`), and what passes in a way that no table names. A job's
`metadata.ttl_s` (0 for never) comes before all of this, a tenant's `passing` and `lasting` patterns before the tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.cache import admission_words as words
from pipelines.text.answering import answers
from pipelines.text.han import both
from pipelines.text.patterns import any_of, compiled

if TYPE_CHECKING:
    from pipelines.answer import Answer
    from pipelines.job import Job

LONGEST_CHARS = 2_000  # of a question that is read
_TERMS = re.compile(
    r"\b(?:buy now|(?:in )?real[- ]time(?= \w|\W*$)|lines? of credit|weather[- ]?(?:resistan\w+|proof\w*)|(?:oven|fridge|freezer|water) temperature"
    r"|temperature in the (?:oven|fridge|freezer)|latest (?:time|date))\b|现在完成时|現在完了",
    re.IGNORECASE,
)  # words of a subject, not of the clock
_QUOTED = re.compile(r"'[^']{1,60}'|\"[^\"]{1,60}\"|“[^”]{1,60}”")


_NOW, _PASSES, _ADVERBIAL = any_of(words.NOW), any_of(words.PASSES), any_of(words.ADVERBIAL)
_HOW_TO = re.compile("|".join(f"(?:{row})" for row in words.HOW_TO.values()), re.IGNORECASE)
_OF_ONESELF = re.compile(words.OF_ONESELF, re.IGNORECASE)
_SCHEDULE = re.compile(words.SCHEDULE, re.IGNORECASE)
_GENERAL = re.compile(words.GENERAL, re.IGNORECASE)


def of_this_moment(question: str) -> bool:
    """Is the right answer another one in a minute, or tomorrow? In doubt, yes."""
    return any(map(_passes, both(question[:LONGEST_CHARS])))


def _passes(question: str) -> bool:
    plain = _TERMS.sub(" ", question)
    # "What is a forecast?", "how do I see what is in stock?": the same at any time, unless it names one.
    if _GENERAL.search(question) and not _NOW.search(_QUOTED.sub(" ", plain)):
        return False
    if _PASSES.search(_SCHEDULE.sub(" ", plain)):
        return True
    if not _NOW.search(plain):
        return False
    asked = _OF_ONESELF.sub(" ", plain)
    # "How do I close my account now?": the way is the same tomorrow.
    if _HOW_TO.search(plain):
        asked = _ADVERBIAL.sub(" ", asked)
    return _NOW.search(asked) is not None


@dataclass(frozen=True, slots=True)
class Admit:
    """The answer may be kept for ``ttl_s`` seconds, counted from when it was made."""

    ttl_s: float


@dataclass(frozen=True, slots=True)
class Refuse:
    """The answer must not be kept."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept, and how long, in seconds. A question asked ``frequent_asks`` times within a day is frequent.

    What was found to mean the same is known for ``known_s``, longer than the answer to it is served. A person's
    correction is kept ``curated_s``. An answer sampled at more than ``max_temperature`` is one of many, and not kept.
    ``passing`` and ``lasting`` are the tenant's own RE2 patterns of questions about this moment, and of others.
    """

    frequent_ttl_s: float = 24 * 3600.0
    ttl_s: float = 3600.0
    frequent_asks: int = 3
    known_s: float = 24 * 3600.0
    curated_s: float = 30 * 24 * 3600.0
    max_temperature: float = 1.0
    passing: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()


def _of_this_moment(question: str, retention: Retention) -> bool:
    """As the tenant says, else as the tables do."""
    if any(compiled(pattern, any_case=True).search(question) for pattern in retention.passing):
        return True
    lasts = any(compiled(pattern, any_case=True).search(question) for pattern in retention.lasting)
    return not lasts and of_this_moment(question)


def admit(job: Job, answer: Answer, *, asked: int, retention: Retention) -> Admit | Refuse:
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
    if (answer.route is not None and answer.route.spoiled) or not answers(answer.text):
        return Refuse("a check found something in it, or it answers nothing: it declines, failed or asks back")
    if float(job.params.get("temperature") or 0.0) > retention.max_temperature:
        return Refuse("sampled at a higher temperature than answers that are kept")
    if job.ttl_s is not None:
        return Admit(job.ttl_s) if job.ttl_s > 0 else Refuse("the job asked for it")
    if _of_this_moment(job.question.text, retention):
        return Refuse("the question is about this moment")
    return Admit(retention.frequent_ttl_s if asked >= retention.frequent_asks else retention.ttl_s)
