"""`farthing feedback` and `farthing review`: what people say of answers, and what an operator makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from workers.cli.printing import as_json, print_json
from workers.cli.running import client_of_fleet, runtime_of_fleet

if TYPE_CHECKING:
    from workers.jobs.reviews import Case


@click.command()
@click.argument("job_id")
@click.option("--rating", type=click.Choice(["right", "wrong"]), required=True)
@click.option("--correction", help="The right answer's text.")
@click.option("--tenant", default="default", show_default=True, help="Whose job it is.")
@click.option("--user", help="Who says so; the job's own user without it.")
@click.option("--approve", is_flag=True, help="As the operator: for all users, at once.")
@as_json
def feedback(job_id: str, rating: str, as_json: bool, **said: Any) -> None:
    """Say whether an answer was right: as a user, for that user; with --approve, for all."""
    done = client_of_fleet().feedback(job_id, rating=rating, wait_s=30.0, **said)
    if not done["known"]:
        raise click.ClickException(
            f"job {job_id} of tenant {said['tenant']} is unknown (--tenant names another),"
            " or was answered more than a week ago"
        )
    if as_json:
        print_json(done)
        return
    click.echo(
        "dropped from the cache" if done["dropped"] else "its user is not given it again" if done["own"] else "noted"
    )
    if done.get("served"):
        click.echo(f"it answered {len(done['served'])} jobs: {' '.join(done['served'][:10])}")
    if done["corrected"]:
        click.echo("the correction answers this question from now on")
    if done["waits"]:
        click.echo("it waits for other users or an operator: farthing review, or --approve")


@click.command()
@click.option("--tenant", help="One tenant; all without it.")
@click.option("--dismiss", "entry", help="Nothing is wrong with this entry; its users keep what they corrected.")
@as_json
def review(tenant: str | None, entry: str | None, as_json: bool) -> None:
    """What waits for an operator: answers that users called wrong, what they say is right, who and when."""
    held = runtime_of_fleet()
    if entry is not None:
        if tenant is None:
            raise click.UsageError("--dismiss needs --tenant")
        closed = held.reviews.close(tenant, entry)
        print_json({"dismissed": closed}) if as_json else click.echo("dismissed" if closed else "nothing waited")
        return
    cases = {name: held.reviews.cases(name) for name in ([tenant] if tenant else held.reviews.tenants())}
    if as_json:
        print_json({name: [case.encode() for case in found] for name, found in cases.items()})
        return
    for name, found in cases.items():
        for case in found:
            _print(name, case)


def _print(tenant: str, case: Case) -> None:
    """One case, its answers side by side."""
    click.secho(f"tenant {tenant}, entry {case.about.entry}", bold=True)
    click.echo(f"  asked      {case.about.question or '(not kept)'}")
    click.echo(f"  answered   {case.about.answer or '(dropped)'}")
    for voice in case.voices:
        at = datetime.fromtimestamp(voice.at, UTC).isoformat(timespec="seconds")
        click.echo(f"  {voice.user or '(nobody named)'}, {at}, job {voice.job_id}")
        click.echo(f"    corrects {voice.correction or '(nothing)'}")
        click.echo(f"    approve  farthing feedback {voice.job_id} --tenant {tenant} --rating wrong --approve")
