"""What an encoder costs: its start, its memory, one text, and batches of 32; each in a fresh process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.search import DATA, questions
from workers.encoders import factory

SPECS = ("packaged", "torch:packaged", "int8:packaged", "characters")
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
began = time.perf_counter()
from workers import encoders
encoder = encoders.load(sys.argv[1], None, Path(sys.argv[2]))
encoder.encode(["hello, 你好"])
started_s = time.perf_counter() - began
texts = [f"How can I reset the password 密码 of account number {n}?" for n in range(640)]
took = []
for text in texts[:200]:
    began = time.perf_counter()
    encoder.encode([text])
    took.append((time.perf_counter() - began) * 1000)
began = time.perf_counter()
for at in range(0, len(texts), 32):
    encoder.encode(texts[at : at + 32])
per_s = len(texts) / (time.perf_counter() - began)
took.sort()
print(json.dumps({
    "starts_s": round(started_s, 2),
    "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    "one_p50_ms": round(took[100], 3),
    "one_p99_ms": round(took[197], 3),
    "in_batches_per_s": round(per_s),
}))
"""


def run() -> dict[str, Any]:
    """Seconds, megabytes, milliseconds, texts a second; and how near eight bits are to the exact vectors.

    What ONNX needs is exported before it is measured.
    """
    with tempfile.TemporaryDirectory() as state:
        _measured("packaged", state)
        return {**{spec: _measured(spec, state) for spec in SPECS}, "int8 beside exact": _nearness(Path(state))}


def _nearness(state: Path) -> dict[str, Any]:
    """Cosines of real questions' vectors in eight bits to the exact ones."""
    texts = questions(DATA / "questions-en")[::100]
    if not texts:
        return {"skipped": f"{DATA}/questions-en: no *.csv.gz with questions there"}
    exact, near = (
        factory.load(spec, lambda _: sys.exit("no provider"), state) for spec in ("packaged", "int8:packaged")
    )
    assert exact is not None
    assert near is not None
    cosines = (exact.encode(texts) * near.encode(texts)).sum(axis=1)
    return {
        "questions": len(texts),
        "cosine_least": round(float(cosines.min()), 4),
        "cosine_mean": round(float(cosines.mean()), 4),
    }


def _measured(spec: str, state: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, spec, state], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
