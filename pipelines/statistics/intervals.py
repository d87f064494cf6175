"""Confidence intervals of rates that were seen in samples."""

from __future__ import annotations

import math


def interval(wrong: float, audits: float, z: float = 1.96) -> tuple[float, float]:
    """Wilson's confidence interval of a share (E. B. Wilson, 1927); (0, 1) when nothing was audited."""
    if audits == 0:
        return 0.0, 1.0
    share, n = wrong / audits, float(audits)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
