"""A scope's log of changes, as a replica follows it. A line names what changed; what it is now, the phrasing says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.cache.rows import Phrasing
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIELDS = ("entry", "question", "vector", "expires_ms")
MOST = 1_000  # changes of a scope read at once


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a scope's log; ``number`` counts from 1, without gaps.

    ``phrasing`` of exact key ``key`` was added, or is None and was dropped; with ``into``, ``key`` is an entry that
    became part of that one.
    """

    position: str
    number: int
    key: str
    phrasing: Phrasing | None
    into: str | None = None


def tail(redis: Any, scope: str) -> tuple[str, int]:
    """Position and number of the log's last change; ("0-0", 0) of an empty log."""
    last = redis.xrevrange(keys.log(scope), count=1)
    return (last[0][0].decode(), int(last[0][1][b"number"])) if last else ("0-0", 0)


def read(redis: Any, positions: Mapping[str, str], block_ms: int) -> dict[str, list[Change]]:
    """What happened in each scope after its position; waits up to ``block_ms`` for something to happen."""
    scope_of = {keys.log(scope).encode(): scope for scope in positions}
    found = redis.xread({keys.log(scope): at for scope, at in positions.items()}, count=MOST, block=block_ms) or []
    logs = found.items() if isinstance(found, dict) else found
    return {scope_of[log]: list(_changes(redis, scope_of[log], lines)) for log, lines in logs}


def _changes(redis: Any, scope: str, lines: list[tuple[bytes, Mapping[bytes, bytes]]]) -> Iterator[Change]:
    added = dict.fromkeys(line[b"key"].decode() for _, line in lines if line[b"op"] == b"add")
    pipe = redis.pipeline(transaction=False)
    for key in added:
        pipe.hmget(keys.phrasing(scope, key), FIELDS)
    rows = dict(zip(added, pipe.execute() if added else (), strict=True))
    for position, line in lines:
        key, op = line[b"key"].decode(), line[b"op"]
        row = rows[key] if op == b"add" else [None] * len(FIELDS)
        # What is gone by now was dropped, or expired: a later line says so too, or it is pruned.
        raw = {name.encode(): value for name, value in zip(FIELDS, row, strict=True) if value is not None}
        yield Change(
            position=position.decode(),
            number=int(line[b"number"]),
            key=key,
            phrasing=Phrasing.decode(key, raw) if b"entry" in raw else None,
            into=line[b"entry"].decode() if op == b"merge" else None,
        )
