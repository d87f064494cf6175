"""A scope's memory in dictionaries, for replays: the same decisions as on Redis, with labels behind a noisy channel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipelines.cache import clustering, judge
from pipelines.cache.decision import twins
from pipelines.statistics.logistic import weight
from pipelines.text.normalise import normalise, plain
from pipelines.vectors.centroids import Centroids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Channel:
    """Rates in [0, 0.5) at which comparing answers, and judging questions, errs; no judge when ``judge`` is None.
    ``silent`` in [0, 1): the rate at which comparing answers says nothing. ``repeats``: the judge says of a pair what
    it said of it before, so that its errors do not average out; a real one does so mostly.
    """

    answer: float = 0.05
    judge: float | None = None
    silent: float = 0.0
    repeats: bool = False

    def __post_init__(self) -> None:
        for name, rate in (("answer-error", self.answer), ("judge-error", self.judge)):
            if rate is not None and not 0.0 <= rate < 0.5:
                raise ValueError(f"{name}: got {rate}, expected a rate from 0 to below 0.5")
        if not 0.0 <= self.silent < 1.0:
            raise ValueError(f"answer-silence: got {self.silent}, expected a rate from 0 to below 1")


@dataclass(slots=True)
class Scope:
    """Phrasings by number (as text), their entries, each entry's served phrasing, hits and mean; sums of evidence.

    ``vectors`` is (n, d) float32 of unit length, ``labels`` (n,): only the channel sees them.
    """

    texts: Sequence[str]
    vectors: NDArray[np.float32]
    labels: NDArray[np.int64]
    channel: Channel
    dice: np.random.Generator
    entry_of: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    served: dict[str, str] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    merged: dict[str, str] = field(default_factory=dict)
    centroids: Centroids = field(default_factory=Centroids)
    compared: set[tuple[str, str]] = field(default_factory=set)
    sums: dict[str, float] = field(default_factory=dict)
    stored: NDArray[np.bool_] = field(init=False)
    _verdicts: dict[tuple[str, str], bool] = field(default_factory=dict)
    _exact: dict[str, str] = field(default_factory=dict)
    _near: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stored = np.zeros(len(self.vectors), dtype=bool)

    def repeated(self, number: int) -> str | None:
        """The phrasing of the very words, or of all but them, that was asked before and is remembered."""
        text = self.texts[number]
        known = self._exact.get(plain(text))
        if known in self.entry_of:
            return known
        twin = self._near.get(normalise(text))
        return twin if twin in self.entry_of and twins(text, self.texts[int(twin)]) else None

    def add(self, key: str, entry: str) -> None:
        """A phrasing enters an entry, which may be new, and leaves any other."""
        if key in self.entry_of:
            self.drop(key)
        self.members.setdefault(entry, []).append(key)
        self.served.setdefault(entry, key)
        self.entry_of[key] = entry
        self.centroids.add(entry, self.vectors[int(key)])
        self.stored[int(key)] = True
        self._exact[plain(self.texts[int(key)])] = self._near[normalise(self.texts[int(key)])] = key

    def drop(self, key: str) -> None:
        """A phrasing leaves its entry, which is gone with the last of them."""
        entry = self.entry_of.pop(key)
        self.members[entry].remove(key)
        self.centroids.drop(entry, self.vectors[int(key)])
        self.stored[int(key)] = False
        if not self.members[entry]:
            del self.members[entry], self.served[entry]

    def same(self, one: str, other: str, error: float) -> bool:
        """The labels' only way out: do two deserve one answer? Wrong at the rate ``error``."""
        return bool((self.labels[int(one)] == self.labels[int(other)]) != (self.dice.random() < error))

    def verdict(self, one: str, other: str, error: float) -> bool:
        """The judge's word on two questions; wrong at the rate ``error``."""
        if not self.channel.repeats:
            return self.same(one, other, error)
        pair = (min(one, other), max(one, other))
        if pair not in self._verdicts:
            self._verdicts[pair] = self.same(one, other, error)
        return self._verdicts[pair]


