"""What escalations came to, for each tenant and check: how often premium was asked, and did better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.routing.cascade import Tried
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    import redis

KEPT_S = 30 * 86_400  # models change: what was learned of them is forgotten, a month after it began
_BETTER = ":better"


class Escalations:
    """In the ledger's Redis. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def seen(self, tenant: str) -> dict[str, Tried]:
        """What each check was followed by."""
        with failing_as("ledger"):
            found = {name.decode(): int(count) for name, count in self._redis.hgetall(keys.escalations(tenant)).items()}
        return {
            name: Tried(count, found.get(name + _BETTER, 0))
            for name, count in found.items()
            if not name.endswith(_BETTER)
        }

    def note(self, tenant: str, checks: Iterable[str], *, better: bool) -> None:
        """Premium was asked because these checks spoke."""
        name = keys.escalations(tenant)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            for check in checks:
                pipe.hincrby(name, check, 1)
                if better:
                    pipe.hincrby(name, check + _BETTER, 1)
            pipe.expire(name, KEPT_S, nx=True)
            pipe.execute()
