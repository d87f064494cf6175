"""Feedback on an answer: a wrong entry leaves the cache, its correction takes the place."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipelines.errors import JobInvalid
from workers import telemetry
from workers.resources import resources

if TYPE_CHECKING:
    from pipelines.answer import Answer
    from pipelines.cache import Entry
    from workers.records import Record

RATINGS = ("right", "wrong")


def give(job_id: str, rating: str, correction: str | None) -> dict[str, Any]:
    """Apply one verdict; says what it changed. Raises JobInvalid for an unknown rating."""
    if rating not in RATINGS:
        raise JobInvalid("rating", f"{rating!r:.20}", " or ".join(RATINGS))
    if correction is not None and (not isinstance(correction, str) or not correction.strip()):
        raise JobInvalid("correction", type(correction).__name__, "text, or nothing")
    record = resources().records.recall(job_id)
    telemetry.count(f"feedback.{rating}")
    if record is None:
        return {"known": False, "dropped": False, "corrected": False}
    if rating == "right":
        return {"known": True, "dropped": False, "corrected": False}
    return _wrong(record, correction)


def _wrong(record: Record, correction: str | None) -> dict[str, Any]:
    dropped = corrected = False
    held = resources()
    found = held.members.entry_of(record)
    if record.scope is not None and found is not None:
        entry = held.store.get(record.scope, found)
        vector = held.store.vector(record.scope, found) if entry is not None else None
        dropped = held.store.drop(record.scope, found)
        if entry is not None and correction is not None and record.key is not None:
            _correct(record, entry, vector, correction)
            corrected = True
    return {"known": True, "dropped": dropped, "corrected": corrected}


def _correct(record: Record, entry: Entry, vector: bytes | None, correction: str) -> None:
    """Store the correction under the question that was asked, as long as the wrong answer would have lived."""
    now = time.time()
    answer: Answer = replace(entry.answer, text=correction, message=None, finish_reason="stop")
    fresh = replace(entry, id=uuid4().hex, answer=answer, created_at=now)
    resources().store.put(record.scope or entry.scope, record.key or "", fresh, vector=vector, tenant=record.tenant)
