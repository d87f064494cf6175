"""A fleet whose provider has a Batch API, for tests of the batch lane."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workers.jobs.batches import Batches as Kept
from workers.jobs.batches import BatchJob

if TYPE_CHECKING:
    from tests.fleet import InProcess
    from workers.demo.standin_batches import Batches

HALF = Decimal("0.5")
HOURS = 4 * 3_600.0


class Lane:
    """``fleet`` with a provider that has a Batch API, which is done at once."""

    def __init__(self, fleet: InProcess, tenant: str) -> None:
        self.fleet, self.tenant = fleet, tenant
        self.api: Batches = fleet.model.batches
        self.calls = len(fleet.model.requests)

    def send(self, question: str, **fields: Any) -> str:
        return self.fleet.client.submit(
            question, tenant=self.tenant, user="u-1", **{"deadline_s": HOURS, "cache": "refresh", **fields}
        )

    def tend(self) -> dict[str, int]:
        return self.fleet.runtime.batch_tending.tend(self.fleet.app)

    def parked(self) -> list[BatchJob]:
        return [job for job in Kept(self.fleet.runtime.ledger_redis).all() if job.tenant == self.tenant]

    def result(self, job_id: str) -> Any:
        return self.fleet.client.result(job_id, 30.0, tenant=self.tenant)

    def called(self) -> int:
        return len(self.fleet.model.requests) - self.calls

    def totals(self) -> dict[str, int]:
        days = self.fleet.runtime.accounts.totals(self.tenant, 1)
        return next(iter(days.values()), {}).get(self.tenant, {})
