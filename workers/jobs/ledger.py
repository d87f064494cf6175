"""The ledger in Redis: exact counters per tenant and day, each job once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError

from pipelines.money.ledger import Totals
from workers.jobs import records
from workers.jobs.records import FEEDBACK_WINDOW_S, MARK_BYTES
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis

    from workers.jobs.records import Record

KEPT_S = 400 * 86_400  # a year's bill can be compared with the last
MARKED_S = 2 * 86_400  # a message is delivered again within hours, which may be those after midnight
SERVED_KEPT = 1_000  # jobs of one entry that can be listed
SWEPT_KEPT_S = 600
EVENTS_KEPT_S = 30 * 86_400


class Accounts:
    """Adds counters and reads totals. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self._noted: set[tuple[str, str]] = set()

    def count(
        self, job_id: str, tenant: str, day: str, counters: Mapping[str, int], record: Record | None = None
    ) -> bool:
        """Add one job's counters, and keep its record, in one round trip.

        False (and nothing added) when the job was counted before.
        """
        flat = [part for pair in counters.items() for part in pair]
        before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        marks = (keys.counted(tenant, day), keys.counted(tenant, before))
        mark = records.digest(job_id)[:MARK_BYTES]
        counting = (3, *marks, keys.ledger(tenant, day), mark, MARKED_S, KEPT_S, *flat)
        with failing_as("ledger"):
            try:
                counted = self._count(job_id, counting, record)
            except NoScriptError:  # Redis was restarted or its scripts were flushed
                self._redis.script_load(scripts.source("count_once"))
                counted = self._count(job_id, counting, record)
            if (tenant, day) not in self._noted:
                self._redis.sadd(keys.LEDGER_TENANTS, tenant)
                self._redis.expire(keys.LEDGER_TENANTS, KEPT_S)
                self._noted = {(name, on) for name, on in self._noted if on == day} | {(tenant, day)}
        return bool(counted)

    def _count(self, job_id: str, counting: tuple[object, ...], record: Record | None) -> object:
        pipe = self._redis.pipeline(transaction=False)
        pipe.execute_command("EVALSHA", scripts.digest("count_once"), *counting)  # a cluster's pipeline has no evalsha
        if record is not None:
            records.keep(pipe, job_id, record)
            if record.entry is not None and record.source != "model":
                served = keys.served(record.entry)
                pipe.lpush(served, job_id)
                pipe.ltrim(served, 0, SERVED_KEPT - 1)
                pipe.expire(served, FEEDBACK_WINDOW_S)
        return pipe.execute()[0]

    def served(self, entry_id: str) -> list[str]:
        """The latest jobs that an entry answered, newest first."""
        with failing_as("ledger"):
            return [job_id.decode() for job_id in self._redis.lrange(keys.served(entry_id), 0, -1)]

    def totals(self, tenant: str | None = None, days: int = 7) -> dict[str, dict[str, dict[str, int]]]:
        """Counters of the last ``days`` days: ISO day -> tenant -> counters; days without jobs are left out."""
        today = datetime.now(UTC).date()
        found: dict[str, dict[str, dict[str, int]]] = {}
        with failing_as("ledger"):
            known = self._redis.smembers(keys.LEDGER_TENANTS) if tenant is None else ()
            names = sorted(name.decode() for name in known) if tenant is None else [tenant]
            for day in (_iso(today, back) for back in range(days)):
                for name in names:
                    raw = self._redis.hgetall(keys.ledger(name, day))
                    if raw:
                        found.setdefault(day, {})[name] = {k.decode(): int(v) for k, v in raw.items()}
        return found

    def total(self, tenant: str, days: int) -> Totals:
        """A tenant's counters of the last ``days`` days together."""
        found = Totals()
        for tenants in self.totals(tenant, days).values():
            found = found.plus(tenants[tenant])
        return found

    def count_events(self, day: str, counts: Mapping[str, int]) -> None:
        """Add a process's event counts to the day's."""
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            for event, amount in counts.items():
                pipe.hincrby(keys.events(day), event, amount)
            pipe.expire(keys.events(day), EVENTS_KEPT_S)
            pipe.execute()

    def swept(self, at: float) -> None:
        """A sweep was made at ``at``, seconds since the epoch: beat and maintenance live."""
        with failing_as("ledger"):
            self._redis.set(keys.SWEPT, at, ex=SWEPT_KEPT_S)

    def swept_at(self) -> float | None:
        """When the latest one was; None where there was none lately."""
        with failing_as("ledger"):
            found = self._redis.get(keys.SWEPT)
        return None if found is None else float(found)

    def events_of(self, days: int) -> dict[str, int]:
        """The event counts of the last ``days`` days together."""
        today, found = datetime.now(UTC).date(), dict[str, int]()
        for back in range(min(days, EVENTS_KEPT_S // 86_400)):
            for event, amount in self.events(_iso(today, back)).items():
                found[event] = found.get(event, 0) + amount
        return dict(sorted(found.items()))

    def events(self, day: str) -> dict[str, int]:
        """The day's event counts."""
        with failing_as("ledger"):
            return {k.decode(): int(v) for k, v in sorted(self._redis.hgetall(keys.events(day)).items())}


def _iso(today: date, back: int) -> str:
    return (today - timedelta(days=back)).isoformat()
