"""Replays labelled questions against an empty cache: the live decisions, with labels behind a noisy channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import clustering, decision, risk, verifier
from pipelines.cache.judge import LEAST_PROBABILITY, before, heard, moved
from pipelines.neighbourhood import Near
from pipelines.statistics import logistic
from pipelines.text.normalise import normalise
from pipelines.vectors.centroids import Centres

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

BLOCK = 256  # questions whose similarities are computed at once
LATEST = 40  # phrasings of an entry among which some are chosen to compare with
CURVE = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99)


@dataclass(frozen=True, slots=True)
class Channel:
    """Rates in [0, 0.5) at which comparing answers, and judging questions, errs; no judge when ``judge`` is None."""

    answer: float = 0.05
    judge: float | None = None

    def __post_init__(self) -> None:
        for name, rate in (("answer-error", self.answer), ("judge-error", self.judge)):
            if rate is not None and not 0.0 <= rate < 0.5:
                raise ValueError(f"{name}: got {rate}, expected a rate from 0 to below 0.5")


@dataclass(slots=True)
class _Memory:
    """The cache: phrasings by number (as text), their entries, each entry's served phrasing and mean."""

    vectors: NDArray[np.float32]
    entry_of: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    served: dict[str, str] = field(default_factory=dict)
    centres: Centres = field(default_factory=Centres)
    exact: dict[str, str] = field(default_factory=dict)
    stored: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.stored = np.zeros(len(self.vectors), dtype=bool)

    def add(self, number: int, entry: str | None, text: str) -> str:
        key = str(number)
        home = key if entry is None else entry
        if entry is None:
            self.members[home], self.served[home] = [], key
        self.members[home].append(key)
        self.entry_of[key] = home
        self.centres.add(home, self.vectors[number])
        self.stored[number] = True
        self.exact[text] = key
        return home

    def merge(self, entry: str, other: str) -> str:
        """The larger one stays; its answer is served."""
        if len(self.members[entry]) < len(self.members[other]):
            entry, other = other, entry
        for key in self.members[other]:
            self.entry_of[key] = entry
        self.members[entry] += self.members.pop(other)
        self.centres.merge(entry, other)
        del self.served[other]
        return entry

    def expel(self, entry: str, key: str) -> None:
        if len(self.members[entry]) <= clustering.LEAST_MEMBERS or self.served[entry] == key:
            return
        self.members[entry].remove(key)
        self.centres.drop(entry, self.vectors[int(key)])
        self.stored[int(key)] = False
        del self.entry_of[key]


