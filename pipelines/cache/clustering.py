"""Insert if different: which entry a fresh answer belongs to, and what it says of the entries that are there.

Every phrasing keeps the answer that was given when it was asked. A fresh answer is compared with those of the nearest
phrasings; each comparison errs now and then, so its evidence is a log-likelihood ratio, and evidence adds up.

What each constant is worth: ``python -m tests.benchmarks constants`` replays with it a quarter smaller and larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.cache.verifier import KERNEL
from pipelines.statistics.logistic import logit, sigmoid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, MutableMapping, Sequence

    from pipelines.neighbourhood import Near

COMPARED = 8  # nearest phrasings whose answers are compared
CONFIRMED = 4  # further ones of the likeliest entry, while it is neither sure nor ruled out
OF_THE_SUSPECT = 3  # at least so many of the entry that would have been served: that is the boundary's lesson
AUDITED = 5  # answers that an audit compares
JOINS_AT = 0.93  # probability at which the fresh answer joins an entry instead of becoming one
MOST_PRIOR = 0.6  # similarity alone never makes a join probable: the answers must agree
PRIOR_OF_LESSON = (0.02, 0.97)
SURE, RULED_OUT = 0.99, 0.03
LESSON_AT = 0.98  # a join as certain as this also judges the entry's own answers
SERVED_WRONG = 0.02  # how right a hit was whose entry fits and whose answer was voted out of it
SURELY = 2.0  # comparisons that agree leave no doubt
WRONG_AT = 0.1  # an audited hit that was as probably right as this gets an entry of its own

# In units of one comparison's evidence (see `logistic.weight`).
MERGES_AT = 3.0
MERGE_CHECKS, MERGE_CHECKED_AT = 8, 3.0  # pairs of answers compared before a merge, and what they must sum to
AFTER_A_FAILED_CHECK = 1.5  # what two entries that were not merged are at most believed to have in common
MOST_APART = -5.0  # a pair of entries is never so far apart that later agreement could not bring it together
DISTRUSTED_AT = -1.5
LEAST_MEMBERS = 2  # phrasings that an entry keeps at least: with fewer nobody can be in the minority
MOST_TRUST = 3.0
MOST_OF_ONE = 1.2  # one fresh answer, which may itself have joined wrongly, moves a pair of entries no further


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where the fresh answer belongs: ``entry`` to join, or None for a new one; ``sure`` in [0, 1].

    ``right`` is the probability that the suspect would have been right; ``evidence`` of each entry compared with;
    ``said`` of each phrasing.
    """

    entry: str | None
    sure: float
    right: float
    evidence: dict[str, float]
    by_phrasing: dict[str, float]


@dataclass(slots=True)
class _Comparisons:
    """The comparisons of one fresh answer."""

    compare: Callable[[str], float]
    evidence: dict[str, float] = field(default_factory=dict)
    by_phrasing: dict[str, float] = field(default_factory=dict)

    def add(self, entry: str, keys: Iterable[str]) -> int:
        evidence = 0
        for key in keys:
            if key not in self.by_phrasing:
                self.by_phrasing[key] = found = self.compare(key)
                self.evidence[entry] = self.evidence.get(entry, 0.0) + found
                evidence += 1
        return evidence


def assign(
    near: Sequence[Near],
    *,
    suspect: str,
    probability: float,
    compare: Callable[[str], float],
    more: Callable[[str, int, Collection[str]], Sequence[str]],
    one: float,
) -> Assignment:
    """Assign a fresh answer to an entry, or to none.

    ``suspect`` is the entry that the question would have been served from, with ``probability``; ``compare`` gives
    the evidence (log-likelihood ratio) that the fresh answer says the same as a phrasing's; ``more(entry, n, besides)``
    names up to ``n`` further phrasings of an entry; ``one`` is a clear comparison's evidence.
    """
    comparisons = _Comparisons(compare)
    votes: dict[str, float] = {}
    for found in near[:COMPARED]:
        comparisons.add(found.entry, [found.key])
        votes[found.entry] = votes.get(found.entry, 0.0) + math.exp((found.similarity - near[0].similarity) / KERNEL)
    votes.setdefault(suspect, 0.01)
    comparisons.evidence.setdefault(suspect, 0.0)
    prior = min(probability, MOST_PRIOR)
    rest = max(sum(votes.values()) - votes[suspect], 1e-9)

    def posterior() -> tuple[str, float]:
        odds = {
            entry: (prior if entry == suspect else (1.0 - prior) * 0.5 * votes[entry] / rest) + 1e-6
            for entry in comparisons.evidence
        }
        scored = {entry: math.log(odds[entry]) + found for entry, found in comparisons.evidence.items()}
        none = math.log((1.0 - prior) * 0.5 + 1e-6)
        most = max(*scored.values(), none)
        total = sum(math.exp(score - most) for score in scored.values()) + math.exp(none - most)
        best = max(scored, key=scored.__getitem__)
        # Entries that were made twice for one meaning all agree with the answer: together they speak for a join.
        agreeing = [e for e in scored if e == best or comparisons.evidence[e] >= 0.9 * one]
        return best, sum(math.exp(scored[e] - most) for e in agreeing) / total

    best, sure = posterior()
    for _ in range(CONFIRMED):
        if not RULED_OUT <= sure <= SURE or not comparisons.add(best, more(best, 1, comparisons.by_phrasing)):
            break
        best, sure = posterior()
    evidence = sum(found.entry == suspect for found in near[:COMPARED])
    if evidence < OF_THE_SUSPECT:
        comparisons.add(suspect, more(suspect, OF_THE_SUSPECT - evidence, comparisons.by_phrasing))
        best, sure = posterior()
    return Assignment(
        best if sure >= JOINS_AT else None,
        sure,
        lesson(probability, comparisons.evidence[suspect]),
        comparisons.evidence,
        comparisons.by_phrasing,
    )


