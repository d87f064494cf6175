"""The cache's truth in Redis: entries, their phrasings, and the log of changes that replicas follow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pipelines.vectors.encoder import compact, unpack
from workers.cache import changes, questions, rows
from workers.cache.rows import ExactTier, Phrasing
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import redis

    from pipelines.cache.entry import Entry
    from pipelines.vectors.encoder import Vector
    from workers.cache.changes import Change

LOG_LENGTH = 4_096  # changes kept per scope: a replica that sleeps through more loads the scope again
CHUNK = 500  # phrasings fetched per round trip


class CacheStore:
    """Entries and phrasings of all scopes. Every change is one atomic script."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self._put = scripts.register(redis, "put")
        self._drop = scripts.register(redis, "drop")

    def find(self, scope: str, key: str, mark: str = "") -> ExactTier:
        """The exact and the near-exact tier; it also counts the question. ``mark``: its user's.

        One round trip for what was never asked, a second for what was, a third for what its near-exact twin was.
        """
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            questions.count(pipe, scope, key)
            pipe.hmget(keys.phrasing(scope, key), rows.ANSWERED)
            pipe.hget(keys.near(scope, key), questions.split(key)[0])
            pipe.smembers(keys.cannot(scope, key))
            pipe.get(keys.verdict(scope, key))
            pipe.smembers(keys.apart(scope, mark))
            own, twin, cannot, verdict, apart = pipe.execute()[3:]
            twin_key = questions.twin(key, twin)
            entry = self._own_answer(scope, key, own)
            beside = None
            if twin_key not in ("", key):
                beside = self._own_answer(
                    scope, twin_key, self._redis.hmget(keys.phrasing(scope, twin_key), rows.ANSWERED)
                )
        named = [frozenset(name.decode() for name in names) for names in (cannot, apart)]
        return ExactTier(entry, beside, twin_key, named[0], verdict or b"", named[1])

    def _own_answer(self, scope: str, key: str, phrasing: list[bytes | None]) -> Entry | None:
        """The answer that was given to a phrasing, whose fields these are."""
        if phrasing[0] is None:
            return None
        held = self._redis.hgetall(keys.entry(scope, phrasing[0].decode()))
        return rows.own_answer(key, scope, dict(zip(rows.ANSWERED, phrasing, strict=True)), held)

    def set_apart(self, scope: str, mark: str, names: Sequence[str], *, ttl_s: int) -> None:
        """A user said that these exact keys and entries are wrong: this user is given them no more."""
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.sadd(keys.apart(scope, mark), *names)
            pipe.expire(keys.apart(scope, mark), ttl_s)
            pipe.execute()

    def get(self, scope: str, entry_id: str) -> Entry | None:
        """An entry by id, or None when it was dropped or expired."""
        with failing_as("cache"):
            raw = self._redis.hgetall(keys.entry(scope, entry_id))
        return rows.read_entry(scope, entry_id, raw)

    def serve(self, scope: str, entry_id: str) -> tuple[Entry, int] | None:
        """As :meth:`get`, and its question counts as asked once more, for a rewording asks it too; how often it was
        asked before, in the last day, comes with it.
        """
        with failing_as("cache"):
            raw = self._redis.hgetall(keys.entry(scope, entry_id))
            entry = rows.read_entry(scope, entry_id, raw)
            if entry is not None:
                pipe = self._redis.pipeline(transaction=False)
                questions.count(pipe, scope, raw.get(b"served", b"").decode())
                return entry, questions.asked(pipe.execute()[:2]) - 1
        return None

    def ask_count(self, scope: str, key: str) -> int:
        """How often a question was asked in the last day."""
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            questions.look(pipe, scope, key)
            return questions.asked(pipe.execute())

    def put(
        self,
        scope: str,
        key: str,
        entry: Entry,
        *,
        vector: bytes | None,
        tenant: str,
        known_until: float = 0.0,
    ) -> bool:
        """Store an entry and the phrasing that asked for it; the phrasing leaves any entry that it had before.

        The phrasing is remembered as long as the entry, or until ``known_until`` (seconds since the epoch).
        False, and nothing done, when a model's answer would replace a person's.
        """
        return self._enter("put", scope, key, entry, vector, tenant, known_until)

    def join(
        self, scope: str, key: str, entry: Entry, *, vector: bytes | None, tenant: str, known_until: float = 0.0
    ) -> bool:
        """Add a phrasing and its own fresh answer, both as ``entry`` says, to the entry of that id.

        The entry's answer stays while it lives. False, and nothing done, when the entry is gone.
        """
        return self._enter("join", scope, key, entry, vector, tenant, known_until)

    def _enter(
        self,
        how: str,
        scope: str,
        key: str,
        entry: Entry,
        vector: bytes | None,
        tenant: str,
        known_until: float,
    ) -> bool:
        until = max(known_until, entry.expires_at)
        small = compact(vector) if vector else b""
        with failing_as("cache"):
            done = bool(scripts.until_unchanged(lambda: self._entered(how, scope, key, entry, small, until)))
            pipe = self._redis.pipeline(transaction=False)
            pipe.exists(keys.vectors_state(scope))
            pipe.zadd(keys.TENANTS, {tenant: entry.created_at})
            pipe.zadd(keys.scopes(tenant), {scope: until}, gt=True)
            for name in (keys.scopes(tenant), keys.TENANTS):
                pipe.expireat(name, math.ceil(until) + 86_400)
            if pipe.execute()[0] and done and vector:
                add_vector(pipe, scope, key, unpack(vector, len(vector) // 2), until)
                pipe.execute()
        return done

    def _entered(self, how: str, scope: str, key: str, entry: Entry, vector: bytes, until: float) -> int:
        raw = self._redis.hget(keys.phrasing(scope, key), "entry")
        before = "" if raw is None else raw.decode()
        fields = entry.encode()
        done: int = self._put(
            keys=[
                *(keys.phrasing(scope, key), keys.entry(scope, entry.id), keys.asks(scope, entry.id)),
                keys.near(scope, key),
                *(name(scope) for name in (keys.entries, keys.phrasings, keys.log, keys.seq)),
                *(name(scope, before or entry.id) for name in (keys.entry, keys.asks)),
            ],
            args=[
                *(how, key, entry.id, before, entry.question, vector, fields["answer"], *questions.split(key)),
                *(math.ceil(until * 1000), math.ceil(entry.expires_at * 1000), LOG_LENGTH, int(entry.curated)),
                *(part for pair in fields.items() for part in pair),
            ],
        )
        return done

    def drop(self, scope: str, entry_id: str) -> bool:
        """Remove an entry and all its phrasings; False when it was gone already."""
        with failing_as("cache"):
            return bool(scripts.until_unchanged(lambda: self._dropped(scope, entry_id)))

    def _dropped(self, scope: str, entry_id: str) -> int:
        phrasings = [raw.decode() for raw in self._redis.hkeys(keys.asks(scope, entry_id))]
        done: int = self._drop(
            keys=[
                *(keys.entry(scope, entry_id), keys.asks(scope, entry_id)),
                *(name(scope) for name in (keys.entries, keys.phrasings, keys.log, keys.seq)),
                *(keys.phrasing(scope, key) for key in phrasings),
            ],
            args=[entry_id, LOG_LENGTH, *phrasings],
        )
        if done > 0:
            questions.forget(self._redis, scope, phrasings)
        return done

    def phrasing(self, scope: str, key: str) -> Phrasing | None:
        """One question of an entry's, or None."""
        with failing_as("cache"):
            raw = self._redis.hgetall(keys.phrasing(scope, key))
        return Phrasing.decode(key, raw) if raw else None

    def phrasings(self, scope: str, now: float) -> Iterator[Phrasing]:
        """All phrasings of a scope that are not expired."""
        with failing_as("cache"):
            found = self._redis.zrangebyscore(keys.phrasings(scope), now * 1000, "+inf")
            for start in range(0, len(found), CHUNK):
                chunk = [key.decode() for key in found[start : start + CHUNK]]
                pipe = self._redis.pipeline(transaction=False)
                for key in chunk:
                    pipe.hgetall(keys.phrasing(scope, key))
                for key, raw in zip(chunk, pipe.execute(), strict=True):
                    if raw:
                        yield Phrasing.decode(key, raw)

    def tail(self, scope: str) -> tuple[str, int]:
        """Position and number of the log's last change; ("0-0", 0) of an empty log."""
        with failing_as("cache"):
            return changes.tail(self._redis, scope)

    def changes(self, positions: Mapping[str, str], block_ms: int) -> dict[str, list[Change]]:
        """What happened in each scope after its position; waits up to ``block_ms`` for something to happen."""
        with failing_as("cache"):
            return changes.read(self._redis, positions, block_ms)

    def scopes(self, tenant: str) -> list[str]:
        """The tenant's scopes."""
        with failing_as("cache"):
            return [scope.decode() for scope in self._redis.zrange(keys.scopes(tenant), 0, -1)]

    def tenants(self) -> list[str]:
        """Tenants with entries."""
        with failing_as("cache"):
            return [tenant.decode() for tenant in self._redis.zrange(keys.TENANTS, 0, -1)]

    def stats(self, tenant: str | None = None) -> dict[str, int]:
        """How many tenants, scopes, entries and phrasings there are."""
        tenants = self.tenants() if tenant is None else [tenant]
        scopes = [scope for name in tenants for scope in self.scopes(name)]
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for scope in scopes:
                pipe.zcard(keys.entries(scope))
                pipe.zcard(keys.phrasings(scope))
            counts = pipe.execute()
        return {
            "tenants": len(tenants),
            "scopes": len(scopes),
            "entries": sum(counts[::2]),
            "phrasings": sum(counts[1::2]),
        }

    def of_tenant(self, tenant: str) -> Iterator[Entry]:
        """All entries of a tenant that are served."""
        for scope in self.scopes(tenant):
            with failing_as("cache"):
                ids = [raw.decode() for raw in self._redis.zrange(keys.entries(scope), 0, -1)]
            for start in range(0, len(ids), CHUNK):
                with failing_as("cache"):
                    pipe = self._redis.pipeline(transaction=False)
                    for entry_id in ids[start : start + CHUNK]:
                        pipe.hgetall(keys.entry(scope, entry_id))
                    found = pipe.execute()
                for entry_id, raw in zip(ids[start : start + CHUNK], found, strict=True):
                    if (entry := rows.read_entry(scope, entry_id, raw)) is not None:
                        yield entry

    def flush(self, tenant: str) -> int:
        """Drop every entry of a tenant; returns how many there were."""
        dropped = 0
        for scope in self.scopes(tenant):
            with failing_as("cache"):
                found = self._redis.zrange(keys.entries(scope), 0, -1)
            dropped += sum(self.drop(scope, entry_id.decode()) for entry_id in found)
        return dropped

    def sweep(self, now: float) -> dict[str, int]:
        """Forget the ids of what expired; Redis removed the keys themselves."""
        swept = scopes_gone = 0
        for tenant in self.tenants():
            for scope in self.scopes(tenant):
                with failing_as("cache"):
                    expired = self._redis.zrangebyscore(keys.phrasings(scope), "-inf", now * 1000)
                    questions.forget(self._redis, scope, [key.decode() for key in expired])
                    pipe = self._redis.pipeline(transaction=False)
                    pipe.zremrangebyscore(keys.entries(scope), "-inf", now * 1000)
                    pipe.zremrangebyscore(keys.phrasings(scope), "-inf", now * 1000)
                    pipe.zcard(keys.phrasings(scope))
                    entries, _, left = pipe.execute()
                    swept += entries
                    if not left:
                        scopes_gone += self._redis.zrem(keys.scopes(tenant), scope)
            if not self.scopes(tenant):
                with failing_as("cache"):
                    self._redis.zrem(keys.TENANTS, tenant)
        return {"entries": swept, "scopes": scopes_gone}


def add_vector(pipe: Any, scope: str, key: str, vector: Vector, until: float) -> None:
    """Add a phrasing's vector to its scope's vector set, by a pipeline; the set lives until ``until`` (s) or longer."""
    pipe.vset().vadd(keys.vectors(scope), vector.astype("<f4").tobytes(), key)
    pipe.expireat(keys.vectors(scope), math.ceil(until), nx=True)
    pipe.expireat(keys.vectors(scope), math.ceil(until), gt=True)
