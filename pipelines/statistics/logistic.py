"""Logistic arithmetic: probabilities and log-odds, the evidence of a channel that errs, and the regression."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_MARGIN = 40.0  # e^40 is sure enough, and far from overflow
LEAST_ERROR = 0.01  # a channel said never to err is believed to err this often: evidence stays finite
SHORTEST_STEP = 1e-3  # share of a Newton step at which damping gives up


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return float(sigmoids(np.float64(x)))


def sigmoids(x: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """As :func:`sigmoid`, of each."""
    found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(x, -LARGEST_MARGIN, LARGEST_MARGIN)))
    return found


def logit(p: float) -> float:
    """The inverse of :func:`sigmoid`, for p in (0, 1)."""
    return float(np.log(p / (1.0 - p)))


def weight(error: float) -> float:
    """Evidence (log-odds) of one yes or no that errs at rate ``error`` in [0, 0.5): log((1 - error) / error)."""
    believed = max(error, LEAST_ERROR)
    return math.log((1.0 - believed) / believed)


def regress(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    w: NDArray[np.float64],
    *,
    start: NDArray[np.float64],
    towards: NDArray[np.float64],
    holds: NDArray[np.float64],
    steps: int,
    enough: float,
) -> NDArray[np.float64]:
    """Weighted logistic regression by damped Newton steps; (d,) float64.

    ``x`` (n, d), ``y`` (n,) in [0, 1], ``w`` (n,) weights. A ridge of strengths ``holds`` (d,) pulls ``towards``
    (d,). At most ``steps``, and no further one once the loss falls by less than ``enough``.
    """

    def loss(v: NDArray[np.float64]) -> float:
        margin = x @ v
        return float((w * (np.logaddexp(0.0, margin) - y * margin)).sum() + 0.5 * (holds * (v - towards) ** 2).sum())

    weights, now = start, loss(start)
    for _ in range(steps):
        p = sigmoids(x @ weights)
        gradient = x.T @ (w * (p - y)) + holds * (weights - towards)
        curvature = (x * (w * p * (1.0 - p))[:, None]).T @ x + np.diag(holds)
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while length > SHORTEST_STEP and loss(weights - length * step) > now:
            length /= 2.0
        weights = weights - length * step
        then = loss(weights)
        if now - then < enough:
            break
        now = then
    return weights
