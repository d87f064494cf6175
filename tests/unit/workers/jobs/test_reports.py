"""The report's tables fit a terminal, and never show half a figure."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from workers.jobs import reports
from workers.observability import counters

LONG = "a-very-long-tenant-name-that-somebody-chose"


def printed(table: Any) -> str:
    out = StringIO()
    Console(file=out, width=80).print(table)
    return out.getvalue()


def standing(audits: int) -> dict[str, Any]:
    return {
        "tenant": LONG,
        "category": "billing/follow-up",
        "target": 0.01,
        "wrong_per_request": 0.1293,
        "interval": (0.0, 0.31),
        "audits": audits,
        "boundary": 0.93,
        "state": "open",
    }


def test_every_figure_is_whole_at_eighty_columns() -> None:
    money = {"cost_usd": "1234.56", "baseline_usd": "98765.43", "saved_usd": "97530.87"}
    row = {
        "jobs": 123456,
        "hit_rate": 0.54,
        "tiers": {"rule": 9},
        "premium_share": 0.02,
        "mean_latency_ms": 1234,
        **money,
    }
    said = printed(reports.as_table({"tenants": {LONG: row, "acme": row}, "total": row}))
    assert max(map(len, said.splitlines())) <= 80
    assert all(said.count(figure) == 3 for figure in ("123456", "$1234.56", "$98765.43", "$97530.87", "1234 ms"))


def test_a_share_of_a_handful_of_audits_is_not_given() -> None:
    few, many = printed(reports.as_risk_table([standing(1)])), printed(reports.as_risk_table([standing(40)]))
    assert "too few" in few
    assert "12.93 %" not in few
    assert all(figure in many for figure in ("12.93 %", "0.0 to 31.0 %", "40", "0.930", "open"))


def test_what_was_wrong_is_shown_with_what_it_means_and_what_was_well_is_not() -> None:
    events = {"answered.model": 9, "worker.died": 2, "provider.timeout": 7, "failed.QueueFull": 1, "semantic.hit": 3}
    table = reports.as_trouble_table(events)
    assert table is not None
    said = printed(table)
    assert "answered.model" not in said
    assert "semantic.hit" not in said
    assert said.index("provider.timeout") < said.index("worker.died") < said.index("failed.QueueFull")
    assert "workers whose messages went to other hands" in " ".join(said.split())
    assert reports.as_trouble_table({"answered.model": 9}) is None


def test_what_counts_as_trouble_is_an_event() -> None:
    assert set(counters.TROUBLE) <= set(counters.EVENTS)
