"""The commands about routing: `farthing route`, `evaluate routing`, `train routing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipelines.evaluation.cascade import PRICES
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
    **options: Any,
) -> None:
    """Quality against the share of premium (CSV: prompt, weak_correct, strong_correct; subject, weak_answer if any)."""
    from workers.cli.running import runtime_of_fleet
    from workers.evaluation import outcomes, plotting
    from workers.providers import routers

    if (file is None) == (tenant is None):
        raise click.UsageError("say either a file or --tenant")
    if file is None:
        held, other = runtime_of_fleet(), routers.load(router, "--router")
        print_values(outcomes.of_two(str(tenant), held.quality.outcomes(str(tenant)), held.router, other), as_json)
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
    **goal: Any,
) -> None:
    """Learn from outcomes when premium is worth its price (CSV: prompt, weak_correct, strong_correct)."""
    from workers.cli.running import runtime_of_fleet
    from workers.evaluation import outcomes

    if (goal["premium_share"] is None) == (goal["quality"] is None):
        raise click.UsageError("say either --premium-share or --quality")
    if (file is None) == (tenant is None):
        raise click.UsageError("say either a file or --tenant")
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
