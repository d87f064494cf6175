"""How long a tenant's answers are, by the ledger: what a call is expected to cost depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.money import ledger
from workers.jobs.believed import Believed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.jobs.ledger import Accounts

DAYS = 2  # today has few answers in its first hour


class Lengths:
    """Believed for a minute, of each tenant; nobody waits for a ledger that is away."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._known: Believed[Mapping[str, int]] = Believed(first={})

    def expected(self, tenant: str, tier: str) -> int | None:
        """Tokens of an answer of that tier on average; None while too few are known."""
        return self._known.of(tenant, lambda _: self._read(tenant)).get(tier)

    def _read(self, tenant: str) -> Mapping[str, int]:
        total = ledger.Totals()
        for tenants in self._accounts.totals(tenant, DAYS).values():
            total = total.plus(tenants.get(tenant, {}))
        return ledger.answer_tokens(total)
