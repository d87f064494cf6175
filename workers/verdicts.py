"""Feedback on an answer: a wrong entry leaves the cache, its correction takes the place."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipelines.errors import JobInvalid
from workers import telemetry
from workers.membership import KEPT_APART
from workers.resources import resources

if TYPE_CHECKING:
    from pipelines.answer import Answer
    from pipelines.cache import Entry
    from workers.phrasings import Phrasing
    from workers.records import Record

RATINGS = ("right", "wrong")


def give(job_id: str, rating: str, correction: str | None) -> dict[str, Any]:
    """Apply one verdict; says what it changed, and which jobs a wrong entry answered.

    Raises JobInvalid for an unknown rating.
    """
    if rating not in RATINGS:
        raise JobInvalid("rating", f"{rating!r:.20}", " or ".join(RATINGS))
    if correction is not None and (not isinstance(correction, str) or not correction.strip()):
        raise JobInvalid("correction", type(correction).__name__, "text, or nothing")
    record = resources().records.recall(job_id)
    telemetry.count(f"feedback.{rating}")
    if record is None:
        return {"known": False, "dropped": False, "corrected": False, "served": []}
    if rating == "right":
        return {"known": True, "dropped": False, "corrected": False, "served": []}
    return _wrong(record, correction)


def _wrong(record: Record, correction: str | None) -> dict[str, Any]:
    dropped = corrected = False
    held, scope, key = resources(), record.scope, record.key
    found = held.members.entry_of(record)
    if scope is not None and found is not None:
        entry = held.store.get(scope, found)
        asked = None if key is None else held.store.phrasing(scope, key)
        if key is not None and key != held.members.served(scope, found):
            # The answer was made for another question: the two are never matched again.
            held.members.cannot_match(scope, key, held.members.more(scope, found, KEPT_APART, [key]))
        # The other phrasings go too: each is asked afresh, and finds its place again by what is answered then.
        dropped = held.store.drop(scope, found)
        if entry is not None and correction is not None and key is not None:
            _correct(record, scope, key, entry, asked, correction)
            corrected = True
    served = [] if found is None else held.accounts.served(found)
    return {"known": True, "dropped": dropped, "corrected": corrected, "served": served}


def _correct(record: Record, scope: str, key: str, entry: Entry, asked: Phrasing | None, correction: str) -> None:
    """Store the correction under the question that was asked; no model's answer takes its place while it lives.

    A question that was never stored itself has no vector here: its correction answers these very words alone.
    """
    now = time.time()
    answer: Answer = replace(entry.answer, text=correction, message=None, finish_reason="stop")
    until = now + resources().configuration.cache_of(record.tenant).keeping.curated_s
    question = "" if asked is None else asked.question
    fresh = replace(
        entry, id=uuid4().hex, question=question, answer=answer, created_at=now, expires_at=until, curated=True
    )
    vector = None if asked is None else asked.vector
    resources().store.put(scope, key, fresh, vector=vector, tenant=record.tenant)
