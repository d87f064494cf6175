"""Risk: the arithmetic that holds the wrong hits per request at a target, and says how many there were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.cache import verifier
from pipelines.statistics.intervals import interval
from pipelines.statistics.logistic import regress, sigmoids

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from pipelines.cache.lessons import Lesson

TARGET = 0.01  # wrong hits per request, unless the operator chose another
COLD_BOUNDARY = 0.93  # until enough was seen
COLD_LESSONS = 200  # of the tenant's own; until then nothing far is served (Weights.cold_similarity)
RECENT = 1_500  # requests whose expected errors are a debt or a surplus
LATEST = 1_000  # of them, those whose probabilities set the boundary
NOTHING = 1.01  # the boundary when not even the surest may be served
LEAST_BOUNDARY = 0.6  # below it, a hit is a guess
LESSONS = 4_000  # kept; older ones are forgotten
EVERY = 100  # lessons between two refits; fewer at first
# Half of a new tenant's first hits are audited, whatever their probability; a quarter after so many, and so on. So it
# is with the first hits of an entry: a crowd that asks one thing teaches one thing.
EARLY_SHARE, EARLY_AUDITS, EARLY_OF_ENTRY = 0.5, 40, 4
# How strongly the shipped weights hold against lessons: the bias may move, the shape less.
HOLDS_BIAS, HOLDS_SHAPE = 0.3, 3.0
MOST_WEIGHT = 15.0  # of one lesson in a refit: one mistaken audit of a sure hit must not turn everything over
AUDITS = 0.06  # of hits, on average; uncertain ones more often
LEAST_AUDIT = 0.02
TELLING_AUDITS = 20  # of fewer, a share of wrong hits says nothing; the interval does
HORIZON = 1_500  # requests within which a surplus or a debt of errors is made good
LEAST_ALLOWED = 0.2  # of the target, while a debt is paid back: no hits would teach nothing
MOST_STRETCH = 1.5  # of the target, while a surplus is spent
SURELY = 1.0  # standard deviations of what is expected that the boundary keeps clear of


FOLLOW_UP = "/follow-up"


def bucket(category: str, *, kind: str, follows: bool) -> str:
    """What has a boundary of its own within a tenant: the job's category, the kind of encoder (its cosines mean other
    things), and whether the question followed others (that it stands alone may itself be a mistake).

    The usual kind is named only where the category itself ends as if it named one.
    """
    named = kind != verifier.SENTENCES or category.endswith((FOLLOW_UP, *(f"/{known}" for known in verifier.KINDS)))
    return category + f"/{kind}" * named + FOLLOW_UP * follows


def kind_of(bucket: str) -> str:
    """The kind of encoder that a bucket is of."""
    plain = bucket.removesuffix(FOLLOW_UP)
    return next((kind for kind in verifier.KINDS if plain.endswith(f"/{kind}")), verifier.SENTENCES)


def due(unlearned: int, taught: int) -> bool:
    """Are ``unlearned`` lessons among all that were ``taught`` enough to learn from?"""
    return unlearned >= min(EVERY, 10 + taught // 4)


def doubt(probability: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Standard deviation of a yes or no of this probability."""
    found: NDArray[np.float64] = np.sqrt(np.asarray(probability) * (1.0 - np.asarray(probability)))
    return found


def audit_rate(probability: float, *, hits: int, uncertainty: float, of_entry: int = 0) -> float:
    """Probability, in (0, 1], with which a hit is audited, after ``hits`` others of mean doubt ``uncertainty``,
    ``of_entry`` of which were given the same entry.
    """
    # The shipped weights have never seen a new tenant's questions.
    early = EARLY_SHARE * EARLY_AUDITS / (EARLY_AUDITS + hits) * EARLY_OF_ENTRY / (EARLY_OF_ENTRY + of_entry)
    return min(1.0, max(LEAST_AUDIT, early, AUDITS * float(doubt(probability)) / max(uncertainty, 1e-3)))