@dataclass(slots=True)
class FreshAnswer:
    """The memory beside one fresh answer; see pipelines.cache.learning.Memory. ``may_ask`` is the judge's budget."""

    scope: Scope
    key: str
    may_ask: Callable[[], bool]
    _compared: dict[str, float] = field(default_factory=dict)

    @property
    def one(self) -> float:
        """Of a clear comparison."""
        return weight(self.scope.channel.answer)

    def compare(self, key: str) -> float:
        """Through the channel; the same each time it is asked."""
        if key not in self._compared:
            self._compared[key] = self._between(self.key, key)
        return self._compared[key]

    def compare_by_judge(self, key: str) -> float:
        """Through the judge's channel, where there is one and it may be asked."""
        error = self.scope.channel.judge
        if error is None or not self.may_ask():
            return 0.0
        return judge.evidence(yes=self.scope.verdict(self.key, key, error))

    def between(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Through the channel; a pair compared before would say the same again."""
        found = []
        for a, b in pairs:
            pair = (min(a, b), max(a, b))
            if pair not in self.scope.compared:
                self.scope.compared.add(pair)
                found.append(self._between(a, b))
        return found

    def _between(self, one: str, other: str) -> float:
        channel = self.scope.channel
        if channel.silent and self.scope.dice.random() < channel.silent:
            return 0.0
        return self.one if self.scope.same(one, other, channel.answer) else -self.one

    def more(self, entry: str, count: int, besides: Collection[str]) -> Sequence[str]:
        """By chance."""
        rest = [key for key in self.scope.members.get(entry, ()) if key not in besides]
        if len(rest) <= count:
            return rest
        return [rest[i] for i in self.scope.dice.choice(len(rest), count, replace=False, shuffle=False)]

    def homes(self, keys: Sequence[str]) -> dict[str, str]:
        """As the protocol says."""
        return {key: self.scope.entry_of[key] for key in keys if key in self.scope.entry_of}

    def apart(self) -> Collection[str]:
        """No person says anything here."""
        return ()

    def entry_now(self, entry: str) -> str:
        """As the protocol says."""
        while entry in self.scope.merged:
            entry = self.scope.merged[entry]
        return entry

    def served(self, entry: str) -> str | None:
        """As the protocol says."""
        return self.scope.served.get(entry)

    def join(self, entry: str) -> bool:
        """As the protocol says."""
        if entry not in self.scope.members:
            return False
        if self.scope.entry_of.get(self.key) != entry:
            self.scope.add(self.key, entry)
        return True

    def put(self) -> str:
        """An entry has the name of its first phrasing."""
        self.scope.add(self.key, f"e{self.key}")
        return f"e{self.key}"

    def merge(self, entry: str, other: str) -> str | None:
        """The larger one stays."""
        scope = self.scope
        if entry not in scope.members or other not in scope.members or entry == other:
            return None
        if len(scope.members[entry]) < len(scope.members[other]):
            entry, other = other, entry
        for key in scope.members[other]:
            scope.entry_of[key] = entry
        scope.members[entry] += scope.members.pop(other)
        scope.centroids.merge(entry, other)
        scope.merged[other] = entry
        del scope.served[other]
        return entry

    def elect(self, entry: str, key: str) -> bool:
        """As the protocol says."""
        if self.scope.entry_of.get(key) != entry:
            return False
        self.scope.served[entry] = key
        return True

    def expel(self, entry: str, key: str) -> bool:
        """Never the one whose answer is served, nor one of the last few."""
        scope = self.scope
        if scope.entry_of.get(key) != entry or scope.served[entry] == key:
            return False
        if len(scope.members[entry]) <= clustering.LEAST_MEMBERS:
            return False
        scope.drop(key)
        return True

    def move(self, key: str, entry: str) -> bool:
        """As the protocol says."""
        scope = self.scope
        if key not in scope.entry_of or entry not in scope.members or key in scope.served.values():
            return False
        scope.add(key, entry)
        return True

    def forget(self, entry: str) -> None:
        """Nothing expires here."""

    def trust(self, names: Sequence[str]) -> dict[str, float]:
        """As the protocol says."""
        return {name: self.scope.sums[name] for name in names if name in self.scope.sums}

    def write_trust(self, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        """As the protocol says."""
        for name in before:
            if name not in after:
                self.scope.sums.pop(name, None)
        self.scope.sums.update(after)

    def note(self, event: str) -> None:
        """Nobody counts."""
