"""The quality bound: from which expected gain premium is asked, so that few enough answers are worse without it.

Conformal risk control (A. N. Angelopoulos et al., 2022): of n questions that were compared, at most k may have been
lost below the bound, where (k + 1) / (n + 1) is the target. Then the next question like them is lost no more often,
whatever the router is worth: a poor one costs more premium, not more quality. Until enough are compared, premium
answers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 1_000  # the latest that were compared: what people ask changes
LEAST_TARGET = 0.002  # of fewer, a window tells nothing


def bound(gains: NDArray[np.float64], lost: NDArray[np.bool_], target: float) -> float:
    """The expected gain from which premium is asked, in [-inf, inf].

    ``gains`` (n,) are what the router expects of questions drawn by chance from all that were asked; ``lost`` (n,)
    whether economy's answer was worse than premium's; ``target`` in (0, 1): answers that may be worse, of all.
    """
    may = math.floor(target * (len(lost) + 1) + 1e-9) - 1
    if may < 0:
        return -math.inf
    at_risk = np.sort(gains[lost])
    return math.inf if len(at_risk) <= may else float(at_risk[may])


def least(target: float) -> int:
    """How many must be compared before economy answers at all."""
    return max(math.ceil(1.0 / target - 1e-9) - 1, 0)
