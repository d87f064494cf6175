"""How long a tenant's answers are, by the ledger: what a call is expected to cost depends on it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from pipelines.errors import StoreUnavailable
from pipelines.money import ledger
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workers.jobs.ledger import Accounts

READ_EVERY_S = 60.0
DAYS = 2  # today has few answers in its first hour
MOST_TENANTS = 10_000  # remembered


class Lengths:
    """Read from the ledger once a minute for each tenant; nobody waits for a ledger that is away."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts, self._clock = accounts, clock
        self._known: dict[str, tuple[float, Mapping[str, int]]] = {}
        self._lock = threading.Lock()

    def expected(self, tenant: str, tier: str) -> int | None:
        """Tokens of an answer of that tier on average; None while too few are known."""
        now = self._clock()
        with self._lock:
            at, known = self._known.get(tenant, (float("-inf"), {}))
            if now - at < READ_EVERY_S:
                return known.get(tier)
            self._known[tenant] = now, known  # whoever asks meanwhile goes by what was known
            if len(self._known) > MOST_TENANTS:
                self._known.pop(next(iter(self._known)))
        try:
            days = self._accounts.totals(tenant, DAYS)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return known.get(tier)
        total = ledger.Totals()
        for tenants in days.values():
            total = total.plus(tenants.get(tenant, {}))
        read = ledger.answer_tokens(total)
        with self._lock:
            self._known[tenant] = now, read
        return read.get(tier)
