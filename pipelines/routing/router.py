"""The router: the expected gain of premium, and from which gain on it is asked; as a value and as a file."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.routing import surface
from pipelines.routing.gain import LEARNERS, Gain, Learned
from pipelines.statistics.linear import Ridge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = 1
LEAST_OUTCOMES = 50  # of fewer nothing is fitted


@dataclass(frozen=True, slots=True)
class Expected:
    """What a router is expected to do, by outcomes that it was not fitted on: share of jobs that go to premium, mean
    quality of the routed answers and of economy's and premium's alone.
    """

    premium_share: float
    quality: float
    economy: float
    premium: float


@dataclass(frozen=True, slots=True)
class Router:
    """``at`` is the expected gain from which premium is asked, None where length alone is known and economy suffices
    until something else is shown; ``encoder`` is the fingerprint of whose vectors it knows, empty for none.
    """

    gain: Gain
    at: float | None = None
    encoder: str = ""
    expected: Expected | None = None

    def expects(self, question: str, vector: NDArray[np.float32] | None) -> float:
        """The expected gain; ``vector`` (d,) by the router's encoder, None without one."""
        return float(self.gain.predict([question], None if vector is None else vector[None, :])[0])

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float64],
        vectors: NDArray[np.float32],
        economy: NDArray[np.float64],
        premium: NDArray[np.float64],
        *,
        encoder: str,
        premium_share: float | None = None,
        quality: float | None = None,
    ) -> Router:
        """From outcomes: ``features`` (n, 17) and ``vectors`` (n, d) as :meth:`Gain.fit` has them; how right economy's
        and premium's answers were, (n,) in [0, 1] each.

        At most ``premium_share`` of jobs go to premium; or as few as keep ``quality``, a share of premium's own. Raises
        ValueError where there are too few outcomes, or both are asked for, or neither.
        """
        if len(features) < LEAST_OUTCOMES:
            raise ValueError(f"outcomes: got {len(features)}, expected at least {LEAST_OUTCOMES}")
        if (premium_share is None) == (quality is None):
            raise ValueError("expected either a share of premium or a quality")
        gain, unseen = Gain.fit(features, vectors, premium - economy)
        order = np.argsort(-unseen, kind="stable")
        gained = np.concatenate([[0.0], np.cumsum((premium - economy)[order])]) / len(order)
        reached = economy.mean() + gained
        if premium_share is not None:
            sent = int(premium_share * len(order))
        else:
            enough = np.flatnonzero(reached >= (quality or 0.0) * premium.mean())
            sent = int(enough[0]) if len(enough) else len(order)
        at = float(unseen[order[sent - 1]]) if sent else float(unseen[order[0]]) + 1e-9
        expected = Expected(
            round(sent / len(order), 4), round(float(reached[sent]), 4), round(float(economy.mean()), 4),
            round(float(premium.mean()), 4),
        )  # fmt: skip
        return cls(gain, at, encoder, expected)

    def encode(self) -> dict[str, Any]:
        """JSON values; arrays in base64, as little-endian float32 (vectors float16)."""
        gain, learned = self.gain, self.gain.learned
        return {
            "format": FORMAT,
            "features": list(surface.NAMES),
            "learners": list(LEARNERS),
            "encoder": self.encoder,
            "at": self.at,
            "expected": None if self.expected is None else asdict(self.expected),
            "outcomes": gain.outcomes,
            "base": gain.base,
            "weights": dict(zip(LEARNERS, gain.weights, strict=True)),
            "means": dict(zip(LEARNERS, gain.means, strict=True)),
            "learned": None
            if learned is None
            else {
                "mean": learned.mean.tolist(),
                "spread": learned.spread.tolist(),
                "gains": _packed(learned.gains, "<f4"),
                "vectors": _packed(learned.vectors, "<f2"),
                "landmarks": _packed(learned.landmarks, "<f4"),
                **{name: _ridge(getattr(learned, name)) for name in ("all", "surface", "kernel")},
            },
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Router:
        """Read what :meth:`encode` wrote; raises ValueError for what this version cannot use."""
        if raw.get("format") != FORMAT or raw.get("features") != list(surface.NAMES):
            raise ValueError("it was trained by another version: train it again")
        try:
            weights, means = (tuple(float(raw[name][one]) for one in LEARNERS) for name in ("weights", "means"))
            learned = None if raw["learned"] is None else _learned(raw["learned"], len(surface.NAMES))
            gain = Gain(learned, weights, float(raw["base"]), means, int(raw["outcomes"]))
            expected = None if raw["expected"] is None else Expected(**raw["expected"])
            return cls(gain, None if raw["at"] is None else float(raw["at"]), str(raw["encoder"]), expected)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is no router: {type(error).__name__}: {error}") from error


def _packed(values: NDArray[Any], kind: str) -> dict[str, Any]:
    return {
        "shape": list(values.shape),
        "kind": kind,
        "base64": base64.b64encode(values.astype(kind).tobytes()).decode("ascii"),
    }


def _unpacked(raw: Mapping[str, Any]) -> NDArray[np.float64]:
    values = np.frombuffer(base64.b64decode(raw["base64"], validate=True), dtype=raw["kind"])
    return values.astype(np.float64).reshape(raw["shape"])


def _ridge(ridge: Ridge) -> dict[str, Any]:
    return {"slopes": _packed(ridge.slopes, "<f4"), "mean": _packed(ridge.mean, "<f4"), "base": ridge.base}


def _learned(raw: Mapping[str, Any], features: int) -> Learned:
    ridges = {
        name: Ridge(_unpacked(raw[name]["slopes"]), _unpacked(raw[name]["mean"]), float(raw[name]["base"]))
        for name in ("all", "surface", "kernel")
    }
    mean, spread = np.array(raw["mean"], dtype=np.float64), np.array(raw["spread"], dtype=np.float64)
    if mean.shape != (features,):
        raise ValueError("it is no router: its features are others")
    vectors = _unpacked(raw["vectors"]).astype(np.float32)
    return Learned(mean, spread, vectors, _unpacked(raw["gains"]), landmarks=_unpacked(raw["landmarks"]), **ridges)


SHIPPED = Router(Gain())
