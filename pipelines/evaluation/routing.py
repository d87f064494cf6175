"""Measures of a router on outcomes: quality against the share of calls that go to premium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RECOVERED = (0.50, 0.80, 0.95)
SHARES = tuple(round(0.05 * step, 2) for step in range(21))


def curve(scores: Floats, economy: Floats, premium: Floats) -> Floats:
    """Mean quality where the 0, 1, ..., n prompts of the highest ``scores`` go to premium, (n + 1,)."""
    gained = (premium - economy)[np.argsort(-scores, kind="stable")]
    found: Floats = economy.mean() + np.concatenate([[0.0], np.cumsum(gained)]) / len(scores)
    return found


def apgr(scores: Floats, economy: Floats, premium: Floats) -> float:
    """Average performance gap recovered (RouteLLM, 2024): the area under the curve, of the gap between the models.

    0.5 is chance; NaN where there is no gap. Where the gap is small it says little: report the gap beside it.
    """
    gap = float(premium.mean() - economy.mean())
    at = curve(scores, economy, premium)
    area = float(((at[1:] + at[:-1]) / 2.0).mean())
    return (area - float(economy.mean())) / gap if abs(gap) > 1e-9 else float("nan")


def measures(scores: Floats, economy: Floats, premium: Floats, lengths: Floats) -> dict[str, Any]:
    """The figures of ``farthing evaluate routing``; all arrays are (n,), qualities in [0, 1].

    ``cpt50`` is the share of calls to premium that recovers half of the gap; ``cpt_quality95`` the one that reaches
    95 % of premium's own quality, which is another goal.
    """
    at = curve(scores, economy, premium)
    gap = float(premium.mean() - economy.mean())
    shares = np.arange(len(at)) / len(scores)
    return {
        "prompts": len(scores),
        "economy": round(float(economy.mean()), 4),
        "premium": round(float(premium.mean()), 4),
        "gap": round(gap, 4),
        "apgr": rounded(apgr(scores, economy, premium)),
        **{f"cpt{round(100 * part)}": _first(at >= economy.mean() + part * gap, shares) for part in RECOVERED},
        "cpt_quality95": _first(at >= 0.95 * premium.mean(), shares),
        "baselines": {
            "random": 0.5,
            "length": rounded(apgr(lengths, economy, premium)),
            "oracle": rounded(apgr(premium - economy, economy, premium)),
        },
        "curve": [
            {"premium_share": share, "quality": round(float(at[round(share * len(scores))]), 4)} for share in SHARES
        ],
    }


def mean(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Means over several parts of a file, and the least of each; a part without a gap has no area, and is left out."""
    told = [one for one in found.values() if one["apgr"] is not None]
    values = {name: [float(one[name]) for one in told] for name in ("apgr", "gap")}
    values |= {"length_apgr": [float(one["baselines"]["length"]) for one in told]}
    return {
        name: {"mean": round(sum(of) / len(of), 4), "least": round(min(of), 4)} if of else None
        for name, of in values.items()
    }


def _first(reached: NDArray[np.bool_], shares: Floats) -> float | None:
    return round(float(shares[int(np.argmax(reached))]), 4) if reached.any() else None


def rounded(value: float) -> float | None:
    """For people; None where it is not a number."""
    return None if np.isnan(value) else round(value, 4)
