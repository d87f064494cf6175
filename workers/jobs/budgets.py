"""What tenants spent, by the ledger, and what is set aside for calls under way; in the ledger's Redis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.money.budget import Spent
from pipelines.money.ledger import NANO
from workers.jobs.ledger import KEPT_S
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from decimal import Decimal

    import redis

    from pipelines.money.budget import Budget

NONE = -1


class Budgets:
    """All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis
        self._reserve = scripts.register(redis, "reserve")

    def reserve(
        self, tenant: str, budget: Budget, call: str, amount_usd: Decimal, *, now: float, until: float
    ) -> tuple[bool, Spent, bool]:
        """Set ``amount_usd`` aside for ``call``, unless it goes beyond the budget: was it, how it stands, and whether
        people are to be told. The same call sets aside once. ``now`` and ``until`` are seconds since the epoch: a call
        that was forgotten holds no money after that. An amount of 0 looks only.
        """
        today = datetime.fromtimestamp(now, UTC).date()
        days = today.day if budget.usd_per_month is not None else 1
        ledgers = [keys.ledger(tenant, (today - timedelta(days=back)).isoformat()) for back in range(days)]
        bounds = [
            NONE if usd is None else int((usd * NANO).to_integral_value())
            for usd in (budget.usd_per_day, budget.usd_per_month)
        ]
        amount = int((amount_usd * NANO).to_integral_value())
        with failing_as("ledger"):
            done, day, month, held, tell = self._reserve(
                keys=[keys.held(tenant), *ledgers],
                args=[call, amount, until, now, *bounds, int(budget.when_spent == "warn"), budget.warn_at, KEPT_S],
            )
        return bool(done), Spent(int(day) / NANO, int(month) / NANO, int(held) / NANO), bool(tell)

    def release(self, tenant: str, *calls: str) -> None:
        """These calls are over: what they cost is in the ledger."""
        with failing_as("ledger"):
            self._redis.hdel(keys.held(tenant), *calls)
