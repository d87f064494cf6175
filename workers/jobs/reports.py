"""The report: what the ledger says, as a table for people or as JSON values."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipelines.cache import risk
from pipelines.money.ledger import Totals
from pipelines.routing import canary
from pipelines.statistics.intervals import interval
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Days = Mapping[str, Mapping[str, Mapping[str, int]]]  # day -> tenant -> counters


TERMINAL = 80  # columns
LEAST_NAME = 8
SAVED_BY = {"hit": "hits", "rule": "rules", "model": "a cheaper model", "context": "less context"}


def as_json(days: Days, standings: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Totals over all, per tenant and per day; and how right the hits of each tenant and category are."""
    everything = Totals()
    per_tenant: dict[str, Totals] = {}
    per_day: dict[str, Totals] = {}
    for day, tenants in days.items():
        for tenant, counted in tenants.items():
            everything = everything.plus(counted)
            per_tenant[tenant] = per_tenant.get(tenant, Totals()).plus(counted)
            per_day[day] = per_day.get(day, Totals()).plus(counted)
    return {
        "total": everything.encode(),
        "tenants": {name: totals.encode() for name, totals in sorted(per_tenant.items())},
        "days": {day: totals.encode() for day, totals in sorted(per_day.items())},
        "wrong_hits": list(standings),
        "canaries": [
            {"tenant": name, **trial}
            for name, totals in sorted(per_tenant.items())
            for trial in canary.standing(totals.counters)
        ],
    }


def as_table(report: Mapping[str, Any]) -> Table:
    """One row per tenant, and one for all of them; eighty columns hold it, ``--json`` says more."""
    rows = [*report["tenants"].items(), ("all", report["total"])]
    cells = [
        (
            name,
            str(row["jobs"]),
            f"{row['hit_rate'] * 100:.0f} %",
            f"{row['tiers'].get('rule', 0) / max(row['jobs'], 1) * 100:.0f} %",
            f"{row['premium_share'] * 100:.0f} %",
            *(f"${dollars(Decimal(row[money]))}" for money in ("cost_usd", "baseline_usd", "saved_usd")),
            f"{row['mean_latency_ms']:.0f} ms",
        )
        for name, row in rows
    ]
    headings = ("tenant", "jobs", "hits", "rules", "prem.", "cost", "before", "saved", "mean")
    table = _named(headings, cells, title="What the answers cost, and what they would have cost")
    if len(cells) > 1:
        table.rows[-2].end_section = True
    return table


def _named(headings: Sequence[str], rows: Sequence[Sequence[str]], *, title: str) -> Table:
    """A table whose first column gives way, and whose figures never do: half a figure is worse than none."""
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    left = TERMINAL - sum(widths[1:]) - 2 * len(widths)
    table.add_column(headings[0], overflow="ellipsis", no_wrap=True, max_width=max(left, LEAST_NAME))
    for heading, width in zip(headings[1:], widths[1:], strict=True):
        table.add_column(heading, justify="right", no_wrap=True, min_width=width)
    for row in rows:
        table.add_row(*row)
    return table


def as_causes_table(total: Mapping[str, Any]) -> Table:
    """What the saving comes from; what was paid and answered nothing; near-exact hits that were checked."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("saved by", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    for cause, says in SAVED_BY.items():
        table.add_row(says, f"${dollars(Decimal(total['saved_by'][cause]))}")
    table.add_section()
    again = f"{total['escalations']} for ${dollars(Decimal(total['escalations_usd']))}"
    table.add_row("premium after economy", again)
    table.add_row("premium would be better", quality_lost(total))
    table.add_row("the whole would be better", context_lost(total))
    table.add_row("the judge", judged(total["judge"]))
    table.add_row("paid for nothing", f"${dollars(Decimal(total['wasted_usd']))}")
    table.add_row("near-exact hits wrong", f"{total['near_exact_wrong']} of {total['near_exact_audits']} checked")
    return table


def judged(judge: Mapping[str, Any]) -> str:
    """What verdicts on the way of a job came to, and whether they paid."""
    if not judge["calls"]:
        return "was not asked"
    saved, cost = (f"${dollars(Decimal(judge[name]))}" for name in ("saved_usd", "cost_usd"))
    return f"{judge['yes']} yes of {judge['calls']}: saved {saved} for {cost}"


def quality_lost(total: Mapping[str, Any]) -> str:
    """Of economy's answers, how many premium would have given better, with the interval of 95 %."""
    return _lost(total["quality_worse"], total["quality_audits"], of="economy's")


