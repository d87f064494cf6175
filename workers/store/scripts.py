"""Lua that Redis runs atomically, a file each in lua/, which says what it does, its KEYS, its ARGV, what it returns.

Each touches the keys of one scope, or of one tenant's ledger, and all of them are in KEYS: ACLs and Redis Cluster see
them. What it must know first (an entry's phrasings) is read before, and it does nothing if that has changed meanwhile.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError

from pipelines.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import redis

# What a script has in common with others comes before it: writing the scope's log; sorting what waits by tenant.
SHARED = {
    **dict.fromkeys(("drop", "expel", "merge", "move", "put"), "note"),
    **dict.fromkeys(("fetch", "sort", "unsort"), "lanes"),
}
TRIES = 20  # with another's change between reading and writing; each one means that somebody else got on


@cache
def source(name: str) -> str:
    """The text of a script, with what it shares with others before it."""
    folder = files("workers.store") / "lua"
    names = (SHARED[name], name) if name in SHARED else (name,)
    return "\n".join((folder / f"{one}.lua").read_text(encoding="utf-8") for one in names)


@cache
def digest(name: str) -> str:
    """The script's SHA-1, by which Redis knows it."""
    return hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest()


class Script:
    """A script, to be called with ``keys`` and ``args``; raises as redis-py does.

    redis-py's own asks the client how it encodes, for which a cluster's has to be connected.
    """

    def __init__(self, redis: redis.Redis, name: str) -> None:
        self._redis: Any = redis
        self._name = name

    def __call__(self, keys: Sequence[str], args: Iterable[Any] = ()) -> Any:
        """Run it; a server that does not know it yet learns it."""
        given = (len(keys), *keys, *args)
        try:
            return self._redis.evalsha(digest(self._name), *given)
        except NoScriptError:
            return self._redis.eval(source(self._name), *given)


register = Script


def until_unchanged(step: Callable[[], int]) -> int:
    """Read and write, ``step`` by ``step``, until nothing changed between; raises StoreUnavailable."""
    for _ in range(TRIES):
        done = step()
        if done >= 0:
            return done
    raise StoreUnavailable("cache", "what is to be written changes all the time")