class Replay:
    """One pass over the questions in shuffled order; :meth:`run` returns the contract's figures.

    ``vectors`` is (n, d) float32 of unit length, ``labels`` (n,) whole numbers: equal ones deserve one answer.
    """

    def __init__(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32],
        labels: NDArray[np.int64],
        *,
        channel: Channel,
        target: float = risk.TARGET,
        seed: int = 0,
        weights: verifier.Weights | None = None,
    ) -> None:
        self._dice = np.random.default_rng(seed)
        order = self._dice.permutation(len(texts))
        self._texts = [normalise(texts[i]) for i in order]
        self._vectors, self._labels = vectors[order], labels[order]
        self._channel = channel
        self._one = logistic.weight(channel.answer)
        self._memory = _Memory(self._vectors)
        self._trust = clustering.Trust({}, self._one)
        self._checked: dict[tuple[str, str], float] = {}
        self.boundary = risk.Boundary(weights or verifier.shipped(), target)
        self.hits = self.wrong = self.judge_calls = 0
        self.seen: list[tuple[float, bool]] = []
        self.features: list[NDArray[np.float64]] = []

    def run(self) -> dict[str, Any]:
        """Replay all questions."""
        for start in range(0, len(self._texts), BLOCK):
            end = min(start + BLOCK, len(self._texts))
            similar = self._vectors[start:end] @ self._vectors[:end].T
            for number in range(start, end):
                self._ask(number, similar[number - start, :number])
        requests = max(len(self._texts), 1)
        return {
            "requests": len(self._texts),
            "hits": self.hits,
            "wrong_hits": self.wrong,
            "hit_rate": round(self.hits / requests, 4),
            "wrong_per_request": round(self.wrong / requests, 5),
            "target": self.boundary.target,
            "judge_calls": self.judge_calls,
            "audits": self.boundary.audits,
            "entries": len(self._memory.members),
            "curve": self._curve(),
        }

    def _ask(self, number: int, similar: NDArray[np.float32]) -> None:
        memory, text = self._memory, self._texts[number]
        known = memory.exact.get(text)
        if known is not None and known in memory.entry_of:
            self._hit(number, memory.entry_of[known])
            self.boundary.note(risk.Request(None))
            return
        near = self._near(similar)
        found = verifier.find_suspect(near, lambda entry: memory.centres.cosine(entry, self._vectors[number]))
        if found is None:
            self.boundary.note(risk.Request(None))
            memory.add(number, None, text)
            return
        features = self.boundary.shipped.standardised(found.features)
        probability = self.boundary.probability(features)
        mine = [one for one in near if one.entry == found.entry]
        tripped = decision.gated(text, [(self._texts[int(one.key)], one.similarity) for one in mine])
        gate = None if tripped is None else tripped.gate
        proven = float(found.features[0]) >= self.boundary.least_similarity
        judged, lets = self._judged(number, [one.key for one in mine], probability, gate, proven=proven)
        offset = moved(probability, judged)
        right = self._labels[int(memory.served[found.entry])] == self._labels[number]
        self.seen.append((judged, bool(right)))
        self.features.append(found.features)
        if self.boundary.decide(features, offset, lets=lets):
            self._hit(number, found.entry)
            self._audit(number, found.entry, features, judged)
        else:
            self._missed(number, near, found.entry, probability, features)

    def _near(self, similar: NDArray[np.float32]) -> list[Near]:
        stored = np.flatnonzero(self._memory.stored[: len(similar)])
        if not len(stored):
            return []
        values = similar[stored]
        count = min(verifier.NEAREST, len(stored))
        best = np.argpartition(-values, count - 1)[:count]
        best = best[np.argsort(-values[best])]
        entry_of = self._memory.entry_of
        return [Near(str(stored[i]), entry_of[str(stored[i])], float(values[i])) for i in best]

    def _same(self, number: int, key: str, error: float) -> bool:
        """The label's only way out: do two deserve one answer? Wrong at the rate ``error``."""
        return bool((self._labels[number] == self._labels[int(key)]) != (self._dice.random() < error))

    def _compare(self, number: int, key: str) -> float:
        return self._one if self._same(number, key, self._channel.answer) else -self._one

    def _judged(
        self, number: int, keys: Sequence[str], probability: float, gate: str | None, *, proven: bool
    ) -> tuple[float, bool]:
        """The probability after the judge, and whether it may be served: only by the judge where a gate tripped, or
        nothing so far is proven.
        """
        error = self._channel.judge
        if error is None:
            return (0.0, False) if gate is not None else (probability, proven)
        if gate is None and probability >= self.boundary.at and proven:
            return probability, True
        probability = before(probability, gate, proven=proven)
        if probability < LEAST_PROBABILITY:
            return probability, False

        def ask(key: str, turned: bool, _: float) -> bool:  # noqa: ARG001 - either way it errs as often
            self.judge_calls += 1
            return self._same(number, key, error)

        return heard(probability, keys, ask, served_at=self.boundary.at, error=error)

    def _hit(self, number: int, entry: str) -> None:
        self.hits += 1
        self.wrong += int(self._labels[int(self._memory.served[entry])] != self._labels[number])

    def _audit(self, number: int, entry: str, features: NDArray[np.float64], probability: float) -> None:
        rate = self.boundary.audit_rate(probability)
        if self._dice.random() >= rate:
            return
        served = self._memory.served[entry]
        agrees = self._compare(number, served)
        others = [self._compare(number, key) for key in self._more(entry, clustering.AUDITED - 1, [served])]
        right = clustering.lesson(probability, agrees + sum(others))
        if clustering.lesson(probability, sum(others)) >= clustering.LESSON_AT and self._elect(number, entry, agrees):
            right = clustering.SERVED_WRONG
        self.boundary.learn(risk.Lesson(features, right, 1.0 / rate, audited=True))
        if right >= clustering.LESSON_AT and str(number) not in self._memory.entry_of:
            self._memory.add(number, entry, self._texts[number])

    def _missed(
        self, number: int, near: Sequence[Near], suspect: str, probability: float, features: NDArray[np.float64]
    ) -> None:
        memory = self._memory
        placed = clustering.place(
            near,
            suspect=suspect,
            probability=probability,
            compare=lambda key: self._compare(number, key),
            more=self._more,
            one=self._one,
        )
        self.boundary.learn(risk.Lesson(features, placed.right))
        home = memory.add(number, placed.entry, self._texts[number])
        for merge in self._trust.pairs(home, placed, check=partial(self._check, home)):
            if merge.other in memory.members:
                home = memory.merge(home, merge.other)
        if placed.entry is not None and placed.sure >= clustering.LESSON_AT:
            self._elect(number, home, self._compare(number, memory.served[home]))
            keys = [key for key in placed.said if memory.entry_of.get(key) == home]
            for expelled in self._trust.members(home, keys, placed):
                memory.expel(home, expelled.key)

    def _elect(self, number: int, home: str, agrees: float) -> bool:
        """Was the served answer of an entry, with which a sure member's agrees or not, voted out?"""
        memory, served = self._memory, self._memory.served[home]

        def check() -> list[float]:
            found = []
            for key in self._more(home, clustering.CONFIRMED, [served, str(number)]):
                pair = (served, key)
                if pair not in self._checked:
                    self._checked[pair] = self._compare(int(served), key)
                    found.append(self._checked[pair])
            return found

        if self._trust.served(home, str(number), agrees, check=check) is None:
            return False
        if str(number) not in memory.entry_of:
            memory.add(number, home, self._texts[number])
        memory.served[home] = str(number)
        return True

    def _more(self, entry: str, count: int, besides: Collection[str]) -> list[str]:
        """Further phrasings of an entry, chosen by chance among its latest."""
        rest = [key for key in self._memory.members[entry][-LATEST:] if key not in besides]
        if len(rest) > count:
            rest = [rest[i] for i in self._dice.choice(len(rest), count, replace=False)]
        return rest

    def _check(self, home: str, other: str) -> list[float]:
        """Answers of two entries compared pair by pair; a pair compared before says nothing new."""
        found = []
        ours, theirs = self._memory.members.get(home, []), self._memory.members.get(other, [])
        for _ in range(clustering.MERGE_CHECKS if ours and theirs else 0):
            pair = (ours[self._dice.integers(len(ours))], theirs[self._dice.integers(len(theirs))])
            if pair not in self._checked:
                self._checked[pair] = self._compare(int(pair[0]), pair[1])
                found.append(self._checked[pair])
        return found

    def _curve(self) -> list[dict[str, float]]:
        """What other boundaries would have served of the same suspects."""
        requests, points = max(len(self._texts), 1), []
        for at in CURVE:
            served = [right for probability, right in self.seen if probability >= at]
            rate, wrong = len(served) / requests, sum(not right for right in served) / requests
            points.append({"probability": at, "hit_rate": round(rate, 4), "wrong_per_request": round(wrong, 5)})
        return points
