"""A stream of outcomes, routed by the quality bound as it is learned: what is lost by it, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.routing import quality_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVERY = 20  # comparisons: the bound is looked at anew (the fleet looks once a minute)
PART = 1_000  # jobs: the worst part of the stream is told too


def replay(
    gains: NDArray[np.float64], lost: NDArray[np.bool_], *, target: float, audit_share: float, seed: int
) -> dict[str, Any]:
    """In the order of the stream. ``gains`` (n,) are the router's, unseen; ``lost`` (n,) where economy's is worse.

    ``lost`` of the result is a share of all jobs, over the whole stream, from its first job on; ``worst_part`` that of
    the worst thousand in a row.
    """
    drawn = np.random.default_rng(seed).random(len(gains)) < audit_share
    compared: list[int] = []
    at = quality_bound.bound(gains[:0], lost[:0], target)
    economy = np.zeros(len(gains), dtype=bool)
    for number, gain in enumerate(gains):
        economy[number] = gain < at
        if drawn[number]:
            compared.append(number)
            if len(compared) % EVERY == 0:
                window = compared[-quality_bound.WINDOW :]
                at = quality_bound.bound(gains[window], lost[window], target)
    worse = economy & lost
    parts = [worse[start : start + PART].mean() for start in range(0, max(len(worse) - PART + 1, 1), PART)]
    return {
        "target": target,
        "lost": round(float(worse.mean()), 5),
        "over_target": round(float(worse.mean()) / target, 3),
        "worst_part_over_target": round(float(max(parts)) / target, 3),
        "premium_share": round(float(1.0 - economy.mean()), 4),
        "compared": len(compared),
        "economy_alone_loses": round(float(lost.mean()), 5),
    }
