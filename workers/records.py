"""What feedback and redelivery need to know of a job afterwards: where its answer lies, and that it was paid."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from pipelines.answer import Answer
from pipelines.errors import StoreUnavailable
from workers import keys

if TYPE_CHECKING:
    import redis

FEEDBACK_WINDOW_S = 7 * 24 * 3600  # people complain within days


@dataclass(frozen=True, slots=True)
class Record:
    """Where a job's answer came from or would be stored; no text. ``entry`` is None when nothing was cached."""

    tenant: str
    source: str
    scope: str | None = None
    key: str | None = None
    entry: str | None = None

    def encode(self) -> str:
        """JSON text."""
        return json.dumps(asdict(self))


class Records:
    """Job records in the ledger's Redis, which never evicts; each expires by itself."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis = redis

    def recall(self, job_id: str) -> Record | None:
        """The job's record, or None when it is unknown or too old."""
        try:
            raw = self._redis.get(keys.job(job_id))
        except RedisError as error:
            raise StoreUnavailable("ledger", type(error).__name__) from error
        return None if raw is None else Record(**json.loads(raw))

    def keep_paid(self, job_id: str, answer: Answer, *, ttl_s: int) -> None:
        """Keep an answer that was paid for, so that a redelivered task finds it instead of paying again."""
        try:
            self._redis.set(keys.paid(job_id), json.dumps(answer.encode()), ex=ttl_s)
        except RedisError as error:
            raise StoreUnavailable("ledger", type(error).__name__) from error

    def paid(self, job_id: str) -> Answer | None:
        """The answer already paid for, or None."""
        try:
            raw = self._redis.get(keys.paid(job_id))
        except RedisError as error:
            raise StoreUnavailable("ledger", type(error).__name__) from error
        return None if raw is None else Answer.decode(json.loads(raw))
