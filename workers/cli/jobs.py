"""`farthing jobs`: what was put aside, and why; sent again, or dropped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from workers.cli.printing import as_json, print_json
from workers.cli.running import environ_of_fleet

if TYPE_CHECKING:
    from workers.broker.letters import Letter, Letters

_which = click.argument("job_id", required=False)
_all = click.option("--all", "everything", is_flag=True, help="All that were put aside.")


@click.group()
def jobs() -> None:
    """Jobs that no worker could take, or that ended theirs: look at them, send them again, drop them."""


@jobs.command()
@as_json
def stuck(as_json: bool) -> None:
    """What was put aside, oldest first."""
    found = _letters().all()
    if as_json:
        print_json([letter.encode() for letter in found])
        return
    if not found:
        click.echo("nothing was put aside")
    for letter in found:
        _print(letter)


@jobs.command()
@click.argument("job_id")
@as_json
def show(job_id: str, as_json: bool) -> None:
    """What was put aside of one job, and what can be done."""
    found = _of(_letters(), job_id, everything=False)
    if as_json:
        print_json([letter.encode() for letter in found])
        return
    for letter in found:
        _print(letter)
        click.echo(f"  farthing jobs retry {job_id}" if letter.kept else "  it was too large to be kept")
        click.echo(f"  farthing jobs drop {job_id}")


@jobs.command()
@_which
@_all
@as_json
def retry(job_id: str | None, everything: bool, as_json: bool) -> None:
    """Send a job's message again, to the queue that it was in."""
    letters = _letters()
    found = _of(letters, job_id, everything=everything)
    _report("sent again", [letter for letter in found if letters.retry(letter)], found, as_json=as_json)


@jobs.command()
@_which
@_all
@as_json
def drop(job_id: str | None, everything: bool, as_json: bool) -> None:
    """Forget it: its caller was told when it was put aside."""
    letters = _letters()
    found = _of(letters, job_id, everything=everything)
    _report("dropped", [letter for letter in found if letters.drop(letter)], found, as_json=as_json)


def _letters() -> Letters:
    import os

    from workers.broker.letters import Letters
    from workers.config.settings import Settings
    from workers.store.connection import connect

    return Letters(connect(Settings.from_env(environ_of_fleet(os.environ)).broker_url))


def _of(letters: Letters, job_id: str | None, *, everything: bool) -> list[Letter]:
    if (job_id is None) != everything:
        raise click.UsageError("name a job, or --all")
    found = letters.all() if job_id is None else letters.of(job_id)
    if not found and job_id is not None:
        raise click.ClickException(f"nothing of job {job_id} was put aside (farthing jobs stuck lists what was)")
    return found


def _report(what: str, done: list[Letter], found: list[Letter], *, as_json: bool) -> None:
    left = [letter for letter in found if letter not in done]
    if as_json:
        print_json({what.replace(" ", "_"): len(done), "left": len(left)})
        return
    click.echo(f"{what}: {len(done)}")
    if left:
        click.echo(f"left: {len(left)} that are no messages, or are gone")


def _print(letter: Letter) -> None:
    at = datetime.fromtimestamp(letter.at, UTC).isoformat(timespec="seconds")
    deaths = f", {letter.deaths} workers ended with it" if letter.deaths else ""
    click.echo(f"{letter.job_id or '(no id)'}  {letter.queue}  {at}  {letter.size_bytes} bytes")
    click.echo(f"  {letter.reason}{deaths}")
