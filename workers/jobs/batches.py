"""Jobs that wait for a provider's Batch API, in the ledger's Redis: they are on no queue, and hold no worker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import redis

KEPT_S = 3_600  # beyond a job's deadline
TENDED_S = 600  # one process tends them at a time; if it dies, so long nobody does
CHUNK = 500


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job that waits: what it asks of whom, from when on, and until when. Times are seconds since the epoch.

    ``name`` is the request's in the batch, and its own here: a digest of the job's id and of whose it is. ``part`` is
    the share of the price; ``left_out`` are parameters that the model refuses; ``flight`` is what it leads. ``batch``
    is the provider's id of the batch it is in; ``token`` says that one was about to be made, at ``token_at``. ``left``:
    its caller waits for no batch any more, which is looked at all the same, for it is paid for. ``given``: its batch's
    answer is, or was, there for it.
    """

    job_id: str
    name: str
    tenant: str
    provider: str
    model: str
    added_at: float
    until: float
    size_bytes: int
    part: str
    left_out: tuple[str, ...] = ()
    flight: str = ""
    batch: str = ""
    token: str = ""
    token_at: float = 0.0
    left: bool = False
    given: bool = False

    def encode(self) -> str:
        """JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, raw: str | bytes) -> BatchJob:
        """Read what :meth:`encode` wrote."""
        said = json.loads(raw)
        return cls(**{**said, "left_out": tuple(said["left_out"])})


class Batches:
    """All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def park(self, job: BatchJob, request: Mapping[str, Any], message: str, *, ttl_s: int) -> None:
        """Keep a job, its request and the message that sends it on its way again; one that is kept already stays."""
        kept = json.dumps({"request": request, "message": message}, ensure_ascii=False)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(keys.batch(job.name, "job"), kept, ex=ttl_s + KEPT_S, nx=True)
            pipe.hsetnx(keys.BATCHES, job.name, job.encode())
            pipe.execute()

    def count(self) -> int:
        """How many there are."""
        with failing_as("ledger"):
            return int(self._redis.hlen(keys.BATCHES))

    def all(self) -> list[BatchJob]:
        """Those that wait, and those whose batch is not over."""
        with failing_as("ledger"):
            found: dict[bytes, bytes] = dict(self._redis.hscan_iter(keys.BATCHES, count=CHUNK))  # one may come twice
        return [BatchJob.decode(raw) for raw in found.values()]

    def marked(self, jobs: Iterable[BatchJob], *, batch: str = "", token: str = "", at: float = 0.0) -> list[BatchJob]:
        """The same jobs, in that batch; ``at``: since when the token stands."""
        changed = [replace(job, batch=batch, token=token, token_at=at) for job in jobs]
        self._write(changed)
        return changed

    def leave(self, job: BatchJob) -> None:
        """Its caller waits for it no more; its batch is not over."""
        self._write([replace(job, left=True)])

    def _write(self, jobs: Iterable[BatchJob]) -> None:
        fields = {job.name: job.encode() for job in jobs}
        if fields:
            with failing_as("ledger"):
                self._redis.hset(keys.BATCHES, mapping=fields)

    def forget(self, jobs: Iterable[BatchJob]) -> None:
        """They are at their end here."""
        names = [job.name for job in jobs]
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
            raw = self._redis.get(keys.batch(job.name, "job"))
        return None if raw is None else json.loads(raw)

    def answered(self, job: BatchJob, raw: Mapping[str, Any]) -> None:
        """Its batch's answer, for as long as its request is kept; the job is marked as given one."""
        kept = json.dumps({"job": job.encode(), "answer": raw}, ensure_ascii=False)
        with failing_as("ledger"):
            left_s = max(int(self._redis.ttl(keys.batch(job.name, "job"))), KEPT_S)
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(keys.batch(job.name, "answer"), kept, ex=left_s)
            pipe.hset(keys.BATCHES, job.name, replace(job, given=True).encode())
            pipe.execute()

    def answer(self, name: str) -> tuple[BatchJob, dict[str, Any]] | None:
        """A job and its batch's answer, where there is one."""
        with failing_as("ledger"):
            raw = self._redis.get(keys.batch(name, "answer"))
        if raw is None:
            return None
        kept = json.loads(raw)
        return BatchJob.decode(kept["job"]), kept["answer"]

    def over(self, name: str) -> None:
        """Its answer was handed over."""
        with failing_as("ledger"):
            self._redis.delete(keys.batch(name, "job"))
            self._redis.delete(keys.batch(name, "answer"))

    def tends(self, by: str) -> bool:
        """Is it the turn of ``by`` to tend them, or still?"""
        with failing_as("ledger"):
            if self._redis.set(keys.BATCHES_TENDED, by, nx=True, ex=TENDED_S):
                return True
            mine = self._redis.get(keys.BATCHES_TENDED) == by.encode()
            return mine and bool(self._redis.expire(keys.BATCHES_TENDED, TENDED_S))

    def tended(self, by: str, at: float) -> None:
        """It was, at ``at``, seconds since the epoch."""
        with failing_as("ledger"):
            self._redis.set(keys.BATCHES_LATEST, at, ex=TENDED_S)
        self.release(by)

    def release(self, by: str) -> None:
        """It is anybody's turn, if it was that of ``by``."""
        with failing_as("ledger"):
            if self._redis.get(keys.BATCHES_TENDED) == by.encode():
                self._redis.delete(keys.BATCHES_TENDED)

    def tended_at(self) -> float | None:
        """When they were last; None where not lately."""
        with failing_as("ledger"):
            found = self._redis.get(keys.BATCHES_LATEST)
        return None if found is None else float(found)
