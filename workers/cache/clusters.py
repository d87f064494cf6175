"""Which phrasing belongs to which entry, in Redis: what each was answered, merges, elections, expulsions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.cache import clustering
from workers.cache import questions
from workers.cache.entries import LOG_LENGTH
from workers.cache.evidence import Evidence
from workers.cache.rows import read_answer
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import redis

    from workers.jobs.records import Record

KEPT_APART = 200  # phrasings of one entry that are kept apart from a question
MERGED_S = 8 * 86_400  # feedback comes within a week


class Membership:
    """Reads and changes who belongs where. Every change is one atomic script; all errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self.evidence = Evidence(redis)
        self._merge = scripts.register(redis, "merge")
        self._elect = scripts.register(redis, "elect")
        self._expel = scripts.register(redis, "expel")
        self._move = scripts.register(redis, "move")

    def _each(self, scope: str, phrasings: Sequence[str], field: str) -> dict[str, bytes]:
        """A field of those phrasings that have it, in one round trip."""
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for key in phrasings:
                pipe.hget(keys.phrasing(scope, key), field)
            found = pipe.execute()
        return {key: raw for key, raw in zip(phrasings, found, strict=True) if raw}

    def answers(self, scope: str, phrasings: Sequence[str]) -> dict[str, str]:
        """What each phrasing was answered, its text; phrasings that are gone, or never had one, are left out."""
        read = {key: read_answer(raw) for key, raw in self._each(scope, phrasings, "answer").items()}
        return {key: answer.text for key, answer in read.items() if answer is not None}

    def questions(self, scope: str, phrasings: Sequence[str]) -> list[str]:
        """The words of those phrasings that are there."""
        return [raw.decode() for raw in self._each(scope, phrasings, "question").values()]

    def judged_entry(self, scope: str, raw: bytes) -> tuple[str, float] | None:
        """Reads what :meth:`keep_verdict` kept of a question: the entry that the judge let answer it, and how probably
        it is right.
        """
        if not raw:
            return None
        entry, probability = json.loads(raw)
        return self.now(scope, entry), float(probability)

    def store_verdict(self, scope: str, key: str, entry_id: str, probability: float) -> None:
        """Let lookups serve this question from the entry at once, as long as the entry's phrasings are known."""
        with failing_as("cache"):
            ttl_ms = self._redis.pttl(keys.asks(scope, entry_id))
            if ttl_ms > 0:
                self._redis.set(keys.verdict(scope, key), json.dumps([entry_id, probability]), px=ttl_ms)

    def cannot_match(self, scope: str, key: str, phrasings: Sequence[str]) -> None:
        """A person said that this question and those phrasings do not deserve one answer; either way round."""
        others = [other for other in phrasings if other != key]
        if not others:
            return
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.sadd(keys.cannot(scope, key), *others)
            for other in others:
                pipe.sadd(keys.cannot(scope, other), key)
            pipe.execute()

    def never_matched(self, scope: str, key: str) -> frozenset[str]:
        """The phrasings that a question must never be matched with."""
        with failing_as("cache"):
            return frozenset(raw.decode() for raw in self._redis.smembers(keys.cannot(scope, key)))

    def homes(self, scope: str, phrasings: Sequence[str]) -> dict[str, str]:
        """The entry of each phrasing; those that are gone are left out."""
        return {key: raw.decode() for key, raw in self._each(scope, phrasings, "entry").items()}

    def more(self, scope: str, entry_id: str, count: int, besides: Collection[str] = ()) -> list[str]:
        """Up to ``count`` further phrasings of an entry, by chance."""
        with failing_as("cache"):
            found = self._redis.hrandfield(keys.asks(scope, entry_id), count + len(besides)) or []
        return [key for key in (raw.decode() for raw in found) if key not in besides][:count]

    def served(self, scope: str, entry_id: str) -> str | None:
        """The phrasing whose answer the entry serves, or None when its answer has expired."""
        with failing_as("cache"):
            raw = self._redis.hget(keys.entry(scope, entry_id), "served")
        return None if raw is None else raw.decode()

    def lives(self, scope: str, entry_id: str) -> bool:
        """Does the entry have an answer that may be served?"""
        with failing_as("cache"):
            return bool(self._redis.exists(keys.entry(scope, entry_id)))

    def now(self, scope: str, entry_id: str) -> str:
        """The entry that this one became part of, or itself."""
        with failing_as("cache"):
            into = self._redis.get(keys.merged(scope, entry_id))
        return entry_id if into is None else into.decode()

    def entry_of(self, record: Record) -> str | None:
        """The entry that a job was served from, or that its fresh answer is in by now; None when nothing was cached."""
        if record.scope is None or record.entry is None:
            return None
        if record.source == "model" and record.key is not None:
            home = self.homes(record.scope, [record.key]).get(record.key)
            if home is not None:
                return home
        return self.now(record.scope, record.entry)

    def merge(self, scope: str, entry_id: str, other: str) -> str | None:
        """Make two entries one, the larger one's answer and id stay: the id, or None when either is gone."""
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hlen(keys.asks(scope, entry_id))
            pipe.hlen(keys.asks(scope, other))
            ours, theirs = pipe.execute()
            if ours < theirs:
                entry_id, other = other, entry_id
            return entry_id if scripts.until_unchanged(lambda: self._merged(scope, entry_id, other)) else None

    def _merged(self, scope: str, entry_id: str, other: str) -> int:
        phrasings = [raw.decode() for raw in self._redis.hkeys(keys.asks(scope, other))]
        done: int = self._merge(
            keys=[
                *(keys.entry(scope, one) for one in (entry_id, other)),
                *(keys.asks(scope, one) for one in (entry_id, other)),
                keys.merged(scope, other),
                *(name(scope) for name in (keys.entries, keys.log, keys.seq)),
                *(keys.phrasing(scope, key) for key in phrasings),
            ],
            args=[entry_id, other, LOG_LENGTH, MERGED_S, *phrasings],
        )
        return done

    def elect(self, scope: str, entry_id: str, key: str) -> bool:
        """Serve this phrasing's answer from now on; how long it is served does not change."""
        with failing_as("cache"):
            return bool(scripts.until_unchanged(lambda: self._elected(scope, entry_id, key)))

    def _elected(self, scope: str, entry_id: str, key: str) -> int:
        served = self.served(scope, entry_id) or ""
        done: int = self._elect(
            keys=[keys.entry(scope, entry_id), *(keys.phrasing(scope, one) for one in (key, served or key))],
            args=[key, entry_id, served],
        )
        return done

    def expel(self, scope: str, entry_id: str, key: str) -> bool:
        """Drop a phrasing that joined wrongly; never the one whose answer is served, nor one of the last two."""
        with failing_as("cache"):
            done = self._expel(
                keys=[
                    *(keys.entry(scope, entry_id), keys.phrasing(scope, key), keys.asks(scope, entry_id)),
                    *(name(scope) for name in (keys.phrasings, keys.log, keys.seq)),
                ],
                args=[entry_id, key, LOG_LENGTH, clustering.LEAST_MEMBERS],
            )
            if done:
                questions.forget(self._redis, scope, [key])
        return bool(done)

    def move(self, scope: str, key: str, entry_id: str) -> bool:
        """Put a phrasing, and its own answer, into another entry; never the one whose answer its entry serves."""
        before = self.homes(scope, [key]).get(key)
        if before is None or before == entry_id:
            return False
        with failing_as("cache"):
            return bool(
                self._move(
                    keys=[
                        keys.phrasing(scope, key),
                        *(name(scope, one) for one in (before, entry_id) for name in (keys.entry, keys.asks)),
                        *(name(scope) for name in (keys.entries, keys.log, keys.seq)),
                    ],
                    args=[key, before, entry_id, LOG_LENGTH],
                )
            )