def refit(
    shipped: NDArray[np.float64],
    weights: NDArray[np.float64],
    lessons: Collection[Lesson],
    right: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The weights (16,) that the lessons suggest, from ``weights`` on and held near ``shipped``; ``right`` (n,) in
    [0, 1] is how right each one's suspect was.
    """
    return regress(
        np.array([lesson.features for lesson in lessons]),
        right,
        np.array([min(lesson.weight, MOST_WEIGHT) for lesson in lessons]),
        start=weights,
        towards=shipped,
        holds=_holds(len(shipped)),
        steps=6,
        enough=1e-3,
    )


def unsure(weights: NDArray[np.float64], lessons: Collection[Lesson]) -> NDArray[np.float64]:
    """The covariance (16, 16) of ``weights`` after these lessons, by P. Laplace's approximation."""
    features = np.array([lesson.features for lesson in lessons]).reshape(-1, len(weights))
    weighed = np.array([min(lesson.weight, MOST_WEIGHT) for lesson in lessons])
    told = weighed * doubt(sigmoids(features @ weights)) ** 2
    found: NDArray[np.float64] = np.linalg.inv((features * told[:, None]).T @ features + np.diag(_holds(len(weights))))
    return found


def _holds(count: int) -> NDArray[np.float64]:
    holds = np.full(count, HOLDS_SHAPE)
    holds[0] = HOLDS_BIAS
    return holds


def boundary(
    recent: NDArray[np.float64],
    judged: NDArray[np.float64],
    requests: int,
    allowed: float,
    *,
    features: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> float:
    """The least probability at which serving brings at most ``allowed`` expected wrong hits per request.

    ``recent`` (n,) are the probabilities of those of ``requests`` that had one, before a judge spoke; ``judged`` (n,)
    how probably each was served wrongly on a judge's word (0 where it was not), which is what it costs below the
    boundary. To what is expected comes SURELY times its standard deviation, by how ``features`` (n, 16) hang on weights
    of this ``covariance`` (see unsure): while few lessons stand behind them, less is served.
    """
    order = np.argsort(-recent, kind="stable")
    falling = recent[order]
    slopes = np.cumsum((falling * (1.0 - falling))[:, None] * features[order], axis=0)
    spread = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slopes, covariance, slopes), 0.0))
    wrong = np.cumsum(1.0 - falling) + judged.sum() - np.cumsum(judged[order]) + SURELY * spread
    served = int(np.searchsorted(np.maximum.accumulate(wrong) / requests, allowed, side="right"))
    if served == len(falling):
        return max(LEAST_BOUNDARY, float(falling[-1]))
    # What is as probable as the first that is too much is too much as well.
    above = falling[falling > falling[served]]
    return max(LEAST_BOUNDARY, float(above[-1])) if len(above) else NOTHING


@dataclass(frozen=True, slots=True)
class Estimate:
    """Wrong hits per request, from audits: the share and its 95 % confidence interval, and the audits behind it."""

    rate: float
    low: float
    high: float
    audits: int


def estimate(audits: Sequence[tuple[float, float]], *, hits: int, requests: int) -> Estimate:
    """What audits say of the wrong hits per request, where ``hits`` of ``requests`` were served on a probability.

    Each audit is how right the hit was by the comparisons alone (see lessons.Lesson.shown), and its weight (one over
    the chance that it was audited): J. Hajek's estimate of a mean (1971). The interval is Wilson's, for as many audits
    as weights so unequal are worth (L. Kish, 1965); without audits it is (0, the share of hits).
    """
    share = hits / requests if requests else 0.0
    total = sum(weight for _, weight in audits)
    if not total:
        return Estimate(0.0, 0.0, share, 0)
    wrong = min(max(sum((1.0 - right) * weight for right, weight in audits) / total, 0.0), 1.0)
    worth = total**2 / sum(weight**2 for _, weight in audits)
    low, high = interval(wrong * worth, worth)
    return Estimate(share * wrong, share * low, share * high, len(audits))
