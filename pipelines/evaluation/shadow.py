"""Two routers on the same audited questions: what each sends to premium, and what each loses by not asking it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.statistics.intervals import interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.routing.router import Router


def compared(
    in_force: Router,
    other: Router,
    of: tuple[NDArray[np.float64], NDArray[np.float64]],
    lost: NDArray[np.bool_],
) -> dict[str, Any]:
    """``of``: the gains that each expects, (n,) of the same questions; ``lost`` (n,) where economy's answer was worse.

    A router without outcomes asks premium for none of these: the few tasks that are premium's by their words are not
    told apart here.
    """
    premium = [_premium(router, gains) for router, gains in zip((in_force, other), of, strict=True)]
    return {
        "compared": len(lost),
        "in_force": _measured(premium[0], lost),
        "other": _measured(premium[1], lost),
        "differ": round(float((premium[0] != premium[1]).mean()), 4),
        "lost_by_other_alone": int((lost & premium[0] & ~premium[1]).sum()),
        "lost_in_force_alone": int((lost & ~premium[0] & premium[1]).sum()),
    }


def _premium(router: Router, gains: NDArray[np.float64]) -> NDArray[np.bool_]:
    asked: NDArray[np.bool_] = gains >= (float("inf") if router.at is None else router.at)
    return asked


def _measured(premium: NDArray[np.bool_], lost: NDArray[np.bool_]) -> dict[str, Any]:
    worse = int((lost & ~premium).sum())
    low, high = interval(worse, len(lost))
    return {
        "premium_share": round(float(premium.mean()), 4),
        "lost": round(worse / len(lost), 4),
        "lost_from": round(low, 4),
        "lost_to": round(high, 4),
    }
