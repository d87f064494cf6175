"""What waits for an operator: answers that users called wrong, with what they say is right. In the ledger's Redis."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipelines.cache.voices import Voice
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    import redis

KEPT_S = 30 * 86_400  # as long as a correction lives
MOST = 1_000  # answers of one tenant that wait at once; beyond, the oldest is forgotten
MOST_VOICES = 200  # of one answer
_ABOUT = "about"


@dataclass(frozen=True, slots=True, repr=False)
class About:
    """The answer that is called wrong: where it lies, what was asked, what was answered."""

    entry: str
    scope: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """An answer and the voices against it, the first first."""

    about: About
    voices: tuple[Voice, ...]

    def encode(self) -> dict[str, Any]:
        """JSON values, for people to read."""
        return {**asdict(self.about), "voices": [asdict(voice) for voice in self.voices]}


class Reviews:
    """Cases of all tenants. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def hear(self, tenant: str, about: About, mark: str, voice: Voice) -> Case:
        """Add a voice, in place of what the same user (``mark``) said before; the case as it is then."""
        name, listed = keys.review(tenant, about.entry), keys.reviews(tenant)
        with failing_as("ledger"):
            known = self._redis.hlen(name)
            pipe = self._redis.pipeline(transaction=False)
            pipe.hset(name, _ABOUT, json.dumps(asdict(about), ensure_ascii=False))
            if known <= MOST_VOICES or self._redis.hexists(name, mark):
                pipe.hset(name, mark, voice.encode())
            pipe.expire(name, KEPT_S)
            pipe.zadd(listed, {about.entry: voice.at})
            pipe.expire(listed, KEPT_S)
            pipe.execute()
            for gone in self._redis.zrange(listed, 0, -MOST - 1):
                self.close(tenant, gone.decode())
        case = self.case(tenant, about.entry)
        return case if case is not None else Case(about, (voice,))

    def withdraw(self, tenant: str, entry: str, mark: str) -> None:
        """A user takes the voice back."""
        with failing_as("ledger"):
            self._redis.hdel(keys.review(tenant, entry), mark)

    def case(self, tenant: str, entry: str) -> Case | None:
        """One case; None when there is none, or it is too old."""
        with failing_as("ledger"):
            raw = self._redis.hgetall(keys.review(tenant, entry))
        about = raw.pop(_ABOUT.encode(), None)
        if about is None:
            return None
        voices = sorted(map(Voice.decode, raw.values()), key=lambda voice: voice.at)
        return Case(About(**json.loads(about)), tuple(voices))

    def cases(self, tenant: str) -> list[Case]:
        """All that wait, the latest first."""
        with failing_as("ledger"):
            entries = [raw.decode() for raw in self._redis.zrevrange(keys.reviews(tenant), 0, -1)]
        return [case for entry in entries if (case := self.case(tenant, entry)) is not None]

    def of_job(self, tenant: str, job_id: str) -> Case | None:
        """The case in which this job's user has a voice."""
        return next((case for case in self.cases(tenant) if any(one.job_id == job_id for one in case.voices)), None)

    def tenants(self) -> list[str]:
        """Tenants of whom something may wait."""
        with failing_as("ledger"):
            return sorted(raw.decode() for raw in self._redis.smembers(keys.LEDGER_TENANTS))

    def close(self, tenant: str, entry: str) -> bool:
        """Nothing waits any more; False when nothing did."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.delete(keys.review(tenant, entry))
            pipe.zrem(keys.reviews(tenant), entry)
            return bool(pipe.execute()[0])
