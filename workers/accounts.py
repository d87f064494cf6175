"""The ledger in Redis: exact counters per tenant and day, each job once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workers import keys, scripts
from workers.stores import failing_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis

KEPT_S = 400 * 86_400  # a year's bill can be compared with the last
MARKED_S = 7 * 86_400  # a message is delivered again within hours, not weeks
EVENTS_KEPT_S = 30 * 86_400


class Accounts:
    """Adds counters and reads totals. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self._count_once = redis.register_script(scripts.COUNT_ONCE)

    def count(self, job_id: str, tenant: str, day: str, counters: Mapping[str, int]) -> bool:
        """Add one job's counters; False (and nothing added) when the job was counted before."""
        flat = [part for pair in counters.items() for part in pair]
        with failing_as("ledger"):
            counted = self._count_once(
                keys=[keys.counted(tenant, job_id), keys.ledger(tenant, day)], args=[MARKED_S, KEPT_S, *flat]
            )
            if counted:
                pipe = self._redis.pipeline(transaction=False)
                pipe.sadd(keys.LEDGER_TENANTS, tenant)
                pipe.expire(keys.LEDGER_TENANTS, KEPT_S)
                pipe.execute()
        return bool(counted)

    def totals(self, tenant: str | None = None, days: int = 7) -> dict[str, dict[str, dict[str, int]]]:
        """Counters of the last ``days`` days: ISO day -> tenant -> counters; days without jobs are left out."""
        today = datetime.now(UTC).date()
        found: dict[str, dict[str, dict[str, int]]] = {}
        with failing_as("ledger"):
            known = sorted(name.decode() for name in self._redis.smembers(keys.LEDGER_TENANTS))
            for day in (_iso(today, back) for back in range(days)):
                for name in known if tenant is None else [tenant]:
                    raw = self._redis.hgetall(keys.ledger(name, day))
                    if raw:
                        found.setdefault(day, {})[name] = {k.decode(): int(v) for k, v in raw.items()}
        return found

    def count_events(self, day: str, counts: Mapping[str, int]) -> None:
        """Add a process's event counts to the day's."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            for event, amount in counts.items():
                pipe.hincrby(keys.events(day), event, amount)
            pipe.expire(keys.events(day), EVENTS_KEPT_S)
            pipe.execute()

    def events(self, day: str) -> dict[str, int]:
        """The day's event counts."""
        with failing_as("ledger"):
            return {k.decode(): int(v) for k, v in sorted(self._redis.hgetall(keys.events(day)).items())}


def _iso(today: date, back: int) -> str:
    return (today - timedelta(days=back)).isoformat()
