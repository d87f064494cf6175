"""The cache's decision: may this entry answer that job? When in doubt, no."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines import gates
from pipelines.answer import Answer, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One answer in one scope. Times are seconds since the epoch; a hit never moves ``expires_at``."""

    id: str
    scope: str
    question: str
    answer: Answer
    created_at: float
    expires_at: float

    def __repr__(self) -> str:
        return f"Entry(id={self.id!r}, scope={self.scope!r}, expires_at={self.expires_at})"

    def encode(self) -> dict[str, str]:
        """Fields of a Redis hash."""
        return {
            "id": self.id,
            "scope": self.scope,
            "question": self.question,
            "answer": json.dumps(self.answer.encode(), ensure_ascii=False),
            "created_at": repr(self.created_at),
            "expires_at": repr(self.expires_at),
        }

    @classmethod
    def decode(cls, raw: Mapping[str, str]) -> Entry:
        """Read what :meth:`encode` wrote; raises KeyError or ValueError when it is something else."""
        return cls(
            id=raw["id"],
            scope=raw["scope"],
            question=raw["question"],
            answer=Answer.decode(json.loads(raw["answer"])),
            created_at=float(raw["created_at"]),
            expires_at=float(raw["expires_at"]),
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrasing near the question: its entry, its own words, its cosine in [-1, 1]."""

    entry_id: str
    question: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """The entry may answer. ``probability`` that it is right, in [0, 1], when it was estimated."""

    entry_id: str
    similarity: float
    probability: float | None
    decided_by: str


@dataclass(frozen=True, slots=True)
class Miss:
    """No entry may answer."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gray:
    """Near enough to ask a judge, not to serve. Without a judge it is a miss."""

    entry_id: str
    similarity: float
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """``similarity``: the least cosine at which the nearest phrasing's entry is served.

    0.92 is what most caches use; on real banking questions it serves 27 % at 2.8 % wrong before any gate. It is a
    start, not a promise: no constant is safe.
    """

    similarity: float = 0.92


def decide(question: str, candidates: Sequence[Candidate], policy: Policy) -> Hit | Miss | Gray:
    """Decide on the nearest phrasings, best first."""
    if not candidates:
        return Miss("nothing near")
    best = candidates[0]
    if best.similarity < policy.similarity:
        return Miss("nearest is too far")
    tripped = gates.trip(question, best.question)
    if tripped is not None:
        return Gray(best.entry_id, best.similarity, tripped.gate)
    return Hit(best.entry_id, best.similarity, probability=None, decided_by="similarity")


def reuse(entry: Entry, hit: Hit, *, baseline_usd: Decimal) -> Answer:
    """The entry's answer as this job's: nothing was used, nothing was paid."""
    found: dict[str, Any] = {
        "entry": entry.id,
        "similarity": round(hit.similarity, 4),
        "probability": hit.probability,
        "decided_by": hit.decided_by,
    }
    return replace(
        entry.answer,
        source="exact" if hit.decided_by == "exact" else "semantic",
        usage=Usage(),
        cost_usd=Decimal(0),
        baseline_usd=baseline_usd,
        cache=found,
        context=None,
        timings_ms={},
        degraded=(),
        job_id=None,
    )
