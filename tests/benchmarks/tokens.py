"""The estimate of tokens beside o200k_base on real questions: bias of the total, error of a text, share far off."""

from __future__ import annotations

import importlib
import statistics
from typing import Any

from pipelines.text.tokens import estimate
from tests.benchmarks.search import DATA
from workers.evaluation.datasets import rows

FILES = {
    "questions-en/banking77-train.csv.gz": "question",
    "questions-en/clinc150-train.csv.gz": "question",
    "questions-zh/bq-valid.csv.gz": "question_a",
    "questions-zh/lcqmc-dev.csv.gz": "question_a",
    "routing/mmlu-outcomes.csv.gz": "prompt",
}
MOST = 2_000
FAR = 0.2


def run() -> dict[str, Any]:
    """Percent, for each file; needs `pip install bpe-openai` (41 MB: vocabularies, for this alone)."""
    try:
        encoding: Any = importlib.import_module("bpe_openai").encoding_for_model("gpt-4o")
    except ImportError:
        return {"skipped": "pip install bpe-openai"}
    there = {name: column for name, column in FILES.items() if (DATA / name).exists()}
    if not there:
        return {"skipped": f"{DATA} is not there"}
    found = {}
    for name, column in there.items():
        texts = [row[column] for row in rows(DATA / name)[:MOST]]
        ours, real = [estimate(text) for text in texts], [max(1, len(encoding.encode(text))) for text in texts]
        off = [abs(a - b) / b for a, b in zip(ours, real, strict=True)]
        found[name] = {
            "total_percent": round(100 * (sum(ours) / sum(real) - 1), 1),
            "a_text_percent": round(100 * statistics.mean(off), 1),
            "percent_far_off": round(100 * sum(one > FAR for one in off) / len(off), 1),
        }
    return found
