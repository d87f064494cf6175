"""The command line: `farthing demo | up | ask | route | feedback | cache | jobs | top | report | doctor | evaluate`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipelines.errors import FarthingError, UnknownModel
from workers.cli import evaluate, jobs, prices, review, routing, top
from workers.cli.printing import as_json, print_json
from workers.cli.running import client_of_fleet, runtime_of_fleet


class _Group(click.Group):
    """Turns errors that Farthing can name into one sentence and exit status 1; with --json, into JSON on stdout."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FarthingError as error:
            hint = " (no fleet? start one: farthing up)" if getattr(error, "role", "") == "broker" else ""
            self._end(ctx, type(error).__name__, f"{error}{hint}")
        except ModuleNotFoundError as error:
            self._end(ctx, "NotInstalled", f"{error.name} is not installed; pip install 'farthing[worker]'")
        except click.ClickException as error:
            if "--json" not in sys.argv[1:] or isinstance(error, click.UsageError):
                raise
            self._end(ctx, "NotFound", error.format_message())

    def _end(self, ctx: click.Context, kind: str, said: str) -> None:
        if "--json" in sys.argv[1:]:
            print_json({"error": {"type": kind, "message": said}})
        else:
            click.echo(f"farthing: {said}", err=True)
        ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="farthing")
def main() -> None:
    """Answer chat jobs at the lowest price at which the answer is still right."""


main.add_command(evaluate.evaluate)
main.add_command(evaluate.train)
main.add_command(routing.route)
main.add_command(review.feedback)
main.add_command(review.review)
main.add_command(jobs.jobs)
main.add_command(top.top)
main.add_command(prices.prices)


@main.command()
@click.option("--questions", type=click.Path(path_type=Path), help="CSV, JSONL or text file, also .gz.")
@click.option("--limit", type=click.IntRange(1), help="How many questions to ask.")
@click.option("--rate", type=click.FloatRange(0.1), help="Questions a second.")
@click.option("--seed", type=int, default=1, show_default=True, help="Order of the questions.")
@as_json
def demo(questions: Path | None, limit: int | None, rate: float | None, seed: int, as_json: bool) -> None:
    """Run the main job on an embedded Redis and a stand-in model: no key, no network."""
    from workers.demo.demo import run

    result = run(questions=questions, limit=limit, rate=rate, seed=seed, quiet=as_json)
    if as_json:
        print_json(result)


@main.command()
@click.option("--stand-in", is_flag=True, help="Answer by a stand-in model: no key, no cost.")
def up(stand_in: bool) -> None:
    """Start the fleet on this machine and keep it running until Ctrl-C."""
    from workers.cli.up import serve

    serve(stand_in=stand_in)


@main.command()
@click.argument("question")
@click.option("--tenant", default="default", show_default=True)
@click.option("--user")
@click.option("--model", default="auto", show_default=True, help="auto, economy, premium or a model's name.")
@click.option("--cache", type=click.Choice(["use", "refresh", "bypass"]), default="use", show_default=True)
@click.option("--timeout", "timeout_s", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds.")
@as_json
def ask(question: str, timeout_s: float, as_json: bool, **fields: Any) -> None:
    """Ask one question and print the answer, what it cost and what it would have cost."""
    client = client_of_fleet()
    try:
        answer = client.ask(question, timeout_s=timeout_s, deadline_s=timeout_s, **fields)
    except UnknownModel as error:  # the fleet quotes no name that a customer may have written; this one is the user's
        raise UnknownModel(repr(fields["model"]), error.known) from None
    if as_json:
        print_json(answer.encode())
        return
    click.echo(answer.text)
    who = f"{answer.source}, {answer.model}" if answer.source == "model" else answer.source
    took = answer.timings_ms.get("total", 0.0)
    encoded = answer.encode()
    line = f"[{who}] {took:.1f} ms, ${encoded['cost_usd']} instead of ${encoded['baseline_usd']}, job {answer.job_id}"
    click.secho(line, dim=True, err=True)
    for note in answer.degraded:
        click.secho(f"[degraded] {note}", fg="yellow", err=True)


@main.group()
def cache() -> None:
    """Look into the cache, drop entries, flush a tenant."""


@cache.command("stats")
@click.option("--tenant", help="One tenant; all without it.")
@as_json
def cache_stats(tenant: str | None, as_json: bool) -> None:
    """How many entries and phrasings there are, and how right the hits are."""
    from rich.console import Console

    from workers.jobs import reports

    held = runtime_of_fleet()
    if tenant is not None and tenant not in held.store.tenants():
        raise click.ClickException(f"tenant {tenant} has nothing in the cache")
    stats = held.store.stats(tenant)
    standings = held.boundaries.standings(tenant)
    if as_json:
        print_json({**stats, "wrong_hits": standings})
        return
    for name, value in stats.items():
        click.echo(f"{name:>12}  {value}")
    if standings:
        Console().print(reports.as_risk_table(standings))


@cache.command("show")
@click.argument("job_id")
@click.option("--tenant", default="default", show_default=True, help="Whose job it is.")
@as_json
def cache_show(job_id: str, tenant: str, as_json: bool) -> None:
    """The entry that answered a job, or that holds its answer; and the jobs that were served from it."""
    found = _entry_of(job_id, tenant)
    served = runtime_of_fleet().accounts.served(found.id)
    values = {**found.said(), "served": served}
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name:>12}  {value}")