def lesson(probability: float, evidence: float) -> float:
    """Probability that an entry is right, after the comparisons; in [0, 1]."""
    low, high = PRIOR_OF_LESSON
    return sigmoid(logit(min(max(probability, low), high)) + evidence)


@dataclass(frozen=True, slots=True)
class Merge:
    """Two entries are one meaning: ``other`` becomes part of ``entry``."""

    entry: str
    other: str


@dataclass(frozen=True, slots=True)
class Elect:
    """The entry's served answer disagrees with its others: ``key``'s answer is served from now on."""

    entry: str
    key: str


@dataclass(frozen=True, slots=True)
class Expel:
    """A phrasing that joined its entry wrongly."""

    entry: str
    key: str


def trust_names(home: str, assignment: Assignment, members: Iterable[str]) -> list[str]:
    """The sums that a fresh answer in ``home`` may change, ``members`` being its phrasings that were compared."""
    pairs = [pair(home, other) for other in assignment.evidence if other != home]
    return [*pairs, f"served:{home}", *(f"member:{key}" for key in members)]


class Trust:
    """What is believed of entries and phrasings, as sums of evidence in a mapping (a dict, or what Redis held).

    Names: ``pair:<entry>|<entry>`` that two entries are one, ``served:<entry>`` that its served answer is right,
    ``member:<key>`` that a phrasing belongs to its entry.
    """

    def __init__(self, sums: MutableMapping[str, float], one: float) -> None:
        self._sums, self._one = sums, one

    def pairs(self, home: str, assignment: Assignment, *, check: Callable[[str], Sequence[float]]) -> list[Merge]:
        """What a fresh answer that is now in ``home`` says of the other entries it was compared with.

        ``check(other)`` compares answers of both entries, pair by pair, before anything is merged.
        """
        merges = []
        for other, evidence in assignment.evidence.items():
            if other == home or evidence == 0.0:
                continue
            name = pair(home, other)
            most = MOST_OF_ONE * self._one
            found = max(MOST_APART * self._one, self._sums.get(name, 0.0) + min(max(evidence, -most), most))
            if found >= MERGES_AT * self._one:
                checked = sum(check(other))
                if checked >= MERGE_CHECKED_AT * self._one:
                    merges.append(Merge(home, other))
                    self._sums.pop(name, None)
                    continue
                found = min(found + checked, AFTER_A_FAILED_CHECK * self._one)
            self._sums[name] = found
        return merges

    def served(self, entry: str, key: str, agrees: float, *, check: Callable[[], Sequence[float]]) -> Elect | None:
        """A sure member's answer ``key`` was compared with the served one.

        Where the two differ, ``check()`` compares the served answer with the entry's others: a wrong one that many are
        served would otherwise wait for the next who disagrees.
        """
        name = f"served:{entry}"
        evidence = agrees + (sum(check()) if agrees < 0.0 else 0.0)
        found = min(MOST_TRUST * self._one, self._sums.get(name, 0.0) + evidence)
        if found >= DISTRUSTED_AT * self._one:
            self._sums[name] = found
            return None
        self._sums[name] = self._one
        return Elect(entry, key)

    def members(self, entry: str, keys: Sequence[str], assignment: Assignment) -> list[Expel]:
        """The entry's phrasings ``keys`` were compared with an answer that surely belongs to it."""
        expelled = []
        for key in keys:
            name = f"member:{key}"
            found = min(MOST_TRUST * self._one, self._sums.get(name, self._one) + assignment.by_phrasing[key])
            self._sums[name] = found
            if found < DISTRUSTED_AT * self._one:
                del self._sums[name]
                expelled.append(Expel(entry, key))
        return expelled


def pair(one: str, other: str) -> str:
    """The name of two entries' evidence, the same both ways round."""
    return f"pair:{min(one, other)}|{max(one, other)}"
