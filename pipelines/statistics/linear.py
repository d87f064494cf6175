"""Linear arithmetic: a ridge regression, and the mixture of several predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 200  # of the descent by coordinates; it settles within some tens


@dataclass(frozen=True, slots=True)
class Ridge:
    """``y`` near ``base + (x - mean) @ slopes``; ``slopes`` and ``mean`` are (d,)."""

    slopes: NDArray[np.float64]
    mean: NDArray[np.float64]
    base: float

    @classmethod
    def fit(cls, x: NDArray[np.float64], y: NDArray[np.float64], strength: float) -> Ridge:
        """The least squares of ``x`` (n, d) and ``y`` (n,), slopes held towards 0 by ``strength``."""
        mean, base = x.mean(axis=0), float(y.mean())
        centred = x - mean
        slopes = np.linalg.solve(centred.T @ centred + strength * np.eye(x.shape[1]), centred.T @ (y - base))
        return cls(slopes, mean, base)

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) for ``x`` (n, d)."""
        found: NDArray[np.float64] = self.base + (x - self.mean) @ self.slopes
        return found


def mixture(
    said: NDArray[np.float64], y: NDArray[np.float64], *, prior: NDArray[np.float64], strength: float
) -> NDArray[np.float64]:
    """Weights (k,), none below 0, by which what ``said`` (n, k) predicts ``y`` (n,) best; both have mean 0.

    Held towards ``prior`` (k,) as if that many rows, ``strength``, spoke for it, each column by its own spread.
    """
    curvature = said.T @ said
    variance = np.maximum(np.diag(curvature) / max(len(y), 1), 1e-12)
    curvature = curvature + np.diag(strength * variance)
    aim = said.T @ y + strength * variance * prior
    weights = np.maximum(prior, 0.0)
    for _ in range(ROUNDS):
        before = weights.copy()
        for k in range(len(weights)):
            rest = aim[k] - curvature[k] @ weights + curvature[k, k] * weights[k]
            weights[k] = max(0.0, rest / curvature[k, k])
        if np.abs(weights - before).max() < 1e-9:
            break
    return weights
