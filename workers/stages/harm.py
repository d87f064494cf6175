"""Harm: may more of a tenant's conversations be cut, by what audits say of those that were?"""

from __future__ import annotations

import threading
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING

from pipelines.context import harm
from pipelines.errors import StoreUnavailable
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.config.tenants import ContextRules
    from workers.jobs.ledger import Accounts

BELIEVED_S = 60.0
TENANTS = 10_000  # of whom it is remembered


class Harm:
    """Reads the ledger once a minute for each tenant that is audited; without audits nobody knows of any harm."""

    def __init__(self, accounts: Accounts, rules_of: Callable[[str], ContextRules]) -> None:
        self._accounts, self._rules_of = accounts, rules_of
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def stops(self, tenant: str) -> bool:
        """Are its conversations to be sent whole?"""
        rules = self._rules_of(tenant)
        if rules.audit_share == 0.0:
            return False
        with self._lock:
            at, found = self._known.get(tenant, (float("-inf"), False))
            looks = monotonic() - at > BELIEVED_S
            if looks:  # one thread does, and what it finds holds from then on
                self._know(tenant, found)
        if looks:
            found = self._look(tenant, rules.target, before=found)
        if found:
            counters.count("context.stopped")
        return found

    def _look(self, tenant: str, target: float, *, before: bool) -> bool:
        try:
            days = self._accounts.totals(tenant, harm.LOOKS_BACK_DAYS).values()
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return before
        worse, compared = (
            sum(day[tenant].get(name, 0) for day in days) for name in ("context_worse", "context_audits")
        )
        found = harm.stops(worse, compared, target)
        if found and not before:
            logs.log().warning("conversations are sent whole", tenant=tenant, worse=worse, compared=compared)
        with self._lock:
            self._know(tenant, found)
        return found

    def _know(self, tenant: str, found: bool) -> None:
        self._known[tenant] = (monotonic(), found)
        self._known.move_to_end(tenant)
        while len(self._known) > TENANTS:
            self._known.popitem(last=False)
