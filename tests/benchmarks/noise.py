"""How wrong the labels are: questions whose nearest phrasings nearly all have another label than their own.

No decision that sees words alone gets these right: they are the floor of wrong hits per request when all is served.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from pipelines.cache.verifier import NEAREST
from tests.benchmarks.search import DATA
from workers.encoders import factory
from workers.evaluation.datasets import rows
from workers.evaluation.labelled import OUT_OF_SCOPE, vectors

FILES = ("banking77-train.csv.gz", "clinc150-train.csv.gz")
AGREEING = (14, 15, 16)
BLOCK = 500


def run() -> dict[str, Any]:
    """Percent of each file's questions with so many of their sixteen nearest under one other label."""
    missing = [name for name in FILES if not (DATA / "questions-en" / name).exists()]
    if missing:
        return {"skipped": f"{DATA}/questions-en: {', '.join(missing)} not there"}
    encoder = factory.TransformerEncoder(factory.packaged(), latin=True)
    return {name: _of(encoder, name) for name in FILES}


def _of(encoder: factory.TransformerEncoder, name: str) -> dict[str, Any]:
    found = rows(DATA / "questions-en" / name)
    known = vectors(encoder, [row["question"] for row in found])
    labels = np.array([row["intent"] for row in found])
    against: Counter[int] = Counter()
    for start in range(0, len(found), BLOCK):
        similar = known[start : start + BLOCK] @ known.T
        for at, cosines in enumerate(similar, start):
            cosines[at] = -1.0  # itself
            label, count = Counter(labels[np.argpartition(-cosines, NEAREST)[:NEAREST]].tolist()).most_common(1)[0]
            if label != labels[at] and labels[at] != OUT_OF_SCOPE:
                against[count] += 1
    total = {least: sum(n for count, n in against.items() if count >= least) for least in AGREEING}
    return {f"percent_with_{least}_of_16_against": round(100 * n / len(found), 2) for least, n in total.items()}
