"""The demo's live view and its closing table."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.progress_bar import ProgressBar
from rich.table import Table

from pipelines.money.ledger import Totals, record
from workers.jobs.reports import SAVED_BY, dollars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from pipelines.answer import Answer


@dataclass(slots=True)
class Board:
    """What is known so far of a running demo; rich renders it a few times a second."""

    asked: int
    totals: Totals = field(default_factory=Totals)
    failed: int = 0
    last: str = ""

    def add(self, answer: Answer) -> None:
        """Take one answer in."""
        self.totals = self.totals.plus(record(answer))

    def __rich__(self) -> RenderableType:
        """One small table."""
        seen = self.totals
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(min_width=44)
        table.add_row("jobs", ProgressBar(total=self.asked, completed=seen.jobs + self.failed, width=40))
        table.add_row("", f"{seen.jobs} of {self.asked} answered" + (f", {self.failed} failed" * bool(self.failed)))
        table.add_row("from the cache", f"exact {seen.count('source:exact')}  semantic {seen.count('source:semantic')}")
        table.add_row(
            "answered by",
            "  ".join(f"{tier} {seen.count(f'tier:{tier}')}" for tier in ("rule", "economy", "premium")),
        )
        table.add_row("latency", f"{seen.mean_latency_ms:.0f} ms mean")
        table.add_row("spent / saved", f"${dollars(seen.cost_usd)} / ${dollars(seen.baseline_usd - seen.cost_usd)}")
        return table


def closing(figures: Mapping[str, Any]) -> Table:
    """The article's table: before and after, each figure measured in this run."""
    before, after = figures["before"], figures["after"]
    table = Table(title="Before and after, measured in this run (stand-in models at OpenAI's list prices)")
    for heading in ("", "before", "after", "change"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_row("requests", str(before["requests"]), str(after["requests"]), "")
    table.add_row("hit rate", "0.0 %", _percent(after["hit_rate"]), "")
    table.add_row("answered by a rule", "0.0 %", _percent(after["rule_share"]), "")
    table.add_row("share of premium calls", _percent(before["premium_share"]), _percent(after["premium_share"]), "")
    table.add_row(
        "cost",
        f"${dollars(Decimal(before['cost_usd']))}",
        f"${dollars(Decimal(after['cost_usd']))}",
        _change(float(before["cost_usd"]), float(after["cost_usd"])),
    )
    for cause, says in SAVED_BY.items():
        table.add_row(f"  saved by {says}", "", f"${dollars(Decimal(after['saved_by'][cause]))}", "")
    table.add_row(
        "mean latency",
        f"{before['mean_latency_ms']:.0f} ms",
        f"{after['mean_latency_ms']:.0f} ms",
        _change(before["mean_latency_ms"], after["mean_latency_ms"]),
    )
    if after["wrong_hits"] is not None:
        said = f"{after['wrong_hits']} of {after['hits']} hits"
        table.add_row("wrong hits (by the file's labels)", "", said, "")
    if after["audits"]:
        audits = f"{after['audits']}, ${dollars(Decimal(after['audits_usd']))}"
        table.add_row("hits answered afresh to check them", "", audits, "in the cost")
    if after["failed"]:
        table.add_row("failed", str(before["failed"]), str(after["failed"]), "")
    return table


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _change(before: float, after: float) -> str:
    return f"{(after / before - 1) * 100:+.0f} %" if before else ""
