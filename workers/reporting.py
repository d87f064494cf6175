"""The report: what the ledger says, as a table for people or as JSON values."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.table import Table

from pipelines.ledger import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping

    Days = Mapping[str, Mapping[str, Mapping[str, int]]]  # day -> tenant -> counters


def as_json(days: Days) -> dict[str, Any]:
    """Totals over all, per tenant and per day."""
    everything = Totals()
    per_tenant: dict[str, Totals] = {}
    per_day: dict[str, Totals] = {}
    for day, tenants in days.items():
        for tenant, counters in tenants.items():
            everything = everything.plus(counters)
            per_tenant[tenant] = per_tenant.get(tenant, Totals()).plus(counters)
            per_day[day] = per_day.get(day, Totals()).plus(counters)
    return {
        "total": everything.encode(),
        "tenants": {name: totals.encode() for name, totals in sorted(per_tenant.items())},
        "days": {day: totals.encode() for day, totals in sorted(per_day.items())},
    }


def as_table(report: Mapping[str, Any]) -> Table:
    """One row per tenant, and one for all of them."""
    table = Table(title="What the answers cost, and what they would have cost")
    table.add_column("tenant", overflow="fold")
    for heading in ("jobs", "hits", "rule", "econ.", "prem.", "cost $", "baseline $", "saved $", "ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = [*report["tenants"].items(), ("all", report["total"])]
    for name, row in rows:
        table.add_row(
            name,
            str(row["jobs"]),
            f"{row['hits']} ({row['hit_rate'] * 100:.0f} %)",
            *(str(row["tiers"].get(tier, 0)) for tier in ("rule", "economy", "premium")),
            *(f"{Decimal(row[money]):.4f}" for money in ("cost_usd", "baseline_usd", "saved_usd")),
            f"{row['mean_latency_ms']:.0f}",
            end_section=len(rows) > 1 and name == rows[-2][0],
        )
    return table