def context_lost(total: Mapping[str, Any]) -> str:
    """Of the answers to a shorter context, how many are worse than the whole conversation's, with that interval."""
    return _lost(total["context_worse"], total["context_audits"], of="those to a shorter context")


def _lost(worse: int, audits: int, *, of: str) -> str:
    if not audits:
        return "none compared (audit_share)"
    low, high = interval(worse, audits)
    return f"{worse / audits * 100:.1f} % ({low * 100:.1f} to {high * 100:.1f} %) of {of}, in {audits} compared"


def as_budget_table(standing: Sequence[Mapping[str, Any]]) -> Table:
    """One row per tenant with a budget: what it spent of it, and what happens at its end."""

    def of(row: Mapping[str, Any], spent: str, bound: str) -> str:
        return f"${dollars(Decimal(row[spent]))} of ${dollars(Decimal(row[bound]))}" if row[bound] else "no bound"

    cells = [
        (
            str(row["tenant"]),
            of(row, "today_usd", "usd_per_day"),
            of(row, "month_usd", "usd_per_month"),
            f"{row['share'] * 100:.0f} %",
            str(row["when_spent"]),
        )
        for row in standing
    ]
    return _named(("tenant", "today (UTC)", "this month", "spent", "then"), cells, title="Budgets")


def as_canary_table(trials: Sequence[Mapping[str, Any]]) -> Table:
    """Two rows per trial of another router: what its answers, and the others, cost, and how many were lost."""
    cells = [
        (
            str(trial["tenant"]),
            f"{arm} {trial['router']}" if arm == "canary" else "the rest",
            str(trial[arm]["answers"]),
            f"${Decimal(trial[arm]['mean_usd']):.6f}",
            f"{trial[arm]['lost']} of {trial[arm]['compared']}",
        )
        for trial in trials
        for arm in ("canary", "control")
    ]
    return _named(("tenant", "router", "answers", "each", "lost"), cells, title="Another router, tried")


def as_trouble_table(events: Mapping[str, int]) -> Table | None:
    """What was not as it should be, the most frequent first, and what each event means; None where all was well."""
    trouble = sorted((event for event in events if counters.is_trouble(event)), key=lambda event: -events[event])
    if not trouble:
        return None
    table = Table(title="What was not as it should be", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("event", no_wrap=True)
    table.add_column("times", justify="right", no_wrap=True)
    table.add_column("")
    for event in trouble:
        table.add_row(event, str(events[event]), counters.meaning(event))
    return table


def as_risk_table(standings: Sequence[Mapping[str, Any]]) -> Table:
    """One row per tenant and category: wrong hits per request as audits estimate them, beside the target."""
    cells = [
        (
            ", ".join(filter(None, (row["tenant"], row["category"]))),
            _percent(row["target"]),
            _percent(row["wrong_per_request"]) if row["audits"] >= risk.TELLING_AUDITS else "too few",
            "{:.1f} to {:.1f} %".format(*(100 * end for end in row["interval"])) if row["audits"] else "none yet",
            str(row["audits"]),
            f"{row['boundary']:.3f}",
            row["state"],
        )
        for row in standings
    ]
    headings = ("tenant, category", "target", "wrong", "95 % interval", "audits", "serves at", "state")
    return _named(headings, cells, title="Wrong hits per request, from audits")


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def dollars(amount: Decimal) -> str:
    """Cents from a hundred dollars on; below, four places: a job costs fractions of a cent."""
    return f"{amount:.2f}" if abs(amount) >= 100 else f"{amount:.4f}"
