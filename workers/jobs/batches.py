"""Jobs that wait for a provider's Batch API, in the ledger's Redis: they are on no queue, and hold no worker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import redis

KEPT_S = 3_600  # beyond a job's deadline
TENDED_S = 600  # one process tends them at a time; if it dies, so long nobody does
CHUNK = 500


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job that waits: what it asks of whom, from when on, and until when. Times are seconds since the epoch.

    ``name`` is the request's in the batch: a digest of the job's id. ``batch`` is the provider's id of the batch it is
    in; ``token`` says that one was about to be made. ``left``: its caller waits for no batch any more, which is looked
    at all the same, for it is paid for.
    """

    job_id: str
    name: str
    tenant: str
    provider: str
    model: str
    added_at: float
    until: float
    bytes: int
    batch: str = ""
    token: str = ""
    left: bool = False

    def encode(self) -> str:
        """JSON."""
        return json.dumps(asdict(self))


class Batches:
    """All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def park(self, job: BatchJob, request: Mapping[str, Any], message: str, *, ttl_s: int) -> None:
        """Keep a job, its request and the message that sends it on its way again; one that is kept already stays."""
        kept = json.dumps({"request": request, "message": message}, ensure_ascii=False)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(keys.batched(job.job_id), kept, ex=ttl_s + KEPT_S)
            pipe.hsetnx(keys.BATCHES, job.job_id, job.encode())
            pipe.execute()

    def all(self) -> Iterator[BatchJob]:
        """Those that wait, and those whose batch is not over."""
        with failing_as("ledger"):
            for _, raw in self._redis.hscan_iter(keys.BATCHES, count=CHUNK):
                yield BatchJob(**json.loads(raw))

    def marked(self, jobs: Iterable[BatchJob], *, batch: str = "", token: str = "") -> list[BatchJob]:
        """The same jobs, in that batch."""
        changed = [replace(job, batch=batch, token=token) for job in jobs]
        self._write(changed)
        return changed

    def leave(self, job: BatchJob) -> None:
        """Its caller waits for it no more; its batch is not over."""
        self._write([replace(job, left=True)])

    def _write(self, jobs: Iterable[BatchJob]) -> None:
        fields = {job.job_id: job.encode() for job in jobs}
        if fields:
            with failing_as("ledger"):
                self._redis.hset(keys.BATCHES, mapping=fields)

    def forget(self, jobs: Iterable[BatchJob]) -> None:
        """They are at their end here."""
        names = [job.job_id for job in jobs]
        if names:
            with failing_as("ledger"):
                self._redis.hdel(keys.BATCHES, *names)

    def request(self, job: BatchJob) -> dict[str, Any] | None:
        """What it asks; None where that expired."""
        kept = self._kept(job)
        return None if kept is None else kept["request"]

    def message(self, job: BatchJob) -> str | None:
        """The message that sends it on its way again; None where that expired."""
        kept = self._kept(job)
        return None if kept is None else str(kept["message"])

    def _kept(self, job: BatchJob) -> dict[str, Any] | None:
        with failing_as("ledger"):
            raw = self._redis.get(keys.batched(job.job_id))
        return None if raw is None else json.loads(raw)

    def answered(self, job: BatchJob, raw: Mapping[str, Any]) -> None:
        """Its batch's answer, for as long as its request is kept."""
        kept = json.dumps({"model": job.model, "provider": job.provider, "answer": raw}, ensure_ascii=False)
        with failing_as("ledger"):
            left_s = max(int(self._redis.ttl(keys.batched(job.job_id))), KEPT_S)
            self._redis.set(keys.batch_answer(job.job_id), kept, ex=left_s)

    def answer(self, job_id: str) -> tuple[str, str, dict[str, Any]] | None:
        """Provider, model and answer, where there is one."""
        with failing_as("ledger"):
            raw = self._redis.get(keys.batch_answer(job_id))
        if raw is None:
            return None
        kept = json.loads(raw)
        return str(kept["provider"]), str(kept["model"]), kept["answer"]

    def over(self, job_id: str) -> None:
        """Its answer was handed over."""
        with failing_as("ledger"):
            self._redis.delete(keys.batched(job_id))
            self._redis.delete(keys.batch_answer(job_id))

    def tends(self) -> bool:
        """Is it this process's turn to tend them?"""
        with failing_as("ledger"):
            return bool(self._redis.set(keys.BATCHES_TENDED, 1, nx=True, ex=TENDED_S))

    def tended(self) -> None:
        """It was."""
        with failing_as("ledger"):
            self._redis.delete(keys.BATCHES_TENDED)
