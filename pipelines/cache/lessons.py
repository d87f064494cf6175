"""What a boundary learns from: requests, and what misses and audits show of their suspects; as values and as bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.cache.verifier import COUNT
from pipelines.statistics.logistic import sigmoid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.cache.verifier import Weights

LEAST_EVIDENCE = 1.0  # comparisons that contradict one another say nothing


def _packed(features: Sequence[float], *more: float) -> bytes:
    """Little-endian float32."""
    return np.array([*features, *more], dtype="<f4").tobytes()


def _unpacked(raw: bytes, more: int) -> list[float] | None:
    """What :func:`_packed` wrote, ``more`` values behind the features; None when there were other features then."""
    if len(raw) != 4 * (COUNT + more):
        return None
    values: list[float] = np.frombuffer(raw, dtype="<f4").tolist()
    return values


def packed_request(features: Sequence[float], offset: float, *, served: bool) -> bytes:
    """A request as it is kept: raw features (15,), what was added to the log-odds, whether it was served."""
    return _packed(features, offset, served)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one request taught: standardised features (16,), how right its suspect was in [0, 1] by what was believed
    then, and what the comparisons alone say (a log-likelihood ratio; None where that is not known); its weight >= 1.
    """

    features: NDArray[np.float64]
    right: float
    weight: float = 1.0
    audited: bool = False
    verdicts: float = 0.0
    evidence: float | None = None

    @property
    def shown(self) -> float:
        """How right the suspect was by the comparisons alone, on average, whatever was believed: one that errs at a
        known rate says a little more than it heard, so that it may lie outside of [0, 1].
        """
        if self.evidence is None:
            return self.right
        if abs(self.evidence) < LEAST_EVIDENCE:
            return 0.5
        error = sigmoid(-abs(self.evidence))
        return ((self.evidence > 0.0) - error) / (1.0 - 2.0 * error)


@dataclass(frozen=True, slots=True)
class RawLesson:
    """A lesson as it is kept: raw features (15,), how right the suspect was, its weight, whether a hit was audited,
    what a judge had said (a yes 1, a no -1), and what the comparisons say.
    """

    features: tuple[float, ...]
    right: float
    weight: float = 1.0
    audited: bool = False
    verdicts: float = 0.0
    evidence: float | None = None

    def standardised(self, verifier: Weights) -> Lesson:
        """As a lesson of this verifier's."""
        return Lesson(
            verifier.standardised(np.array(self.features)),
            self.right,
            self.weight,
            self.audited,
            self.verdicts,
            self.evidence,
        )

    def pack(self) -> bytes:
        """Little-endian float32: features, right, weight, audited, verdicts, evidence (not a number where unknown)."""
        evidence = math.nan if self.evidence is None else self.evidence
        return _packed(self.features, self.right, self.weight, self.audited, self.verdicts, evidence)

    @classmethod
    def unpack(cls, raw: bytes) -> RawLesson | None:
        """Read what :meth:`pack` wrote; None where it was written for other features."""
        values = _unpacked(raw, 5)
        if values is None:
            return None
        *features, right, weight, audited, verdicts, evidence = values
        known = None if math.isnan(evidence) else evidence
        return cls(tuple(features), right, weight, bool(audited), verdicts, known)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its suspect's standardised features (16,), what a judge or a gate added to the log-odds, whether it
    was served. ``features`` is None where nothing was near, or the very question was there.
    """

    features: NDArray[np.float64] | None
    offset: float = 0.0
    served: bool = False

    @classmethod
    def unpack(cls, raw: bytes, verifier: Weights) -> Request:
        """Read what :func:`packed_request` wrote."""
        values = _unpacked(raw, 2)
        if values is None:
            return cls(None)
        *features, offset, served = values
        return cls(verifier.standardised(np.array(features)), offset, bool(served))
