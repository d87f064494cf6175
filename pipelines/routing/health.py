"""Health: whether a provider is asked, how long its first word is waited for, and when a broken one is tried again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.routing import retry

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILURES = 3  # in a row, of the whole fleet's calls: then a provider is left alone
COOL_S, LONGEST_COOL_S = 5.0, 60.0  # at first, and doubled each time that a trial fails
SOONEST_S = 0.5  # a provider that asks for no time at all gets some
# Of a model whose first word comes after so long on average, so many times that is waited for, where another could
# answer; of one that nobody measured yet, this long.
TIMES, LEAST_S, UNKNOWN_S = 4.0, 2.5, 10.0
FOR_ONE = 0.6  # of what is left, where another could answer
LONGEST_S = 120.0  # a long answer of a slow model; a silent connection is given up after it
WEIGHT = 0.2  # of the latest first word in the average
SLOW, LEAST_FIRST_WORDS = 0.95, 20  # a first word later than so many of at least so many others is slow

State = Literal["well", "left alone", "due"]


@dataclass(frozen=True, slots=True)
class Health:
    """``failures`` in a row; ``cools``: how often in a row it was left alone; ``until``: seconds since the epoch."""

    failures: int = 0
    cools: int = 0
    until: float = 0.0

    def state(self, now: float) -> State:
        """``due``: one call of the whole fleet tries it."""
        if self.until == 0.0:
            return "well"
        return "left alone" if now < self.until else "due"

    def failed(self, now: float, retry_after_s: float | None) -> Health:
        """After a call that failed.

        A provider that says when to come again is left alone until then, at once, and no longer. Calls that were under
        way when it was left alone fail too, and say nothing new.
        """
        if retry_after_s is not None:
            asked_until = now + min(max(retry_after_s, SOONEST_S), LONGEST_COOL_S)
            return Health(self.failures, self.cools, max(self.until, asked_until))
        if now < self.until:
            return self
        failures = self.failures + 1
        if failures < FAILURES and self.until == 0.0:
            return Health(failures, self.cools, 0.0)
        return Health(failures, self.cools + 1, now + min(COOL_S * 2**self.cools, LONGEST_COOL_S))


def attempt_s(remaining_s: float, *, others: bool) -> float:
    """Seconds for one attempt as a whole: a provider that drips its words leaves time for the ``others``."""
    return min(remaining_s * (FOR_ONE if others else 1.0), LONGEST_S)


def tells(average: float | None, waited_s: float) -> bool:
    """Does silence for so long say something of the model? A caller in a hurry did not give it the time."""
    return waited_s >= max(LEAST_S, TIMES * (average or 0.0))


def average_s(before: float | None, first_word_s: float) -> float:
    """The average time to a provider's first word, with the latest."""
    return first_word_s if before is None else before + WEIGHT * (first_word_s - before)


def slow_s(first_words_s: Sequence[float]) -> float | None:
    """Seconds by which nineteen of twenty of these first words had come; None where they are too few to say."""
    if len(first_words_s) < LEAST_FIRST_WORDS:
        return None
    return sorted(first_words_s)[math.ceil(SLOW * len(first_words_s)) - 1]


def patience_s(average: float | None, remaining_s: float, *, others: bool, attempt: int = 1) -> float:
    """Seconds to wait for a model's first word, at the ``attempt`` that counts from 1.

    Where ``others`` could answer, a few times its usual. Where it is alone, more, after which a new call is the better
    bet, twice as long each time: it may have become slow. One that nobody measured is waited for as long as there is
    time, and so is the last attempt.
    """
    if not others:
        if average is None or attempt >= retry.MAX_ATTEMPTS:
            return remaining_s
        return min(max(UNKNOWN_S, 2 * TIMES * average) * 2.0 ** (attempt - 1), remaining_s)
    wanted = UNKNOWN_S if average is None else max(LEAST_S, TIMES * average)
    return min(wanted, remaining_s / 2)
