"""Paid once: an id belongs to one job, and what was answered or paid under it is not paid again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipelines.errors import JobIdReused, StoreUnavailable
from workers.jobs.records import Begun
from workers.observability import counters

if TYPE_CHECKING:
    from celery.backends.base import Backend

    from pipelines.answer import Answer
    from pipelines.journey import Progress
    from workers.jobs.records import Records


def owner(progress: Progress) -> str:
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

    def begin(self, progress: Progress, *, ttl_s: int) -> Begun:
        """Say that this job's call begins: what was paid for is there, and a call that died under way is counted.

        Only a provider knows whether that one was paid for: it is counted as ambiguous.
        """
        try:
            begun = self._records.begin(progress.job_id, owner(progress), ttl_s=ttl_s)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return Begun()  # paying twice is better than not answering
        if begun.ambiguous:
            counters.count("model_call.ambiguous")
        return begun

    def forget(self, progress: Progress) -> None:
        """The call ended without an answer, and whoever comes again is not the second."""
        try:
            self._records.forget(progress.job_id)
        except StoreUnavailable:
            counters.count("ledger.unavailable")

    def store(self, progress: Progress, answer: Answer, *, ttl_s: int) -> None:
        """Keep a fresh answer for a task that is delivered again."""
        try:
            self._records.store_paid(progress.job_id, owner(progress), answer, ttl_s=ttl_s)
        except StoreUnavailable:
            counters.count("ledger.unavailable")

    def over(self, progress: Progress) -> None:
        """Write-back has the answer: the room that its copy takes is given back soon."""
        with suppress(StoreUnavailable):  # it goes by itself, later
            self._records.over(progress.job_id)
