"""What feedback and redelivery need to know of a job afterwards: where its answer lies, and that it was paid."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.answer import Answer
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    import redis

FINGERPRINT_BYTES = 16
DIGESTS = {"scope": 16, "key": 32, "entry": 16, "mine": 16, "mine_key": 32}  # bytes of each, in this order
OVER_S = 60
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

    def encode(self) -> bytes:
        """The fingerprint, which digests there are (a bit each), these, and the rest as JSON: there is one of each job,
        for a week, and bytes are half of what digits take.
        """
        given = {name: digest for name in DIGESTS if (digest := getattr(self, name)) is not None}
        which = sum(1 << bit for bit, name in enumerate(DIGESTS) if name in given)
        rest = [self.tenant, self.source, *([] if self.user is None else [self.user])]
        digests = b"".join(map(bytes.fromhex, given.values()))
        text = json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode()
        return bytes.fromhex(self.fingerprint) + bytes([which]) + digests + text

    @classmethod
    def decode(cls, raw: bytes) -> Record | None:
        """Read what :meth:`encode` wrote; None where the job has an owner and no answer yet."""
        if len(raw) <= FINGERPRINT_BYTES:
            return None
        fingerprint, which, at = raw[:FINGERPRINT_BYTES].hex(), raw[FINGERPRINT_BYTES], FINGERPRINT_BYTES + 1
        given: dict[str, str] = {}
        for bit, (name, size) in enumerate(DIGESTS.items()):
            if which >> bit & 1:
                given[name] = raw[at : at + size].hex()
                at += size
        tenant, source, *user = json.loads(raw[at:])
        return cls(fingerprint, tenant, source, user=user[0] if user else None, **given)


@dataclass(frozen=True, slots=True)
class Begun:
    """What was there as a call began: its answer, or an earlier call whose end nobody saw, which may have been paid."""

    answer: Answer | None = None
    ambiguous: bool = False


class Records:
    """Job records in the ledger's Redis, which never evicts; each expires by itself. An id belongs to one job."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis = redis

    def claim(self, job_id: str, fingerprint: str) -> str | None:
        """Take an id for a job: None when it was free, else the fingerprint of the job that it belongs to."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(keys.job(job_id), bytes.fromhex(fingerprint), nx=True, ex=FEEDBACK_WINDOW_S)
            pipe.getrange(keys.job(job_id), 0, FINGERPRINT_BYTES - 1)
            taken, owner = pipe.execute()
        return None if taken or not owner else bytes(owner).hex()

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
            self._redis.set(keys.paid(job_id), json.dumps({"owner": owner, "answer": answer.kept}), ex=ttl_s)

    def begin(self, job_id: str, owner: str, *, ttl_s: int) -> Begun:
        """Say that a call begins, and read what was there: an answer that was paid for, or a call that began before."""
        mark = json.dumps({"owner": owner})
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.get(keys.paid(job_id))
            pipe.set(keys.paid(job_id), mark, nx=True, ex=ttl_s)
            raw, _ = pipe.execute()
        held = {} if raw is None else json.loads(raw)
        if held.get("owner") != owner:
            return Begun()
        return Begun(Answer.decode(held["answer"])) if "answer" in held else Begun(ambiguous=True)

    def over(self, job_id: str) -> None:
        """The answer has reached its caller: it is kept no longer than a message takes to come again."""
        with failing_as("ledger"):
            self._redis.expire(keys.paid(job_id), OVER_S)

    def forget(self, job_id: str) -> None:
        """The call that began is over, and nothing came of it."""
        with failing_as("ledger"):
            self._redis.delete(keys.paid(job_id))
