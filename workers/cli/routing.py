"""The commands about routing: `farthing route`, `evaluate routing`, `train routing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipelines.evaluation.cascade import PRICES
from pipelines.routing.panel import Goal
from workers.cli.evaluate import FILE, encoder_option, evaluate, plot_option, print_values, readers, train
from workers.cli.printing import as_json, print_json

if TYPE_CHECKING:
    from pathlib import Path

economy_option = click.option(
    "--economy", default="weak_correct", show_default=True, help="Column: how right economy's answers were."
)
premium_option = click.option(
    "--premium", default="strong_correct", show_default=True, help="Column: how right premium's answers were."
)


model_option = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[=USD]",
    help="Several models: each one's column; dollars a million tokens, else FARTHING_CONFIG's price.",
)


def _goal(
    quality: float | None, usd_per_1000: float | None = None, premium_share: float | None = None, **_: Any
) -> Goal:
    said = [one for one in (quality, usd_per_1000, premium_share) if one is not None]
    if len(said) != 1:
        raise click.UsageError("say one of --quality, --premium-share and, with --model, --usd-per-1000")
    return Goal(quality, usd_per_1000, premium_share)


@evaluate.command("routing")
@click.argument("file", type=FILE, required=False)
@click.option(
    "--tenant", help="In place of a file: --router beside the one in force, on what audits of this tenant showed."
)
@click.option("--folds", type=click.IntRange(2), help="Fit on the file itself, each part by the others.")
@click.option("--halves", type=click.IntRange(1), help="So many times, fit on half of the subjects, hold out the rest.")
@click.option("--outcomes", type=click.IntRange(50), help="How many outcomes are learned from; else all.")
@click.option("--router", default="", help="A file of `farthing train routing`; else the shipped one.")
@click.option("--cascade", is_flag=True, help="Premium after economy, too; with a column weak_answer, by our checks.")
@click.option(
    "--prices", type=click.FloatRange(1.0), default=PRICES, show_default=True, help="Premium's price by economy's."
)
@click.option(
    "--target",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    help="The file as a stream: as many answers may be worse.",
)
@click.option(
    "--audit-share",
    type=click.FloatRange(0.0, 1.0),
    default=1.0,
    show_default=True,
    help="With --target: how many are compared.",
)
@plot_option
@model_option
@click.option(
    "--quality",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=1.0,
    show_default=True,
    help="With --model: the share of the best single model's that is kept.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which prompts are held out together.")
@economy_option
@premium_option
@encoder_option
@as_json
def evaluate_routing(
    file: Path | None,
    tenant: str | None,
    router: str,
    encoder: str,
    as_json: bool,
    cascade: bool,
    prices: float,
    plot: Path | None,
    models: tuple[str, ...],
    quality: float,
    **options: Any,
) -> None:
    """Quality against the share of premium (CSV: prompt, weak_correct, strong_correct; subject, weak_answer if any).

    With several --model: against dollars, by a panel of them; five folds unless --folds says otherwise.
    """
    from workers.cli.running import runtime_of_fleet
    from workers.evaluation import outcomes, panels, plotting
    from workers.providers import routers

    if (file is None) == (tenant is None):
        raise click.UsageError("say either a file or --tenant")
    if models and file is None:
        raise click.UsageError("--model: audits compare two tiers, not models: say a file")
    if file is None:
        held, other = runtime_of_fleet(), routers.load(router, "--router")
        print_values(outcomes.of_two(str(tenant), held.quality.outcomes(str(tenant)), held.router, other), as_json)
        return
    if models:
        given_panel = panels.read(file, models, lambda: runtime_of_fleet().market())
        folds = int(options["folds"] or 5)
        found = panels.evaluate(
            given_panel, readers(encoder), folds=folds, seed=int(options["seed"]), goal=_goal(quality)
        )
        if plot is not None:
            plotting.panel(plot, found, file.name)
        print_values(found, as_json)
        return
    given = prices if cascade else None
    found = outcomes.evaluate(file, readers(encoder), router=routers.load(router, "--router"), prices=given, **options)
    if plot is not None:
        plotting.routing(plot, found, file.name, prices)
    if not as_json:
        found.get("cascade", {}).pop("curves", None)  # for programs, and for the plot
    print_values(found, as_json)


@train.command("routing")
@click.argument("file", type=FILE, required=False)
@click.option("--tenant", help="In place of a file: what audits of this tenant's economy answers came to.")
@click.option("--out", type=FILE, required=True, help="Where the router goes (JSON): FARTHING_ROUTER reads it.")
@click.option("--premium-share", type=click.FloatRange(0.0, 1.0), help="At most this share of jobs to premium.")
@click.option("--quality", type=click.FloatRange(0.0, 1.0), help="As few to premium as keep this share of its quality.")
@click.option(
    "--usd-per-1000", type=click.FloatRange(0.0, min_open=True), help="With --model: dollars for 1,000 calls."
)
@model_option
@economy_option
@premium_option
@encoder_option
@as_json
def train_routing(
    file: Path | None,
    tenant: str | None,
    out: Path,
    encoder: str,
    as_json: bool,
    economy: str,
    premium: str,
    models: tuple[str, ...],
    **said: Any,
) -> None:
    """Learn from outcomes when premium is worth its price (CSV: prompt, weak_correct, strong_correct)."""
    from workers.cli.running import runtime_of_fleet
    from workers.evaluation import outcomes, panels

    aim = _goal(**said)
    if (file is None) == (tenant is None):
        raise click.UsageError("say either a file or --tenant")
    if models:
        if file is None:
            raise click.UsageError("--model: audits compare two tiers, not models: say a file")
        given = panels.read(file, models, lambda: runtime_of_fleet().market())
        print_values(panels.train(given, readers(encoder), out, file.name, goal=aim), as_json)
        return
    if aim.usd_per_1000 is not None:
        raise click.UsageError("--usd-per-1000 needs --model: of two tiers no price is known")
    goal = {"premium_share": aim.premium_share, "quality": aim.quality}
    if file is not None:
        taught = outcomes.of_file(file, readers(encoder), economy=economy, premium=premium)
    else:
        taught = outcomes.of_tenant(str(tenant), runtime_of_fleet().quality.outcomes(str(tenant)))
    print_values(outcomes.train(taught, out, **goal), as_json)


@click.command()
@click.argument("question")
@click.option("--router", default="", help="A file of `farthing train routing`; else what FARTHING_ROUTER names.")
@as_json
def route(question: str, router: str, as_json: bool) -> None:
    """Which tier a question goes to, why, and what the offers would cost."""
    from workers.cli.running import runtime_of_fleet
    from workers.providers import routers
    from workers.stages.routing import explained

    held = runtime_of_fleet()
    learned = routers.load(router, "--router") if router else held.router
    found = explained(question, held.configuration, learned, held.readers if learned.encoder else ())
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['tier']}: {found['reason']} (score {found['score']})")
    for offer in found["offers"]:
        chosen = "->" if offer["chosen"] else "  "
        click.echo(f"{chosen} {offer['tier']:<8} {offer['provider']}/{offer['model']:<32} ${offer['expected_usd']}")
