"""Paid once: an id belongs to one job, and what was answered or paid under it is not paid again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import JobIdReused, StoreUnavailable
from workers.observability import counters
from workers.runtime import resources

if TYPE_CHECKING:
    from celery.backends.base import Backend

    from pipelines.answer import Answer
    from pipelines.journey import Progress


def answered_before(backend: Backend, progress: Progress) -> dict[str, Any] | None:
    """What is there under the id already, when this very job was answered; JobIdReused when it is another's."""
    fingerprint = progress.job.fingerprint
    try:
        owner = resources().records.claim(progress.job_id, fingerprint)
    except StoreUnavailable:
        counters.count("ledger.unavailable")
        return None
    if owner is None:
        return None
    if owner != fingerprint:
        raise JobIdReused(progress.job_id, fingerprint)
    meta = backend.get_task_meta(progress.job_id)
    found = meta.get("result") if meta.get("status") == "SUCCESS" else None
    return found if isinstance(found, dict) and found.get("fingerprint") == fingerprint else None


def paid(progress: Progress) -> Answer | None:
    """The answer that was paid for before this task was delivered again."""
    try:
        return resources().records.paid(progress.job_id, _owner(progress))
    except StoreUnavailable:
        counters.count("ledger.unavailable")
        return None  # paying twice is better than not answering


def keep(progress: Progress, answer: Answer, *, ttl_s: int) -> None:
    """Keep a fresh answer for a task that is delivered again."""
    try:
        resources().records.keep_paid(progress.job_id, _owner(progress), answer, ttl_s=ttl_s)
    except StoreUnavailable:
        counters.count("ledger.unavailable")


def _owner(progress: Progress) -> str:
    """Whose the answer is: a job's, or its audit's."""
    return progress.job.fingerprint + (":audit" if progress.audit is not None else "")
