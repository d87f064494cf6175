"""Health: whether a provider is asked, how long its first word is waited for, and when a broken one is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FAILURES = 3  # in a row, of the whole fleet's calls: then a provider is left alone
COOL_S, LONGEST_COOL_S = 5.0, 60.0  # at first, and doubled each time that a trial fails
# Of a provider whose first word comes after so long on average, so many times that is waited for, where another could
# answer; of one that nobody measured yet, this long.
TIMES, LEAST_S, UNKNOWN_S = 4.0, 2.5, 10.0
WEIGHT = 0.2  # of the latest first word in the average

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
        """After a call that failed: a provider that says when to come again is left alone until then, at once."""
        failures = self.failures + 1
        if retry_after_s is None and failures < FAILURES and self.until == 0.0:
            return Health(failures, self.cools, 0.0)
        cool_s = min(COOL_S * 2**self.cools, LONGEST_COOL_S)
        asked_s = min(retry_after_s or 0.0, LONGEST_COOL_S)
        return Health(failures, self.cools + 1, now + max(cool_s if failures >= FAILURES else 0.0, asked_s))


def average_s(before: float | None, first_word_s: float) -> float:
    """The average time to a provider's first word, with the latest."""
    return first_word_s if before is None else before + WEIGHT * (first_word_s - before)


def patience_s(average: float | None, remaining_s: float, *, others: bool) -> float:
    """Seconds to wait for a provider's first word: all that is left, but where ``others`` could answer."""
    if not others:
        return remaining_s
    wanted = UNKNOWN_S if average is None else max(LEAST_S, TIMES * average)
    return min(wanted, remaining_s / 2)
