"""What feedback and redelivery need to know of a job afterwards: where its answer lies, and that it was paid."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from pipelines.answer import Answer
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    import redis

FINGERPRINT_CHARS = 32
FEEDBACK_WINDOW_S = 7 * 24 * 3600  # people complain within days


@dataclass(frozen=True, slots=True)
class Record:
    """Where a job's answer came from or would be stored; no text. ``fingerprint`` is the job's; ``entry`` is None when
    nothing was cached; ``user`` asked; ``mine`` and ``mine_key`` are where the answer would lie if it were that user's.
    """

    fingerprint: str
    tenant: str
    source: str
    scope: str | None = None
    key: str | None = None
    entry: str | None = None
    user: str | None = None
    mine: str | None = None
    mine_key: str | None = None

    def encode(self) -> str:
        """The fingerprint, and the rest as a JSON list without what is missing at its end: there is one of each job."""
        rest = list(astuple(self))[1:]
        while rest and rest[-1] is None:
            rest.pop()
        return self.fingerprint + json.dumps(rest, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def decode(cls, raw: bytes) -> Record | None:
        """Read what :meth:`encode` wrote; None where the job has an owner and no answer yet."""
        said = raw.decode()
        fingerprint, rest = said[:FINGERPRINT_CHARS], said[FINGERPRINT_CHARS:]
        return cls(fingerprint, *json.loads(rest)) if rest else None


class Records:
    """Job records in the ledger's Redis, which never evicts; each expires by itself. An id belongs to one job."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis = redis

    def claim(self, job_id: str, fingerprint: str) -> str | None:
        """Take an id for a job: None when it was free, else the fingerprint of the job that it belongs to."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(keys.job(job_id), fingerprint, nx=True, ex=FEEDBACK_WINDOW_S)
            pipe.getrange(keys.job(job_id), 0, FINGERPRINT_CHARS - 1)
            taken, owner = pipe.execute()
        return None if taken or not owner else str(owner.decode())

    def recall(self, job_id: str) -> Record | None:
        """The job's record, or None when it is unknown or too old."""
        with failing_as("ledger"):
            raw: Any = self._redis.get(keys.job(job_id))
        return None if raw is None else Record.decode(raw)

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
