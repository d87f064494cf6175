"""Prompts that people called simple, medium, complex or in need of reasoning: which of them are tasks of premium's."""

from __future__ import annotations

from typing import Any

from pipelines.routing.cues import cues
from tests.benchmarks.search import DATA
from workers.evaluation.datasets import rows

FILE = DATA / "routing/tiers.csv.gz"


def run() -> dict[str, Any]:
    """Percent that go to premium without a router, by language and tier."""
    if not FILE.exists():
        return {"skipped": f"{FILE}: not there"}
    seen: dict[str, list[bool]] = {}
    for row in rows(FILE):
        seen.setdefault(f"{row['language']} {row['tier'].lower()}", []).append(bool(cues(row["prompt"])))
    return {name: f"{100 * sum(found) / len(found):.1f} of {len(found)}" for name, found in sorted(seen.items())}
