"""What each constant of clustering is worth: the replay with it a quarter smaller and larger, beside as it is.

Figures are percent of requests, the mean of three seeds: hits, and wrong hits. None is tuned to a digit: where a column
hardly moves, the constant hardly matters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.cache import clustering
from pipelines.evaluation.memory import Channel
from pipelines.evaluation.replay import Replay
from tests.benchmarks.search import DATA
from workers.encoders import factory
from workers.evaluation import labelled
from workers.evaluation.datasets import rows

FILE = "banking77-train.csv.gz"
SEEDS = (1, 2, 3)
SHARES = frozenset({"JOINS_AT", "MOST_PRIOR", "LESSON_AT", "SURE"})  # moved in their distance to 1


def run() -> dict[str, Any]:
    """Hits and wrong hits with each constant as it is, and moved."""
    path = DATA / "questions-en" / FILE
    if not path.exists():
        return {"skipped": f"{path}: not there"}
    found = rows(path)
    texts = [row["question"] for row in found]
    vectors = labelled.vectors(factory.load("packaged", lambda _: None, DATA), texts)  # type: ignore[arg-type]
    labels = np.unique([row["intent"] for row in found], return_inverse=True)[1]
    figures: dict[str, Any] = {"as it is": _replayed(texts, vectors, labels)}
    names = [name for name, value in vars(clustering).items() if name.isupper() and type(value) in (int, float)]
    for name in names:
        before = getattr(clustering, name)
        for says, factor in (("a quarter less", 0.75), ("a quarter more", 1.25)):
            setattr(clustering, name, _moved(name, before, factor))
            figures[f"{name} {says}"] = _replayed(texts, vectors, labels)
        setattr(clustering, name, before)
    return figures


def _moved(name: str, value: float, factor: float) -> float:
    if name in SHARES:
        return 1.0 - (1.0 - value) / factor
    return max(1, round(value * factor)) if isinstance(value, int) else value * factor


def _replayed(texts: list[str], vectors: Any, labels: Any) -> dict[str, float]:
    found = [Replay(texts, vectors, labels, channel=Channel(), seed=seed).run() for seed in SEEDS]
    return {
        "hits": round(100 * sum(one["hit_rate"] for one in found) / len(found), 1),
        "wrong": round(100 * sum(one["wrong_per_request"] for one in found) / len(found), 2),
    }
