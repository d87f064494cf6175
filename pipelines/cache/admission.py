"""Freshness: which answers may be kept for the next who asks, and for how long.

What cannot be known from words: whether a price, a rule or a product changed since (name the documents that an answer
rests on, `metadata.sources`, or the version, `knowledge`), and what passes in a way that no table names. A job's
`metadata.ttl_s` (0 for never) comes before all of this, a tenant's `passing` and `lasting` patterns before the tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipelines.cache import admission_words as words
from pipelines.text.answering import answers
from pipelines.text.patterns import any_of, compiled
from pipelines.text.reading import bare, readings, unaccented

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


class _Tables(NamedTuple):
    now: re.Pattern[str]
    passes: re.Pattern[str]
    adverbial: re.Pattern[str]
    how_to: re.Pattern[str]
    of_oneself: re.Pattern[str]
    schedule: re.Pattern[str]
    general: re.Pattern[str]


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_HOW_TO = "|".join(f"(?:{row})" for row in words.HOW_TO.values())
_OTHERS = (_HOW_TO, words.OF_ONESELF, words.SCHEDULE, words.GENERAL)
_TABLES = _Tables(*map(any_of, (words.NOW, words.PASSES, words.ADVERBIAL)), *map(_any, _OTHERS))
# Of what makes an answer pass, the languages that have accents, without them.
_BARE = _Tables(
    any_of(bare(words.NOW)), any_of(bare(words.PASSES)), _TABLES.adverbial, *(_any(unaccented(p)) for p in _OTHERS)
)


def of_this_moment(question: str) -> bool:
    """Is the right answer another one in a minute, or tomorrow? In doubt, yes."""
    read = [" ".join(one.split()) for one in readings(question[:LONGEST_CHARS])]
    return any(_passes(one, _TABLES) for one in read) or _passes(unaccented(read[0]), _BARE)


def _passes(question: str, tables: _Tables) -> bool:
    plain = _TERMS.sub(" ", question)
    # "What is a forecast?", "how do I see what is in stock?": the same at any time, unless it names one.
    if tables.general.search(question) and not tables.now.search(_QUOTED.sub(" ", plain)):
        return False
    if tables.passes.search(tables.schedule.sub(" ", plain)):
        return True
    if not tables.now.search(plain):
        return False
    asked = tables.of_oneself.sub(" ", plain)
    # "How do I close my account now?": the way is the same tomorrow.
    if tables.how_to.search(plain):
        asked = tables.adverbial.sub(" ", asked)
    return tables.now.search(asked) is not None


def asked_in_a_day(today: int, yesterday: int, second: int) -> int:
    """About how often a question was asked in the last day, at that second of today: of yesterday's times the share that
    is less than a day ago.
    """
    return today + round(yesterday * (1 - second / 86_400))


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
