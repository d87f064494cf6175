"""Harm: may more of a tenant's conversations be cut, by what audits say of those that were?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelines.context import harm
from workers.jobs.believed import Believed
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.config.tenants import ContextRules
    from workers.jobs.ledger import Accounts


class Harm:
    """Reads the ledger for each tenant that is audited; without audits nobody knows of any harm."""

    def __init__(self, accounts: Accounts, rules_of: Callable[[str], ContextRules]) -> None:
        self._accounts, self._rules_of = accounts, rules_of
        self._stopped = Believed(first=False)

    def stops(self, tenant: str) -> bool:
        """Are its conversations to be sent whole?"""
        rules = self._rules_of(tenant)
        if rules.audit_share == 0.0:
            return False
        found = self._stopped.of(tenant, partial(self._read, tenant, rules.target))
        if found:
            counters.count("context.stopped")
        return found

    def _read(self, tenant: str, target: float, before: bool) -> bool:
        total = self._accounts.total(tenant, harm.LOOKS_BACK_DAYS)
        worse, compared = total.count("context_worse"), total.count("context_audits")
        found = harm.stops(worse, compared, target)
        if found and not before:
            logs.log().warning("conversations are sent whole", tenant=tenant, worse=worse, compared=compared)
        return found
