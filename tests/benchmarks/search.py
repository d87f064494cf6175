"""Search among real questions: how fast, and how many of the sixteen nearest are found; flat and graph in one run.

The questions are those of ``../shared/data/questions-en`` (FARTHING_DATA names another folder), as many as there are.
"""

from __future__ import annotations

import csv
import gzip
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.cache.verifier import NEAREST
from pipelines.vectors.faiss_index import FlatIndex, GraphIndex
from tests.benchmarks.measure import percentile
from workers.encoders import factory
from workers.evaluation import labelled

DATA = Path(os.environ.get("FARTHING_DATA", "../shared/data"))
ASKED = 1_000
COLUMNS = ("question", "question_a", "question_b", "cached", "query")
SIZES = (10_000, 100_000)
CHURNED = 0.2  # of the graph, dropped before a second round


def run() -> dict[str, Any]:
    """Milliseconds and recall at each size; None where the data is missing."""
    folder = DATA / "questions-en"
    texts = questions(folder)
    if not texts:
        return {"skipped": f"{folder}: no *.csv.gz with questions there"}
    encoder = factory.TransformerEncoder(factory.packaged(), latin=True)
    dice = np.random.default_rng(0)
    vectors = labelled.vectors(encoder, texts)[dice.permutation(len(texts))]
    asked, vectors = vectors[:ASKED], vectors[ASKED:]
    return {f"{min(size, len(vectors))} questions": _at(asked, vectors[:size]) for size in SIZES}


def _at(asked: Any, vectors: Any) -> dict[str, Any]:
    flat, graph = FlatIndex(vectors.shape[1]), GraphIndex(vectors.shape[1])
    for number, vector in enumerate(vectors):
        flat.add(str(number), vector)
    began = time.perf_counter()
    for number, vector in enumerate(vectors):
        graph.add(str(number), vector)
    built_s = time.perf_counter() - began
    found = {"graph_built_s": round(built_s, 1), **_compared(flat, graph, asked)}
    for number in range(int(len(vectors) * CHURNED)):
        flat.drop(str(number))
        graph.drop(str(number))
    return {**found, f"after {CHURNED:.0%} were dropped": _compared(flat, graph, asked)}


def _compared(flat: FlatIndex, graph: GraphIndex, asked: Any) -> dict[str, Any]:
    took: dict[str, list[float]] = {"flat": [], "graph": []}
    same = 0
    for vector in asked:
        found = {}
        for name, index in (("flat", flat), ("graph", graph)):
            began = time.perf_counter()
            found[name] = {one.id for one in index.search(vector, NEAREST)}
            took[name].append((time.perf_counter() - began) * 1000)
        same += len(found["flat"] & found["graph"])
    times = {
        f"{name}_p{share}_ms": round(percentile(ms, share / 100), 3) for name, ms in took.items() for share in (50, 99)
    }
    return {**times, "recall": round(same / (len(asked) * NEAREST), 4)}


def questions(folder: Path) -> list[str]:
    """Every distinct question of the folder."""
    found: dict[str, None] = {}
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.update(dict.fromkeys(row[name] for name in COLUMNS if row.get(name)))
    return list(found)
