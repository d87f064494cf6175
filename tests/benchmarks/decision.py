"""What deciding costs beside encoding and search: sixteen phrasings of five entries, a question never seen before."""

from __future__ import annotations

import time
from typing import Any

from pipelines.cache.boundary import Policy
from pipelines.cache.decision import Candidate, decide
from tests.benchmarks.measure import percentile

QUESTIONS = 5_000
FIRST = 100  # compile patterns and fill caches; a worker does so once


def run() -> dict[str, Any]:
    """Milliseconds a decision, gates included."""
    candidates = [
        Candidate(f"k{i}", f"e{i % 5}", f"How do I reset my password on device {i}?", 0.95 - i / 100) for i in range(16)
    ]
    centroids = {f"e{i}": 0.9 - i / 50 for i in range(5)}
    policy, took = Policy(), []
    for number in range(QUESTIONS):
        question = f"How can I reset the password of the account that I opened in branch {number}?"
        began = time.perf_counter()
        decide(question, candidates, centroids.__getitem__, policy)
        took.append((time.perf_counter() - began) * 1000)
    return {f"decision_p{share}_ms": round(percentile(took[FIRST:], share / 100), 3) for share in (50, 99)}
