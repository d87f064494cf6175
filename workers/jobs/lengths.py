"""How long a tenant's prompts and answers are, by the ledger: what a call is expected to cost depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipelines.money import ledger
from workers.jobs.believed import Believed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.jobs.ledger import Accounts

DAYS = 2  # today has few answers in its first hour


class Usual(NamedTuple):
    """Tokens of answers by tier; of prompts by provider/model, how many are counted for one that is estimated."""

    answers: Mapping[str, int]
    scales: Mapping[str, float]


class Lengths:
    """Believed for a minute, of each tenant; nobody waits for a ledger that is away."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._known = Believed(first=Usual({}, {}))

    def expected(self, tenant: str, tier: str) -> int | None:
        """Tokens of an answer of that tier on average; None while too few are known."""
        return self._of(tenant).answers.get(tier)

    def scale(self, tenant: str, model: str) -> float:
        """Tokens that this provider/model counts for one of the tenant's that is estimated."""
        return self._of(tenant).scales.get(model, 1.0)

    def _of(self, tenant: str) -> Usual:
        return self._known.of(tenant, lambda _: self._read(tenant))

    def _read(self, tenant: str) -> Usual:
        total = self._accounts.total(tenant, DAYS)
        return Usual(ledger.answer_tokens(total), ledger.prompt_scales(total))
