"""The router: the expected gain of premium, and from which gain on it is asked; as a value and as a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.routing import artifact, surface
from pipelines.routing.gain import LEARNERS, Gain
from pipelines.routing.panel import Panel

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
    until something else is shown; ``encoder`` is the fingerprint of whose vectors it knows, empty for none. ``panel``
    chooses among more than two models, where outcomes of each were learned from.
    """

    gain: Gain
    at: float | None = None
    encoder: str = ""
    expected: Expected | None = None
    panel: Panel | None = None

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
        """JSON values; see artifact."""
        return {
            "format": FORMAT,
            "features": list(surface.NAMES),
            "learners": list(LEARNERS),
            "encoder": self.encoder,
            "at": self.at,
            "expected": None if self.expected is None else asdict(self.expected),
            **artifact.gain(self.gain),
            **({} if self.panel is None else {"panel": self.panel.encode(like=self.gain.learned)}),
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Router:
        """Read what :meth:`encode` wrote; raises ValueError for what this version cannot use."""
        if raw.get("format") != FORMAT or raw.get("features") != list(surface.NAMES):
            raise ValueError("it was trained by another version: train it again")
        try:
            gain = artifact.read_gain(raw)
            expected = None if raw["expected"] is None else Expected(**raw["expected"])
            panel = Panel.decode(raw["panel"], like=gain.learned) if raw.get("panel") else None
            at = None if raw["at"] is None else float(raw["at"])
            return cls(gain, at, str(raw["encoder"]), expected, panel)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is no router: {type(error).__name__}: {error}") from error


SHIPPED = Router(Gain())
