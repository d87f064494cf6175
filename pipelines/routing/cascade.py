"""The cascade: whether an economy model's answer is asked again of premium, by what its checks found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.routing.checks import Check

FROM = 0.5  # the probability of a better answer from which premium is asked
PRIOR = 12.0  # escalations that a check's shipped precision counts as
SLOWER = 1.5  # premium takes about so much longer than economy took


@dataclass(frozen=True, slots=True)
class Tried:
    """What escalations for one check showed: how many there were, and in how many premium did better."""

    escalated: int = 0
    better: int = 0


def precision(check: Check, seen: Tried | None) -> float:
    """How often premium does better where this check speaks: as shipped, corrected by what was seen."""
    if seen is None:
        return check.precision
    return (PRIOR * check.precision + seen.better) / (PRIOR + seen.escalated)


def doubt(found: Sequence[Check], seen: Mapping[str, Tried], base: float = 0.0) -> float:
    """The probability that premium's answer would be better, in [0, 1]: each check by itself, as if independent.

    ``base`` is what was expected of premium before the answer was there.
    """
    sure = math.prod(1.0 - precision(check, seen.get(check.name)) for check in found)
    return 1.0 - (1.0 - min(max(base, 0.0), 1.0)) * sure


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether premium is asked; ``why_not`` where it would have been, in words."""

    escalate: bool = False
    why_not: str | None = None


def judged(
    found: Sequence[Check],
    seen: Mapping[str, Tried],
    *,
    base: float = 0.0,
    at: float = FROM,
    took_s: float,
    left_s: float,
) -> Verdict:
    """Whether premium is asked: where its answer is better with a probability of ``at`` or more, and there is time.

    ``took_s`` is how long the first answer took, ``left_s`` what is left of the job's deadline. Without a finding
    nothing is asked: what was expected before the answer was decided on before it.
    """
    if not found or doubt(found, seen, base) < at:
        return Verdict()
    if left_s < SLOWER * took_s:
        return Verdict(why_not="no time was left")
    return Verdict(escalate=True)


def did_better(first: Sequence[Check], second: Sequence[Check]) -> bool:
    """Did premium do better? Not where the same check, or any graver one, speaks again."""
    return not any(check in first for check in second) and _gravest(second) < _gravest(first)


def no_worse(first: Sequence[Check], second: Sequence[Check]) -> bool:
    """May premium's answer stand in place of economy's? Not where something graver was found in it."""
    return _gravest(second) <= _gravest(first)


def _gravest(found: Sequence[Check]) -> float:
    return max((check.precision for check in found), default=0.0)
