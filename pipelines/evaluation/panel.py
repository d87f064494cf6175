"""Measures of a panel on outcomes of several models: what is paid for the quality of the best single one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.evaluation.routing import rounded
from pipelines.routing.panel import STEPS, Goal, Panel, chosen, prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINTS = 20  # of the curve


def replayed(
    models: Sequence[str],
    features: Floats,
    vectors: NDArray[np.float32],
    right: Floats,
    costs_usd: Floats,
    folds: Iterable[NDArray[np.int64]],
    goal: Goal,
) -> dict[str, Any]:
    """Each fold is routed by a panel that saw the others alone, at the price of a right answer that reached the goal
    there. ``features`` (n, 17), ``vectors`` (n, d); ``right`` in [0, 1] and ``costs_usd`` are (n, models).
    """
    rows = np.arange(len(right))
    expected, asked = np.zeros_like(right), np.zeros(len(right), dtype=np.int64)
    for out in folds:
        rest = np.setdiff1d(rows, out)
        taught = {model: right[rest, number] for number, model in enumerate(models)}
        found, unseen = Panel.fit(features[rest], vectors[rest], taught)
        price = goal.price(unseen, right[rest], costs_usd[rest])
        expected[out] = Panel(found, price).predict(features[out], vectors[out])
        asked[out] = chosen(expected[out], costs_usd[out], price)
    single = int(right.mean(axis=0).argmax())
    paid, alone = costs_usd[rows, asked], costs_usd[:, single]
    return {
        "prompts": len(right),
        "models": {
            model: {
                "quality": rounded(float(right[:, number].mean())),
                "usd_per_1000": round(1000.0 * float(costs_usd[:, number].mean()), 6),
                "asked": rounded(float((asked == number).mean())),
            }
            for number, model in enumerate(models)
        },
        "best_single": models[single],
        "quality": rounded(float(right[rows, asked].mean())),
        "quality_of_best_single": rounded(float(right[:, single].mean())),
        "usd_per_1000": round(1000.0 * float(paid.mean()), 6),
        "cost_of_best_single": rounded(float(paid.mean() / alone.mean())),
        "oracle_cost": rounded(_oracle(right, costs_usd, single)),
        "curve": _curve(expected, right, costs_usd),
    }


def _oracle(right: Floats, costs_usd: Floats, single: int) -> float:
    """Of the best single model's cost, what its quality costs whoever knows beforehand who will be right."""
    rows, aim = np.arange(len(right)), right[:, single].mean()
    for price in prices(costs_usd):
        asked = chosen(right, costs_usd, price)
        if right[rows, asked].mean() >= aim:
            return float(costs_usd[rows, asked].mean() / costs_usd[:, single].mean())
    return float("nan")


def _curve(expected: Floats, right: Floats, costs_usd: Floats) -> list[dict[str, float]]:
    """Quality and dollars a thousand along the price of a right answer, as one who chose it afterwards has them."""
    rows, points = np.arange(len(right)), {}
    for price in prices(costs_usd)[:: max(1, STEPS // (3 * POINTS))]:
        asked = chosen(expected, costs_usd, price)
        usd = round(1000.0 * float(costs_usd[rows, asked].mean()), 6)
        points[usd] = {"usd_per_1000": usd, "quality": round(float(right[rows, asked].mean()), 4)}
    return [points[usd] for usd in sorted(points)]
