"""Paid once: an id belongs to one job, and what was answered or paid under it is not paid again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import JobIdReused, StoreUnavailable
from workers.observability import counters

if TYPE_CHECKING:
    from celery.backends.base import Backend

    from pipelines.answer import Answer
    from pipelines.journey import Progress
    from workers.jobs.records import Records


def _owner(progress: Progress) -> str:
    """Whose the answer is: a job's, or its audit's."""
    return progress.job.fingerprint + (":audit" if progress.audit is not None else "")


class PaidOnce:
    """An id belongs to one job; what was paid under it is not paid again."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def answered_before(self, backend: Backend, progress: Progress) -> dict[str, Any] | None:
        """What is there under the id already, when this very job was answered; JobIdReused when it is another's."""
        fingerprint = progress.job.fingerprint
        try:
            owner = self._records.claim(progress.job_id, fingerprint)
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

    def paid(self, progress: Progress) -> Answer | None:
        """The answer that was paid for before this task was delivered again."""
        try:
            return self._records.paid(progress.job_id, _owner(progress))
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return None  # paying twice is better than not answering

    def store(self, progress: Progress, answer: Answer, *, ttl_s: int) -> None:
        """Keep a fresh answer for a task that is delivered again."""
        try:
            self._records.store_paid(progress.job_id, _owner(progress), answer, ttl_s=ttl_s)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
