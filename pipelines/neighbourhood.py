"""What a lookup saw around a question: the nearest phrasings, and the entry they vote for. No arrays: it travels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STOPPED = -20.0  # log-odds: no probability survives it
WORTH = 1.76  # of a verdict that errs in one of ten cases, and mostly where the encoder does: 0.8 of its log-odds
TRAVEL = 8  # nearest phrasings that are handed on to write-back


@dataclass(frozen=True, slots=True)
class Near:
    """A phrasing near the question: its key, its entry, its cosine in [-1, 1]."""

    key: str
    entry: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The nearest phrasings, best first; the entry that they vote for; the probability that it is right, in [0, 1];
    and the (15,) features of verifier.py that say so. ``gate`` names what speaks against it all the same; ``served_at``
    is the probability from which on it would have been served; ``proven`` whether probabilities of such a similarity
    are known to be true. ``worth`` is what one verdict of the judge adds to or takes from the log-odds; ``verdicts``
    are those given since, a yes counting 1 and a no -1, on the same pair again half of that.
    """

    near: tuple[Near, ...]
    suspect: str
    probability: float
    features: tuple[float, ...]
    gate: str | None = None
    served_at: float = 1.0
    proven: bool = True
    worth: float = WORTH
    verdicts: float = 0.0

    @property
    def offset(self) -> float:
        """What a gate takes from the log-odds: with one, only a judge can make the suspect probable enough."""
        return 0.0 if self.gate is None else STOPPED

    @property
    def similarity(self) -> float:
        """Cosine of the suspect's nearest phrasing."""
        return self.features[0]

    def encode(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "near": [[one.key, one.entry, round(one.similarity, 4)] for one in self.near[:TRAVEL]],
            "suspect": self.suspect,
            "probability": round(self.probability, 5),
            "features": [round(value, 4) for value in self.features],
            "gate": self.gate,
            "served_at": round(self.served_at, 5),
            "proven": self.proven,
            "worth": round(self.worth, 4),
            "verdicts": self.verdicts,
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Neighbourhood:
        """Read what :meth:`encode` wrote."""
        return cls(
            near=tuple(Near(*one) for one in raw["near"]),
            suspect=raw["suspect"],
            probability=raw["probability"],
            features=tuple(raw["features"]),
            gate=raw.get("gate"),
            served_at=raw.get("served_at", 1.0),
            proven=bool(raw.get("proven", True)),
            worth=raw.get("worth", WORTH),
            verdicts=raw.get("verdicts", 0.0),
        )
