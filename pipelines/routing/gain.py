"""The gain: how much more right a premium answer would be than an economy one, from a prompt and outcomes of one's own.

Prompts alone hardly tell it: fitted on other sets of outcomes, nothing measured here beats the prompt's length, so
length is what is believed before there are outcomes of one's own, and beside few of them. From outcomes four learners
make something: the nearest prompts' gains, a ridge on vector and surface, a ridge on the surface alone, and one on how
near the surface is to that of other prompts. How much each says is seen on outcomes that it was not fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.routing import surface
from pipelines.statistics.linear import Ridge, mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Near = tuple[NDArray[np.int64], Floats]  # numbers and weights of the nearest, (n, m) each; weights sum to 1

NEAREST = 100  # prompts whose gains are averaged
NEARNESS = 0.1  # difference of cosines at which a prompt counts less by e
MOST_OUTCOMES = 8_000  # kept for the nearest; a random part of more
VECTOR_SCALE = 10.0  # of a unit vector beside standard scores
HOLDS_ALL, HOLDS_SURFACE, HOLDS_KERNEL = 1_000.0, 30.0, 3.0  # strengths of the ridges
LANDMARKS = 100  # prompts to whose surface others are compared
WIDTH = 22.0  # of that comparison, in squared standard scores
INNER_FOLDS = 5
PRIOR_OUTCOMES = 300  # outcomes that weigh as much as the prior
# What a prompt longer by a standard deviation gains more, before there is any outcome.
PRIOR_GAIN = 0.1
# Mean and standard deviation of the log of a prompt's characters, where there are none of one's own: some 40 to 450.
PRIOR_MEAN, PRIOR_SPREAD = 4.9, 1.2
LEARNERS = ("length", "nearest", "all", "surface", "kernel")


@dataclass(frozen=True, slots=True)
class Learned:
    """What was fitted on prompts' features, standardised by ``mean`` and ``spread`` (17,), and their vectors."""

    mean: Floats
    spread: Floats
    vectors: NDArray[np.float32]  # (n, d), rows of length 1, or 0 where no encoder reads it; (n, 0) without an encoder
    gains: Floats  # (n,), of these
    all: Ridge
    surface: Ridge
    kernel: Ridge
    landmarks: Floats  # (m, 17)

    @classmethod
    def fit(cls, features: Floats, vectors: NDArray[np.float32], gains: Floats, dice: np.random.Generator) -> Learned:
        """Fit on ``features`` (n, 17) as surface.surfaces has them, ``vectors`` (n, d), ``gains`` (n,) in [-1, 1]."""
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        standard = np.clip((features - mean) / spread, -4.0, 4.0)
        landmarks = standard[dice.permutation(len(standard))[:LANDMARKS]]
        kept = np.sort(dice.permutation(len(gains))[:MOST_OUTCOMES])
        return cls(
            mean,
            spread,
            vectors[kept],
            gains[kept],
            Ridge.fit(_both(vectors, standard), gains, HOLDS_ALL),
            Ridge.fit(standard, gains, HOLDS_SURFACE),
            Ridge.fit(_near(standard, landmarks), gains, HOLDS_KERNEL),
            landmarks,
        )

    def predict(self, features: Floats, vectors: NDArray[np.float32], near: Near | None = None) -> Floats:
        """What each learner expects of each prompt, (n, 5), in the order of LEARNERS; ``near`` where that is known."""
        standard = np.clip((features - self.mean) / self.spread, -4.0, 4.0)
        nearest = both = flat = self.surface.predict(standard)  # without a vector the surface has to do
        if self.reads(vectors):
            read = vectors.any(axis=1)
            best, weights = near or self.near(vectors)
            nearest = np.where(read, (weights * self.gains[best]).sum(axis=1), flat)
            both = np.where(read, self.all.predict(_both(vectors, standard)), flat)
        return np.column_stack(
            [
                standard[:, surface.LENGTH],
                nearest,
                both,
                flat,
                self.kernel.predict(_near(standard, self.landmarks)),
            ]
        )

    def reads(self, vectors: NDArray[np.float32]) -> bool:
        """Are these (n, d) of the kind that it learned from?"""
        return bool(vectors.shape[1]) and vectors.shape[1] == self.vectors.shape[1]

    def near(self, vectors: NDArray[np.float32]) -> Near:
        """The nearest of the prompts it knows to each of (n, d)."""
        many = min(NEAREST, len(self.gains))
        best = np.zeros((len(vectors), many), dtype=np.int64)
        weights = np.zeros((len(vectors), many))
        for start in range(0, len(vectors), 500):
            part = slice(start, start + 500)
            cosines = (vectors[part].astype(np.float32) @ self.vectors.T).astype(np.float64)
            best[part] = np.argpartition(-cosines, many - 1, axis=1)[:, :many]
            near = np.take_along_axis(cosines, best[part], axis=1)
            weights[part] = np.exp((near - near.max(axis=1, keepdims=True)) / NEARNESS)
        return best, weights / weights.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Gain:
    """Predicts gains. Without outcomes (``learned`` is None) by length alone."""

    learned: Learned | None = None
    weights: tuple[float, ...] = (0.0,) * len(LEARNERS)  # of the learners
    base: float = 0.0  # the mean gain of the outcomes
    means: tuple[float, ...] = (0.0,) * len(LEARNERS)  # the learners' means
    outcomes: int = 0

    @classmethod
    def fit(
        cls,
        features: Floats,
        vectors: NDArray[np.float32],
        gains: Floats,
        *,
        seed: int = 0,
        prior_gain: float = PRIOR_GAIN,
        prior_outcomes: float = PRIOR_OUTCOMES,
    ) -> tuple[Gain, Floats]:
        """A predictor from outcomes, and what it would have said of each without having seen that one, (n,).

        ``features`` (n, 17) of the prompts as surface.surfaces has them; ``vectors`` (n, d) of theirs, rows of zeros
        where the encoder does not read one, (n, 0) without an encoder; ``gains`` (n,) premium's quality less economy's.
        ``prior_gain`` of length is believed beforehand, as strongly as by ``prior_outcomes``.
        """
        dice = np.random.default_rng(seed)
        unseen = np.zeros((len(gains), len(LEARNERS)))
        order = dice.permutation(len(gains))
        for fold in range(INNER_FOLDS):
            out, rest = order[fold::INNER_FOLDS], np.delete(order, np.s_[fold::INNER_FOLDS])
            if len(out) and len(rest):
                part = Learned.fit(features[rest], vectors[rest], gains[rest], dice)
                unseen[out] = part.predict(features[out], vectors[out])
        base = float(gains.mean())
        means = unseen.mean(axis=0)
        believed = prior_gain * (np.array(LEARNERS) == "length")
        own = len(gains) / (len(gains) + prior_outcomes)
        weights = own * mixture(unseen - means, gains - base, prior=believed, strength=prior_outcomes)
        weights = weights + (1.0 - own) * believed
        learned = Learned.fit(features, vectors, gains, dice)
        found = cls(learned, tuple(weights.tolist()), base, tuple(means.tolist()), len(gains))
        return found, base + (unseen - means) @ weights

    def predict(self, prompts: Sequence[str], vectors: NDArray[np.float32] | None = None) -> Floats:
        """The expected gain of each prompt, (n,); ``vectors`` (n, d) where an encoder reads them."""
        return self.of_surfaces(surface.surfaces(prompts), vectors)

    def of_surfaces(
        self, features: Floats, vectors: NDArray[np.float32] | None = None, near: Near | None = None
    ) -> Floats:
        """As :meth:`predict`, of prompts whose surfaces are known, (n, 17), and maybe what is ``near`` them."""
        if self.learned is None:
            by_length: Floats = PRIOR_GAIN * (features[:, surface.LENGTH] - PRIOR_MEAN) / PRIOR_SPREAD
            return by_length
        given = np.zeros((len(features), 0), dtype=np.float32) if vectors is None else vectors
        said = self.learned.predict(features, given, near)
        mixed: Floats = self.base + (said - np.array(self.means)) @ np.array(self.weights)
        return mixed


def _both(vectors: NDArray[np.float32], standard: Floats) -> Floats:
    return np.hstack([VECTOR_SCALE * vectors.astype(np.float64), standard])


def _near(standard: Floats, landmarks: Floats) -> Floats:
    """How near each row is to each landmark, (n, m) in (0, 1]."""
    apart = (standard**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1) - 2.0 * standard @ landmarks.T
    near: Floats = np.exp(-np.maximum(apart, 0.0) / WIDTH)
    return near
