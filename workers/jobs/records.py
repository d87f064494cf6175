"""What feedback and redelivery need to know of a job afterwards: where its answer lies, and that it was paid."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipelines.answer import Answer
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    import redis

FEEDBACK_WINDOW_S = 7 * 24 * 3600  # people complain within days


@dataclass(frozen=True, slots=True)
class Record:
    """Where a job's answer came from or would be stored; no text. ``entry`` is None when nothing was cached; ``user``
    asked; ``mine`` and ``mine_key`` are where the answer would lie if it were that user's alone.
    """

    tenant: str
    source: str
    scope: str | None = None
    key: str | None = None
    entry: str | None = None
    user: str | None = None
    mine: str | None = None
    mine_key: str | None = None

    def encode(self) -> str:
        """JSON text."""
        return json.dumps(asdict(self))


class Records:
    """Job records in the ledger's Redis, which never evicts; each expires by itself. An id belongs to one job."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis = redis

    def claim(self, job_id: str, fingerprint: str) -> str | None:
        """Take an id for a job: None when it was free, else the fingerprint of the job that it belongs to."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(keys.owner(job_id), fingerprint, nx=True, ex=FEEDBACK_WINDOW_S)
            pipe.get(keys.owner(job_id))
            taken, owner = pipe.execute()
        return None if taken or owner is None else str(owner.decode())

    def recall(self, job_id: str) -> Record | None:
        """The job's record, or None when it is unknown or too old."""
        with failing_as("ledger"):
            raw = self._redis.get(keys.job(job_id))
        return None if raw is None else Record(**json.loads(raw))

    def of_tenant(self, job_id: str, tenant: str) -> Record | None:
        """The same, for a tenant: another's job is unknown."""
        record = self.recall(job_id)
        return record if record is not None and record.tenant == tenant else None

    def store_paid(self, job_id: str, owner: str, answer: Answer, *, ttl_s: int) -> None:
        """Keep an answer that was paid for, so that a redelivered task finds it instead of paying again."""
        with failing_as("ledger"):
            self._redis.set(keys.paid(job_id), json.dumps({"owner": owner, "answer": answer.encode()}), ex=ttl_s)

    def paid(self, job_id: str, owner: str) -> Answer | None:
        """The answer already paid for, if it is this owner's; or None."""
        with failing_as("ledger"):
            raw = self._redis.get(keys.paid(job_id))
        held = {} if raw is None else json.loads(raw)
        return Answer.decode(held["answer"]) if held.get("owner") == owner else None
