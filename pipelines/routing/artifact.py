"""What was learned of outcomes, as JSON: arrays in base64, little-endian, float32 (vectors float16)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.routing import surface
from pipelines.routing.gain import LEARNERS, Gain, Learned
from pipelines.statistics.linear import Ridge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

RIDGES = ("all", "surface", "kernel")


def gain(found: Gain, *, prompts: bool = True) -> dict[str, Any]:
    """JSON values; without what is of the ``prompts`` alone where another one has it."""
    learned = found.learned
    kept = None
    if learned is not None:
        kept = {
            "gains": _packed(learned.gains, "<f4"),
            **{name: _ridge(getattr(learned, name)) for name in RIDGES},
        }
        if prompts:
            kept |= {
                "mean": learned.mean.tolist(),
                "spread": learned.spread.tolist(),
                "vectors": _packed(learned.vectors, "<f2"),
                "landmarks": _packed(learned.landmarks, "<f4"),
            }
    return {
        "outcomes": found.outcomes,
        "base": found.base,
        "weights": dict(zip(LEARNERS, found.weights, strict=True)),
        "means": dict(zip(LEARNERS, found.means, strict=True)),
        "learned": kept,
    }


def read_gain(raw: Mapping[str, Any], *, like: Learned | None = None) -> Gain:
    """Read what :func:`gain` wrote; ``like`` has what is of the prompts, where it was left out. Raises ValueError,
    KeyError, TypeError.
    """
    weights, means = (tuple(float(raw[name][one]) for one in LEARNERS) for name in ("weights", "means"))
    learned = None if raw["learned"] is None else _learned(raw["learned"], like)
    return Gain(learned, weights, float(raw["base"]), means, int(raw["outcomes"]))


def _learned(raw: Mapping[str, Any], like: Learned | None) -> Learned:
    ridges = {
        name: Ridge(_unpacked(raw[name]["slopes"]), _unpacked(raw[name]["mean"]), float(raw[name]["base"]))
        for name in RIDGES
    }
    if like is not None and "vectors" not in raw:
        return Learned(
            like.mean, like.spread, like.vectors, _unpacked(raw["gains"]), landmarks=like.landmarks, **ridges
        )
    mean, spread = np.array(raw["mean"], dtype=np.float64), np.array(raw["spread"], dtype=np.float64)
    if mean.shape != (len(surface.NAMES),):
        raise ValueError("it is no router: its features are others")
    vectors = _unpacked(raw["vectors"]).astype(np.float32)
    return Learned(mean, spread, vectors, _unpacked(raw["gains"]), landmarks=_unpacked(raw["landmarks"]), **ridges)


def _packed(values: NDArray[Any], kind: str) -> dict[str, Any]:
    return {
        "shape": list(values.shape),
        "kind": kind,
        "base64": base64.b64encode(values.astype(kind).tobytes()).decode("ascii"),
    }


def _unpacked(raw: Mapping[str, Any]) -> NDArray[np.float64]:
    values = np.frombuffer(base64.b64decode(raw["base64"], validate=True), dtype=raw["kind"])
    return values.astype(np.float64).reshape(raw["shape"])


def _ridge(ridge: Ridge) -> dict[str, Any]:
    return {"slopes": _packed(ridge.slopes, "<f4"), "mean": _packed(ridge.mean, "<f4"), "base": ridge.base}
