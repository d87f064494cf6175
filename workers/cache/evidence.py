"""Evidence about a scope's entries and phrasings in Redis, and which answers were compared; for some days."""

from __future__ import annotations

import hashlib
import struct
import time
from typing import TYPE_CHECKING, Any

from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import redis

GENERATION_S = 2 * 86_400  # phrasings are known for a day or more
MARK_BYTES = 10
# There are ten pairs of each answer: of those that begin with one entry, the other's mark and the sum lie in one field.
OTHER_BYTES = 6
SUM = struct.Struct(f"<{OTHER_BYTES}sh")
STEP, MOST = 0.001, 32.0  # of a sum
MOST_OTHERS = 256


class Evidence:
    """Sums of evidence as :class:`pipelines.cache.clustering.Trust` names them. All errors are StoreUnavailable.

    It lies in generations of two days, each of which goes as a whole: what was not touched in the last is forgotten.
    """

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def trust(self, scope: str, names: Iterable[str]) -> dict[str, float]:
        """Sums of those names that have one."""
        wanted = {name: _field(name) for name in names}
        held = self._held(scope, [field for field, _ in wanted.values()])
        return {name: held[field][other] for name, (field, other) in wanted.items() if other in held[field]}

    def write_trust(self, scope: str, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        """Write what changed. Of two who write at the same time one may be lost: more evidence comes."""
        changed = {name: _field(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        held = self._held(scope, [field for field, _ in changed.values()])
        for name, (field, other) in changed.items():
            held[field].pop(other, None)
            if name in after:
                held[field][other] = after[name]
        if not held:
            return
        now, old = (keys.trust(scope, number) for number in _generations())
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for field, sums in held.items():
                if sums:
                    pipe.hset(now, field, _packed(sums))
                else:
                    pipe.hdel(now, field)
                pipe.hdel(old, field)
            pipe.expire(now, 2 * GENERATION_S)
            pipe.execute()

    def not_compared(self, scope: str, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those pairs of phrasings whose answers were never compared; they count as compared from now on."""
        if not pairs:
            return []
        with failing_as("cache"):
            now, before = (keys.compared(scope, number) for number in _generations())
            pipe = self._redis.pipeline(transaction=False)
            for pair in pairs:
                mark = _mark("|".join(sorted(pair)), MARK_BYTES)
                pipe.sismember(before, mark)
                pipe.sadd(now, mark)
            pipe.expire(now, 2 * GENERATION_S)
            *found, _ = pipe.execute()
        return [pair for pair, was, new in zip(pairs, found[::2], found[1::2], strict=True) if new and not was]

    def _held(self, scope: str, fields: Sequence[bytes]) -> dict[bytes, dict[bytes, float]]:
        """The sums of each field, in the order in which they were written."""
        wanted = list(dict.fromkeys(fields))
        if not wanted:
            return {}
        with failing_as("cache"):
            pipe = self._redis.pipeline(transaction=False)
            for number in _generations():
                pipe.hmget(keys.trust(scope, number), wanted)
            now, before = pipe.execute()
        return {field: _sums(new or old or b"") for field, new, old in zip(wanted, now, before, strict=True)}


def _generations() -> tuple[int, int]:
    """Numbers of this generation of evidence, and of the one before, which goes as a whole."""
    now = int(time.time() // GENERATION_S)
    return now, now - 1


def _mark(name: str, size: int) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=size).digest()


def _field(name: str) -> tuple[bytes, bytes]:
    """In which field a sum lies, and under which mark: what is of one thing alone has the mark of nothing."""
    one, _, other = name.partition("|")
    return _mark(one, MARK_BYTES), _mark(other, OTHER_BYTES)


def _packed(sums: Mapping[bytes, float]) -> bytes:
    latest = list(sums.items())[-MOST_OTHERS:]
    return b"".join(SUM.pack(other, round(min(max(value, -MOST), MOST) / STEP)) for other, value in latest)


def _sums(raw: bytes) -> dict[bytes, float]:
    return {other: value * STEP for other, value in SUM.iter_unpack(raw[: len(raw) // SUM.size * SUM.size])}