@cache.command("list")
@click.option("--tenant", default="default", show_default=True)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, the latest first.")
@as_json
def cache_list(tenant: str, limit: int, as_json: bool) -> None:
    """A tenant's entries: when each was made, until when it is served, and its question."""
    store = runtime_of_fleet().store
    if tenant not in store.tenants():
        raise click.ClickException(f"tenant {tenant} has nothing in the cache")
    found = sorted(store.of_tenant(tenant), key=lambda entry: entry.created_at, reverse=True)[:limit]
    if as_json:
        print_json([entry.said() for entry in found])
        return
    for entry in found:
        made, until = (datetime.fromtimestamp(at, UTC) for at in (entry.created_at, entry.expires_at))
        click.echo(f"{entry.id}  {made:%m-%d %H:%M}  until {until:%m-%d %H:%M}  {entry.question}")


@cache.command("drop")
@click.argument("job_id", required=False)
@click.option("--source", help="Drop what rests on this document (metadata.sources) instead.")
@click.option("--tenant", help="Whose job it is (default: default); with --source all tenants' without it.")
@as_json
def cache_drop(job_id: str | None, source: str | None, tenant: str | None, as_json: bool) -> None:
    """Drop the entry that answered a job, or all that rest on a document."""
    if (job_id is None) == (source is None):
        raise click.UsageError("expected either a job's id or --source")
    held = runtime_of_fleet()
    if source is not None:
        count = sum(held.sources.drop(one, source) for one in ([tenant] if tenant else held.store.tenants()))
        print_json({"dropped": count}) if as_json else click.echo(f"dropped {count} entries")
        return
    found = _entry_of(str(job_id), tenant or "default")
    dropped = held.store.drop(found.scope, found.id)
    print_json({"dropped": dropped}) if as_json else click.echo("dropped" if dropped else "it was gone already")


@cache.command("flush")
@click.option("--tenant", required=True)
@click.confirmation_option(prompt="Drop every entry of this tenant?")
@as_json
def cache_flush(tenant: str, as_json: bool) -> None:
    """Drop every entry of a tenant."""
    dropped = runtime_of_fleet().store.flush(tenant)
    print_json({"dropped": dropped}) if as_json else click.echo(f"dropped {dropped} entries")


def _entry_of(job_id: str, tenant: str) -> Any:
    held = runtime_of_fleet()
    record = held.records.of_tenant(job_id, tenant)
    found = None if record is None else held.members.entry_of(record)
    entry = None if record is None or record.scope is None or found is None else held.store.get(record.scope, found)
    if entry is None:
        raise click.ClickException(
            f"no entry of job {job_id}: never cached, dropped, expired, or not tenant {tenant}'s"
        )
    return entry


@main.command()
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True)
@click.option("--tenant", help="One tenant; all without it.")
@as_json
def report(days: int, tenant: str | None, as_json: bool) -> None:
    """What the answers cost and would have cost, from the ledger; and how many hits were wrong, from audits."""
    from rich.console import Console

    from workers.jobs import reports

    held = runtime_of_fleet()
    values = reports.as_json(held.accounts.totals(tenant, days), held.boundaries.standings(tenant))
    values["budgets"] = held.spending.standing(values["tenants"])
    values["events"] = {} if tenant is not None else held.accounts.events_of(days)
    if tenant is not None and not values["tenants"]:
        raise click.ClickException(f"tenant {tenant} had no job in the last {days} days")
    if as_json:
        print_json(values)
        return
    Console().print(reports.as_table(values))
    Console().print(reports.as_causes_table(values["total"]))
    if values["budgets"]:
        Console().print(reports.as_budget_table(values["budgets"]))
    if values["canaries"]:
        Console().print(reports.as_canary_table(values["canaries"]))
    for note in held.notes():
        click.secho(note, fg="yellow")
    if values["wrong_hits"]:
        Console().print(reports.as_risk_table(values["wrong_hits"]))
    if (trouble := reports.as_trouble_table(values["events"])) is not None:
        Console().print(trouble)


@main.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check every connection, model file and setting, and say how to mend what is broken."""
    from workers.cli.doctor import examine
    from workers.cli.running import environ_of_fleet

    broken = False
    checks = []
    for check in examine(environ_of_fleet(os.environ)):
        broken |= check.state == "broken"
        checks.append(check.encode())
        if not as_json:
            mark = {"ok": "ok     ", "warning": "warning", "broken": "BROKEN "}[check.state]
            click.echo(f"{mark}  {check.name}: {check.says}" + (f"\n         -> {check.mend}" if check.mend else ""))
    if as_json:
        print_json({"ok": not broken, "checks": checks})
    sys.exit(1 if broken else 0)
