"""What feedback and redelivery need to know of a job afterwards: where its answer lies, and that it was paid."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pipelines.answer import Answer
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    import redis

FINGERPRINT_BYTES = 16
DIGESTS = {"scope": 16, "key": 24, "entry": 16, "mine": 16, "mine_key": 24}  # bytes of each, in this order
OVER_S = 60
DAY_S = 24 * 3600
FEEDBACK_WINDOW_S = 7 * DAY_S  # people complain within days
MARK_BYTES = 12
SPREAD_S = 60  # between two hashes of a day: each may hold tens of thousands of jobs, and takes its time to go


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
        digests = b"".join(bytes.fromhex(digest)[: DIGESTS[name]] for name, digest in given.items())
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
    """Job records in the ledger's Redis, which never evicts. An id belongs to one job.

    Those of a day lie in 16 hashes, each going a week after it: a key of its own takes as much as a record.
    """

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self._claim = scripts.register(redis, "claim")

    def claim(self, job_id: str, fingerprint: str) -> str | None:
        """Take an id for a job: None when it was free, else the fingerprint of the job that it belongs to."""
        kept = _kept(job_id)
        with failing_as("ledger"):
            owner = self._claim(
                keys=kept.days,
                args=[kept.mark, bytes.fromhex(fingerprint), FINGERPRINT_BYTES, kept.until],
            )
        return bytes(owner).hex() or None

    def recall(self, job_id: str) -> Record | None:
        """The job's record, or None when it is unknown or too old."""
        kept = _kept(job_id)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            for day in kept.days:
                pipe.hget(day, kept.mark)
            raw = next(filter(None, pipe.execute()), None)
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


def digest(job_id: str) -> bytes:
    """What an id is known by in the ledger's Redis: its first ``MARK_BYTES`` are its mark."""
    return hashlib.sha256(job_id.encode()).digest()


def keep(pipe: Any, job_id: str, record: Record) -> None:
    """Add to the pipeline what keeps a job's record."""
    kept = _kept(job_id)
    pipe.hset(kept.days[0], kept.mark, record.encode())
    pipe.expireat(kept.days[0], kept.until)


class _Kept(NamedTuple):
    """Under which mark a job's record lies, in which hashes, today's first, and until when today's stays (s)."""

    mark: bytes
    days: list[str]
    until: int


def _kept(job_id: str) -> _Kept:
    found, today = digest(job_id), int(time.time() // DAY_S)
    first, days = found[0] >> 4, FEEDBACK_WINDOW_S // DAY_S
    until = (today + days + 1) * DAY_S + SPREAD_S * first
    return _Kept(found[:MARK_BYTES], [keys.jobs(f"{first:x}", today - back) for back in range(days + 1)], until)
