"""The boundary: where one tenant and category serves, what moves it, and how it is kept."""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import judge, risk
from pipelines.cache.clustering import PRIOR_OF_LESSON
from pipelines.cache.lessons import Lesson, RawLesson, Request
from pipelines.cache.verifier import COUNT, shipped
from pipelines.neighbourhood import STOPPED, WORTH
from pipelines.statistics.logistic import logit, sigmoid, sigmoids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pipelines.cache.verifier import Weights

PASSES = 2  # what is believed and what the lessons say of it settle together
MARGINS = (logit(PRIOR_OF_LESSON[0]), logit(PRIOR_OF_LESSON[1]))  # of what is believed before a comparison


def _weights(raw: bytes) -> NDArray[np.float64] | None:
    """The learned weights; None when they were learned for other features."""
    found = np.array(json.loads(raw), dtype=np.float64)
    return found if found.shape == (COUNT + 1,) else None


# What is kept of a boundary besides its lessons and recent requests, and how each field is read: what was counted, and
# what was learned on the verifier that a last field names.
VERIFIER = "verifier"
_COUNTED: dict[str, Callable[[bytes], Any]] = dict.fromkeys(("requests", "hits", "audits", "taught", "unlearned"), int)
_LEARNED: dict[str, Callable[[bytes], Any]] = {"uncertainty": float, "worth": float, "at": float, "weights": _weights}
FIELDS = (*_COUNTED, *_LEARNED, VERIFIER)


@dataclass(slots=True)
class Boundary:
    """The state of one tenant and category: its weights, where it serves, and what it learned from."""

    shipped: Weights
    target: float = risk.TARGET
    weights: NDArray[np.float64] = field(init=False)
    at: float = risk.COLD_BOUNDARY
    lessons: deque[Lesson] = field(default_factory=lambda: deque(maxlen=risk.LESSONS))
    recent: deque[Request] = field(default_factory=lambda: deque(maxlen=risk.RECENT))
    taught: int = 0
    unlearned: int = 0
    uncertainty: float = 0.1
    worth: float = WORTH
    requests: int = 0
    hits: int = 0
    audits: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.target < 0.5:
            raise ValueError(f"target: got {self.target}, expected a share of requests above 0 and below 0.5")
        self.weights = self.shipped.weights.copy()

    @property
    def state(self) -> str:
        """``cold`` until enough was learned, ``closed`` while nothing is sure enough to be served, else ``open``."""
        if self.at >= risk.NOTHING:
            return "closed"
        return "cold" if self.taught < risk.COLD_LESSONS else "open"

    def probability(self, features: NDArray[np.float64]) -> float:
        """Probability that the suspect is right, in (0, 1); ``features`` are standardised, (16,)."""
        return sigmoid(float(features @ self.weights))

    @property
    def least_similarity(self) -> float:
        """Cosine of the suspect's nearest phrasing below which nothing is served: nothing far to a new tenant."""
        return self.shipped.cold_similarity if self.taught < risk.COLD_LESSONS else -1.0

    def after(self, request: Request) -> float:
        """Probability that the request's suspect was right, what a judge or a gate said included."""
        margin = 0.0 if request.features is None else float(request.features @ self.weights)
        return sigmoid(margin + request.offset)

    def note(self, request: Request) -> None:
        """One more request."""
        self.requests += 1
        self.hits += request.served
        self.recent.append(request)

    def learn(self, lesson: Lesson) -> None:
        """Take a lesson in; every so many of them move the weights and the boundary."""
        self.lessons.append(lesson)
        self.audits += lesson.audited
        self.taught += 1
        self.unlearned += 1
        if risk.due(self.unlearned, self.taught):
            self.relearn()

    def relearn(self) -> None:
        """Move the weights and the boundary to where the lessons and the recent requests put them."""
        self.unlearned = 0
        for _ in range(PASSES):
            self.weights = risk.refit(self.shipped.weights, self.weights, self.lessons, self._right(self.lessons))
        self.worth = self._judges_worth()
        near = [request for request in self.recent if request.features is not None]
        if not near:
            return
        features = np.array([request.features for request in near])
        margins = features @ self.weights
        offsets = np.array([request.offset for request in near])
        served = np.array([request.served for request in near])
        probabilities = sigmoids(margins + offsets)
        wrong = float((1.0 - probabilities[served]).sum()) + int(served.sum()) * self._surprise()
        # Where to serve unjudged, by what was known before a judge spoke: its word says nothing of the next request.
        unjudged = sigmoids(margins + np.where(offsets <= STOPPED, STOPPED, 0.0))
        judged = np.where(served & (offsets != 0.0), 1.0 - probabilities, 0.0)
        # Of the latest alone: while a cache fills, more is near each day than the day before.
        latest = sum(request.features is not None for request in list(self.recent)[-risk.LATEST :])
        self.at = (
            risk.boundary(
                unjudged[-latest:],
                judged[-latest:],
                min(len(self.recent), risk.LATEST),
                self._allowed(wrong),
                features=features[-latest:],
                covariance=risk.unsure(self.weights, self.lessons),
            )
            if latest
            else risk.NOTHING
        )
        doubts = risk.doubt(probabilities[served | (unjudged >= self.at)])
        if len(doubts):
            self.uncertainty = float(doubts.mean())

    def _right(self, lessons: Sequence[Lesson]) -> NDArray[np.float64]:
        """How right each suspect was, by what is believed now and what its comparisons said: each may have erred, and
        with what was believed then a mistake would be kept (A. P. Dempster et al., 1977).
        """
        margins = np.clip(np.array([lesson.features for lesson in lessons]) @ self.weights, *MARGINS)
        margins += self.worth * np.array([lesson.verdicts for lesson in lessons])
        said = np.array([math.nan if lesson.evidence is None else lesson.evidence for lesson in lessons])
        fixed = np.array([lesson.right for lesson in lessons])
        return np.where(np.isnan(said), fixed, sigmoids(margins + np.nan_to_num(said)))

    def _judges_worth(self) -> float:
        """What a verdict is worth in log-odds, by those whose outcome is known."""
        judged = [lesson for lesson in self.lessons if lesson.verdicts]
        if not judged:
            return WORTH
        return judge.learned_worth(
            np.array([lesson.features for lesson in judged]) @ self.weights,
            np.array([lesson.verdicts for lesson in judged]),
            self._right(judged),
            np.array([min(lesson.weight, risk.MOST_WEIGHT) for lesson in judged]),
        )

    def _surprise(self) -> float:
        """How much more often than expected audited hits were wrong, as far as that is no chance; in [-1, 1]."""
        audits = [lesson for lesson in self.lessons if lesson.audited]
        if not audits:
            return 0.0
        weights = np.array([lesson.weight for lesson in audits])
        expected = sigmoids(np.array([lesson.features for lesson in audits]) @ self.weights)
        share = weights / weights.sum()
        apart = expected - np.array([lesson.shown for lesson in audits])
        mean = float((share * apart).sum())
        # One audit of a sure hit stands for fifty: alone it is chance, however unlikely the weights call it.
        chance = float((share**2 * np.maximum(risk.doubt(expected) ** 2, apart**2)).sum())
        return mean * max(0.0, 1.0 - chance / max(mean**2, 1e-12))

    def _allowed(self, wrong: float) -> float:
        """Wrong hits per request that the next requests may bring: the target, less debts, plus a part of a surplus.

        ``wrong`` were expected of the recent requests.
        """
        surplus = (self.target * len(self.recent) - max(wrong, 0.0)) / risk.HORIZON
        return min(max(self.target + surplus, risk.LEAST_ALLOWED * self.target), risk.MOST_STRETCH * self.target)

    def encode(self) -> dict[str, str | int]:
        """What was learned, as text, and on which verifier; what is counted is counted where it is kept."""
        return {
            "unlearned": self.unlearned,
            "at": repr(self.at),
            "weights": json.dumps([round(float(value), 6) for value in self.weights]),
            "uncertainty": repr(self.uncertainty),
            "worth": repr(self.worth),
            VERIFIER: self.shipped.fingerprint,
        }

    @classmethod
    def restore(
        cls,
        shipped: Weights,
        target: float,
        kept: Mapping[str, bytes | None],
        *,
        lessons: Iterable[bytes] = (),
        recent: Iterable[bytes] = (),
    ) -> Boundary:
        """A boundary as it was kept, by :data:`FIELDS`; without its lessons it decides, with them it learns."""
        found = cls(shipped, target)
        learned = kept.get(VERIFIER) in (None, shipped.fingerprint.encode())
        for name, raw in kept.items():
            read = _COUNTED.get(name) or (_LEARNED.get(name) if learned else None)
            value = None if raw is None or read is None else read(raw)
            if value is not None:
                setattr(found, name, value)
        if not learned:
            found.taught = 0  # on these weights nothing was learned yet: the tenant begins anew
        found.recent.extend(Request.unpack(raw, shipped) for raw in recent)
        kept_lessons = filter(None, map(RawLesson.unpack, lessons))
        found.lessons.extend(lesson.standardised(shipped) for lesson in kept_lessons)
        return found


