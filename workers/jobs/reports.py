"""The report: what the ledger says, as a table for people or as JSON values."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipelines.money.ledger import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Days = Mapping[str, Mapping[str, Mapping[str, int]]]  # day -> tenant -> counters


SAVED_BY = {"hit": "hits", "rule": "rules", "model": "a cheaper model", "context": "less context"}


def as_json(days: Days, standings: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Totals over all, per tenant and per day; and how right the hits of each tenant and category are."""
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
        "wrong_hits": list(standings),
    }


def as_table(report: Mapping[str, Any]) -> Table:
    """One row per tenant, and one for all of them; eighty columns hold it, ``--json`` says more."""
    table = Table(
        title="What the answers cost, and what they would have cost", box=SIMPLE_HEAD, pad_edge=False, padding=0
    )
    table.add_column("tenant", overflow="ellipsis", no_wrap=True, min_width=8)
    for heading in ("jobs", "hits", "rules", "prem.", "cost", "before", "saved", "mean"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = [*report["tenants"].items(), ("all", report["total"])]
    for name, row in rows:
        jobs = max(row["jobs"], 1)
        table.add_row(
            name,
            str(row["jobs"]),
            f"{row['hit_rate'] * 100:.0f} %",
            f"{row['tiers'].get('rule', 0) / jobs * 100:.0f} %",
            f"{row['premium_share'] * 100:.0f} %",
            *(f"${dollars(Decimal(row[money]))}" for money in ("cost_usd", "baseline_usd", "saved_usd")),
            f"{row['mean_latency_ms']:.0f} ms",
            end_section=len(rows) > 1 and name == rows[-2][0],
        )
    return table


def as_causes_table(total: Mapping[str, Any]) -> Table:
    """What the saving comes from; what was paid and answered nothing; near-exact hits that were checked."""
    table = Table(title="Saved by", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading in SAVED_BY.values():
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("paid for nothing", justify="right", no_wrap=True)
    table.add_column("near-exact hits wrong", justify="right", no_wrap=True)
    table.add_row(
        *(f"${dollars(Decimal(total['saved_by'][cause]))}" for cause in SAVED_BY),
        f"${dollars(Decimal(total['wasted_usd']))}",
        f"{total['near_exact_wrong']} of {total['near_exact_audits']} checked",
    )
    return table


def as_risk_table(standings: Sequence[Mapping[str, Any]]) -> Table:
    """One row per tenant and category: wrong hits per request as audits estimate them, beside the target."""
    table = Table(title="Wrong hits per request, from audits", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("tenant", overflow="ellipsis", no_wrap=True, min_width=8)
    table.add_column("category", overflow="ellipsis", no_wrap=True)
    for heading in ("target", "estimate", "95 % interval", "audits", "boundary", "state"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in standings:
        low, high = row["interval"]
        table.add_row(
            row["tenant"],
            row["category"] or "-",
            _percent(row["target"]),
            _percent(row["wrong_per_request"]) if row["audits"] else "-",
            f"{_percent(low)} to {_percent(high)}",
            str(row["audits"]),
            f"{row['boundary']:.3f}",
            row["state"],
        )
    return table


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def dollars(amount: Decimal) -> str:
    """Cents from a hundred dollars on; below, four places: a job costs fractions of a cent."""
    return f"{amount:.2f}" if abs(amount) >= 100 else f"{amount:.4f}"
