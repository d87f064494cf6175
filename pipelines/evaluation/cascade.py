"""Measures of a cascade on outcomes: what it costs to keep a share of premium's quality, beside a router alone."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.statistics.linear import Ridge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PRICES = 16.0  # premium's price by economy's, as gpt-4o's by gpt-4o-mini's
KEPT = 0.95  # of premium's quality
FOLDS = 5
STRENGTH = 1.0
LOOKS = 21  # how the check may turn out, before it is known
STEPS = 400  # rates of exchange between quality and price that are tried


def simulated(wrong: NDArray[np.bool_], auroc: float, seed: int) -> Floats:
    """What a check of that area under its curve would say of answers, (n,): normal, higher where ``wrong``."""
    apart = np.sqrt(2.0) * _quantile(auroc)
    said: Floats = np.random.default_rng(seed).standard_normal(len(wrong)) + apart * wrong
    return said


def auroc(scores: Floats, wrong: NDArray[np.bool_]) -> float:
    """How often a wrong answer scores above a right one, ties by half; NaN where there are none of either."""
    if wrong.all() or not wrong.any():
        return float("nan")
    _, ranks, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    of_wrong = middle[ranks][wrong].sum()
    many, others = int(wrong.sum()), int((~wrong).sum())
    return float((of_wrong - many * (many + 1) / 2.0) / (many * others))


def measures(
    gains: Floats, said: Floats | None, economy: Floats, premium: Floats, *, prices: float = PRICES, seed: int = 0
) -> dict[str, Any]:
    """The price of keeping KEPT of premium's quality, in parts of asking premium always.

    ``gains`` (n,) are what was expected before any answer, unseen; ``said`` (n,) what a check says of economy's answer,
    None for a router alone; ``economy`` and ``premium`` (n,) how right the answers were, in [0, 1].
    """
    least, points = 1.0, []
    direct, later = _expected(gains, said, premium - economy, seed)
    seen = gains if said is None else np.concatenate([gains, direct])
    for rate in np.quantile(seen, np.linspace(0.0, 1.0, STEPS)):
        # Of the three, what is expected to be worth most: premium at once, economy alone, premium after economy.
        at_once = gains - rate
        first = np.maximum(later - rate, 0.0).mean(axis=1) - rate / prices
        to_premium = at_once >= first
        escalated = ~to_premium & (direct >= rate)
        quality = float(np.where(to_premium | escalated, premium, economy).mean())
        cost = float((to_premium * 1.0 + ~to_premium / prices + escalated).mean())
        points.append((round(cost, 4), round(quality, 4)))
        if quality >= KEPT * premium.mean():
            least = min(least, cost)
    return {"cost": round(least, 4), "curve": [list(point) for point in sorted(set(points))[:: STEPS // 40]]}


def _expected(gains: Floats, said: Floats | None, real: Floats, seed: int) -> tuple[Floats, Floats]:
    """The gain expected once the check spoke, (n,), and what it may come to be before, (n, LOOKS); fitted on others."""
    if said is None:
        return np.full(len(gains), -np.inf), np.full((len(gains), 1), -np.inf)
    spread = said.std() + 1e-9
    looks = np.quantile(said, (np.arange(LOOKS) + 0.5) / LOOKS)
    order = np.random.default_rng(seed).permutation(len(gains))
    direct, later = np.zeros(len(gains)), np.zeros((len(gains), LOOKS))
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        rest = np.setdiff1d(order, out)
        fitted = Ridge.fit(_features(gains[rest], said[rest] / spread), real[rest], STRENGTH)
        direct[out] = fitted.predict(_features(gains[out], said[out] / spread))
        for look, value in enumerate(looks):
            later[out, look] = fitted.predict(_features(gains[out], np.full(len(out), value / spread)))
    return direct, later


def _features(gains: Floats, said: Floats) -> Floats:
    found: Floats = np.column_stack([gains, said, gains * said, gains**2, said**2])
    return found


def _quantile(share: float) -> float:
    """Of the standard normal distribution."""

    return NormalDist().inv_cdf(share)