@dataclass(frozen=True, slots=True)
class Policy:
    """Where a tenant's bucket stands: its verifier with the weights learned so far, the probability at which it serves,
    the cosine below which it never does; ``hits`` so far and their mean ``uncertainty`` say how many are audited. The
    defaults are a new tenant's.
    """

    verifier: Weights = field(default_factory=shipped)
    at: float = risk.COLD_BOUNDARY
    least_similarity: float = field(default_factory=lambda: shipped().cold_similarity)
    hits: int = 0
    requests: int = 0
    uncertainty: float = 0.1
    worth: float = WORTH

    @property
    def jobs_per_miss(self) -> float:
        """How many jobs there are for each that no semantic hit answers, >= 1."""
        return self.requests / max(self.requests - self.hits, 1) if self.requests else 1.0

    @classmethod
    def new(cls, verifier: Weights) -> Policy:
        """Where a tenant begins."""
        return cls(verifier=verifier, least_similarity=verifier.cold_similarity)

    @classmethod
    def of(cls, boundary: Boundary) -> Policy:
        """Where a boundary stands at this moment."""
        return cls(
            verifier=replace(boundary.shipped, weights=boundary.weights),
            at=boundary.at,
            least_similarity=boundary.least_similarity,
            hits=boundary.hits,
            requests=boundary.requests,
            uncertainty=boundary.uncertainty,
            worth=boundary.worth,
        )

    def probability(self, features: NDArray[np.float64]) -> float:
        """Probability that a suspect with these raw features (15,) is right."""
        return sigmoid(float(self.verifier.standardised(features) @ self.verifier.weights))

    def audit(self, probability: float, dice: float, *, of_entry: int = 0) -> float | None:
        """The weight, >= 1, of the audit of a hit of this probability; None when ``dice`` in [0, 1) spares it.

        ``of_entry``: how often its entry was served before.
        """
        rate = risk.audit_rate(probability, hits=self.hits, uncertainty=self.uncertainty, of_entry=of_entry)
        return 1.0 / rate if dice < rate else None
