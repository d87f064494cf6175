"""`farthing top`: the fleet live: queues, workers, providers, how full each Redis is, what it answers and spends."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from workers.cli.printing import as_json, print_json
from workers.cli.running import environ_of_fleet
from workers.config.settings import Settings

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from workers.fleet.state import Observer, State

LOOK_S = 2.2  # between two looks that show what moves: a worker beats once a second


@click.command()
@click.option("--every", "every_s", type=click.FloatRange(LOOK_S), default=LOOK_S, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Print it once and end.")
@as_json
def top(every_s: float, once: bool, as_json: bool) -> None:
    """Show the fleet live: queues, workers, providers and breakers, Redis, hits, dollars a minute."""
    observer = observer_of_fleet()
    before = observer.look()
    if once or as_json:
        time.sleep(LOOK_S)
        now = observer.look()
        if as_json:
            print_json({**now.encode(), "rates": rates(before, now)})
            return
        from rich.console import Console

        Console().print(_page(before, now))
        return
    from rich.live import Live

    with Live(_page(before, before), auto_refresh=False, screen=True) as live:
        while True:
            time.sleep(every_s)
            now = observer.look()
            live.update(_page(before, now), refresh=True)
            before = now


def observer_of_fleet() -> Observer:
    """Of the fleet that runs here, or of the environment's."""
    from workers.fleet.state import Observer

    return Observer(Settings.from_env(environ_of_fleet(os.environ)))


def rates(before: State, now: State) -> dict[str, Any]:
    """What happened between two looks, a second or a minute; who did not beat meanwhile."""
    from workers.fleet.state import silent

    seconds = max(now.at - before.at, 1e-3)
    taken = {queue.name: queue.taken for queue in before.queues}
    jobs, hits = (now.today.jobs - before.today.jobs, now.today.hits - before.today.hits)
    spent, instead = (
        now.today.cost_usd - before.today.cost_usd,
        now.today.baseline_usd - before.today.baseline_usd,
    )
    a_minute = Decimal(60 / seconds)
    return {
        "taken_per_s": {queue.name: round((queue.taken - taken[queue.name]) / seconds, 2) for queue in now.queues},
        "jobs_per_s": round(jobs / seconds, 2),
        "hit_rate": round(hits / jobs, 4) if jobs > 0 else None,
        "cost_usd_per_min": f"{spent * a_minute:.6f}",
        "baseline_usd_per_min": f"{instead * a_minute:.6f}",
        "silent_workers": silent(before, now),
    }


def _page(before: State, now: State) -> Group:
    from rich.console import Group
    from rich.text import Text

    moved = rates(before, now)
    hits = "" if moved["hit_rate"] is None else f"  hits {moved['hit_rate']:.0%}"
    today = f"today {now.today.jobs} jobs, hits {now.today.hit_rate:.0%}, ${now.today.cost_usd:.4f} spent"
    said = (
        f"{moved['jobs_per_s']:.1f} jobs/s{hits}  ${moved['cost_usd_per_min']}/min"
        f" instead of ${moved['baseline_usd_per_min']}"
    )
    letters = f"put aside {now.dead_letters}" + (" (farthing jobs stuck)" if now.dead_letters else "")
    letters += f"; in batches {now.in_batches}" if now.in_batches else ""
    swept = "never" if now.swept_at is None else f"{now.at - now.swept_at:.0f} s ago"
    lines = [Text(said, style="bold"), Text(f"{today}; {letters}; swept {swept}")]
    workers = (
        _workers(now, moved) if now.workers else Text("no worker beats here: farthing up starts them", style="red")
    )
    return Group(*lines, _queues(now, moved), workers, *_providers(now), _servers(now))


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def _queues(now: State, moved: dict[str, Any]) -> Table:
    table = _table("queue", "waiting", "tenants", "oldest", "in hand", "taken/s", "workers")
    for queue in now.queues:
        serving = sum(queue.name in worker.queues for worker in now.workers)
        table.add_row(
            queue.name,
            str(queue.waiting),
            str(queue.lanes or ""),
            "" if queue.oldest_s is None else f"{queue.oldest_s:.1f} s",
            str(queue.in_hand),
            f"{moved['taken_per_s'][queue.name]:.1f}",
            str(serving),
            style="" if serving else "red",
        )
    return table


def _workers(now: State, moved: dict[str, Any]) -> Table:
    table = _table("worker", "queues", "in hand", "up", "beat", "version")
    for worker in now.workers:
        quiet = worker.name in moved["silent_workers"]
        table.add_row(
            worker.name[:32],
            ", ".join(worker.queues),
            str(worker.in_hand),
            "" if worker.since is None else f"{(now.at - worker.since) / 60:.0f} min",
            "silent" if quiet else "beats",
            worker.about.get("version", ""),
            style="red" if quiet else "",
        )
    return table


def _providers(now: State) -> list[Table]:
    if not now.providers:
        return []
    table = _table("provider that failed lately", "state", "failures", "again in")
    for one in now.providers:
        left = max(0.0, one.until - now.at)
        table.add_row(one.name, one.state, str(one.failures), f"{left:.0f} s" if left else "")
    return [table]


def _servers(now: State) -> Table:
    table = _table("Redis", "used", "of", "full", "policy", "durable")
    for one in now.redis:
        bound = f"{one.max_bytes / 1e6:.0f} MB" if one.max_bytes else "no bound"
        full = "" if one.filled is None else f"{one.filled:.0%}"
        durable = "yes" if one.append_only else "no"
        roles = "all roles" if len(one.roles) > 3 else ", ".join(one.roles)
        table.add_row(roles, f"{one.used_bytes / 1e6:.1f} MB", bound, full, one.policy, durable)
    return table
