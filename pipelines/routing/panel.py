"""The panel: of several models, the one whose answer to a prompt is worth most: how right it will be, less its price.

A model's worth is its expected quality times what a right answer is worth in dollars, less what the call is expected to
cost. One number, dollars for a right answer in place of a wrong one, so says how quality and money are weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.routing import artifact, surface
from pipelines.routing.gain import Gain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipelines.routing.gain import Learned

    Floats = NDArray[np.float64]

# That longer prompts gain more from a better model says nothing of how right one model is; and held more strongly to
# its mean, a model that is right about some prompts alone is asked too seldom where outcomes are few.
PRIOR_OUTCOMES = 30.0
STEPS = 200  # dollars for a right answer that are tried, each some 10 % more than the last
CHEAPEST, DEAREST = 1e-4, 1e5  # of them, in calls of the dearest model


@dataclass(frozen=True, slots=True)
class Ranked:
    """A model, how right its answer will be, in [0, 1]; what it costs and what that is worth, in dollars."""

    model: str
    quality: float
    cost_usd: float
    worth_usd: float


@dataclass(frozen=True, slots=True)
class Panel:
    """How right each model's answers are, by model, all learned of the same prompts; ``right_usd``: what a right answer
    in place of a wrong one is worth, dollars above 0, where the tenant says nothing else.
    """

    qualities: Mapping[str, Gain]
    right_usd: float

    @classmethod
    def fit(
        cls, features: Floats, vectors: NDArray[np.float32], right: Mapping[str, Floats]
    ) -> tuple[dict[str, Gain], Floats]:
        """What predicts each model's quality, and what it would have said of each prompt unseen, (n, models).

        ``features`` (n, 17) and ``vectors`` (n, d) as :meth:`Gain.fit` has them; ``right`` (n,) in [0, 1] by model.
        """
        found, unseen = {}, []
        for model, values in right.items():
            found[model], said = Gain.fit(features, vectors, values, prior_gain=0.0, prior_outcomes=PRIOR_OUTCOMES)
            unseen.append(said)
        return found, np.column_stack(unseen)

    def predict(self, features: Floats, vectors: NDArray[np.float32]) -> Floats:
        """Expected quality, (n, models) in [0, 1], in the panel's order."""
        near, like = None, next(iter(self.qualities.values())).learned
        if like is not None and like.reads(vectors):
            near = like.near(vectors)
        said = np.column_stack([one.of_surfaces(features, vectors, near) for one in self.qualities.values()])
        return np.clip(said, 0.0, 1.0)

    def rank(
        self,
        question: str,
        vector: NDArray[np.float32] | None,
        costs_usd: Mapping[str, float],
        *,
        right_usd: float | None = None,
    ) -> tuple[Ranked, ...]:
        """Its models that may be asked, by ``costs_usd``, whose answer is worth most first; of equals the cheapest.

        ``vector`` is (d,), the question's; None where no encoder reads it.
        """
        vectors = np.zeros((1, 0), dtype=np.float32) if vector is None else vector[None, :]
        expected = self.predict(surface.surfaces([question]), vectors)[0].tolist()
        right = self.right_usd if right_usd is None else right_usd
        found = [
            Ranked(model, quality, costs_usd[model], right * quality - costs_usd[model])
            for model, quality in zip(self.qualities, expected, strict=True)
            if model in costs_usd
        ]
        return tuple(sorted(found, key=lambda one: (-one.worth_usd, one.cost_usd)))

    def encode(self, *, like: Learned | None) -> dict[str, Any]:
        """JSON values; what is of the prompts alone is the router's, who has it from the same ones: ``like``."""
        shared = all(one.learned is not None and _same(one.learned, like) for one in self.qualities.values())
        return {
            "right_usd": self.right_usd,
            "models": {model: artifact.gain(one, prompts=not shared) for model, one in self.qualities.items()},
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any], *, like: Learned | None) -> Panel:
        """Read what :meth:`encode` wrote; raises ValueError, KeyError or TypeError."""
        found = {str(model): artifact.read_gain(one, like=like) for model, one in raw["models"].items()}
        right = float(raw["right_usd"])
        if not found or not 0.0 < right < float("inf"):
            raise ValueError("it is no router: its panel has no models, or no price of a right answer")
        return cls(found, right)


def _same(one: Learned, other: Learned | None) -> bool:
    return other is not None and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("mean", "spread", "vectors", "landmarks")
    )


def prices(costs_usd: Floats) -> Floats:
    """Dollars for a right answer that are worth trying, (STEPS,), ascending; ``costs_usd`` of calls, of any shape."""
    dearest = float(np.max(costs_usd))
    return dearest * np.geomspace(CHEAPEST, DEAREST, STEPS)


def chosen(expected: Floats, costs_usd: Floats, right_usd: float) -> NDArray[np.int64]:
    """The number of the model that is asked, (n,); ``expected`` and ``costs_usd`` are (n, models)."""
    found: NDArray[np.int64] = np.argmax(right_usd * expected - costs_usd, axis=1)
    return found


def dearest(costs_usd: Floats) -> NDArray[np.bool_]:
    """Is each model one of those that cost more than half of what the dearest does? ``costs_usd`` (n, models)."""
    mean = costs_usd.mean(axis=0)
    found: NDArray[np.bool_] = mean > mean.max() / 2.0
    return found


@dataclass(frozen=True, slots=True)
class Goal:
    """One of three: ``quality`` as a share of the best single model's, ``usd_per_1000`` at the most, or the share of
    calls to the dearest models, ``premium_share``, at the most.
    """

    quality: float | None = None
    usd_per_1000: float | None = None
    premium_share: float | None = None

    def price(self, expected: Floats, right: Floats, costs_usd: Floats) -> float:
        """Dollars for a right answer that reach it: the fewest for a quality, the most for a bound of what is spent.

        All (n, models): ``expected`` was said of prompts unseen, ``right`` came out. Where nothing reaches a goal, what
        comes nearest.
        """
        rows, dear = np.arange(len(right)), dearest(costs_usd)
        tried = prices(costs_usd)
        if self.quality is not None:
            aim = self.quality * right.mean(axis=0).max()
            reached = [right[rows, chosen(expected, costs_usd, price)].mean() for price in tried]
            enough = np.flatnonzero(np.array(reached) >= aim)
            return float(tried[enough[0]] if len(enough) else tried[int(np.argmax(reached))])
        within = []
        for price in tried:
            asked = chosen(expected, costs_usd, price)
            if self.usd_per_1000 is not None:
                within.append(1000.0 * costs_usd[rows, asked].mean() <= self.usd_per_1000)
            else:
                within.append(dear[asked].mean() <= float(self.premium_share or 0.0))
        allowed = np.flatnonzero(within)
        return float(tried[allowed[-1]] if len(allowed) else tried[0])
