"""The commands that measure decisions on labelled files, and that train from them: `farthing evaluate`, `train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cache.judge import SHARE
from workers.cli.printing import as_json, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.vectors.encoder import Encoder
    from workers.encoders.verifiers import Verifiers

FILE = click.Path(path_type=Path, dir_okay=False)
# With a discount of half, of three quarters and of nine tenths on what a provider saw before.
PRICED = ("openai/gpt-4o-mini", "openai/gpt-4.1-mini", "anthropic/claude-haiku-4-5")
RATE = click.FloatRange(0.0, 0.5, max_open=True)

encoder_option = click.option(
    "--encoder",
    default="packaged",
    show_default=True,
    help="packaged, characters[:folder], or a sentence-transformers name or path.",
)


def _drawable(_: click.Context, __: click.Parameter, plot: Path | None) -> Path | None:
    """What could not be drawn is said before minutes are spent on what is in it."""
    if plot is not None:
        from workers.evaluation import plotting

        plotting.check(plot)
    return plot


plot_option = click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_drawable,
    help="Draw what was measured: .png, .svg (farthing[plot]).",
)


verifier_option = click.option(
    "--verifier", default="", help="Weights of `farthing train verify`; else the shipped ones."
)


@click.group()
def evaluate() -> None:
    """Measure the fleet's decisions on labelled files (CSV or JSON lines, also .gz)."""


@evaluate.command("stream")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--answer-error", type=RATE, default=0.05, show_default=True, help="How often comparing answers errs.")
@click.option(
    "--answer-silence",
    type=click.FloatRange(0.0, 1.0, max_open=True),
    default=0.0,
    show_default=True,
    help="How often comparing answers says nothing.",
)
@click.option("--judge-error", type=RATE, help="Simulate a judge that errs this often; no judge without it.")
@click.option("--judge-repeats", is_flag=True, help="The judge says of a pair for good what it said at first.")
@click.option(
    "--judge-share",
    type=click.FloatRange(0.0, 1.0),
    default=SHARE,
    show_default=True,
    help="Calls to the judge for each job, as [cache] judge_share.",
)
@click.option(
    "--target",
    type=click.FloatRange(0.0, 0.2, min_open=True),
    default=0.01,
    show_default=True,
    help="Wrong hits per request, as a share: 0.01 is 1 %.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Order of the questions, and the errors.")
@click.option("--limit", type=click.IntRange(1), help="How many questions of each file.")
@click.option("--twins", is_flag=True, help="Only questions whose meaning another one has too.")
@click.option("--cold", is_flag=True, help="Learn nothing: what a new tenant is served.")
@click.option("--phases", is_flag=True, help="Several files: one tenant's, one after the other; else a tenant each.")
@click.option("--model", default="gpt-4o-mini", show_default=True, help="Whose price an answer costs.")
@plot_option
@encoder_option
@verifier_option
@as_json
def stream(
    files: tuple[Path, ...], encoder: str, verifier: str, as_json: bool, plot: Path | None, **options: Any
) -> None:
    """Questions with a label (CSV: question, intent) in shuffled order against an empty cache.

    A hit is wrong when its entry was made for another label; `oos` rows are each their own meaning. The cache sees a
    label only as a live one would: by comparing answers, audits and judgements, each of which errs.
    """
    from workers.evaluation import plotting, streams

    encoders, verifiers = _deciding(encoder, verifier)
    found = streams.stream(files, encoders, verifiers=verifiers, **options)
    if plot is not None:
        plotting.stream(plot, found, ", ".join(file.name for file in files))
    print_values(found, as_json)


@evaluate.command("pairs")
@click.argument("file", type=FILE)
@click.option("--judge-error", type=RATE, help="Simulate a judge that errs this often; no judge without it.")
@click.option("--seed", type=int, default=0, show_default=True)
@encoder_option
@verifier_option
@as_json
def pairs(file: Path, encoder: str, verifier: str, as_json: bool, judge_error: float | None, seed: int) -> None:
    """Would the second question be served from the first? (CSV: question_a, question_b, same_meaning)."""
    from workers.evaluation import commands

    encoders, verifiers = _deciding(encoder, verifier)
    print_values(commands.pairs(file, encoders, judge_error=judge_error, seed=seed, verifiers=verifiers), as_json)


@evaluate.command("gates")
@click.argument("file", type=FILE)
@as_json
def gates(file: Path, as_json: bool) -> None:
    """How often does each gate trip, and on what? (CSV: question_a, question_b, same_meaning)."""
    from workers.evaluation import commands

    print_values(commands.gates(file), as_json)


@evaluate.command("followups")
@click.argument("file", type=FILE)
@as_json
def followups(file: Path, as_json: bool) -> None:
    """Which last turns cannot stand alone? (JSON lines: user_turns, last_turn, standalone_rewrite)."""
    from workers.evaluation import commands

    print_values(commands.followups(file), as_json)


@evaluate.command("context")
@click.argument("file", type=FILE)
@click.option("--joined", type=click.IntRange(1), default=1, show_default=True, help="Conversations that are one.")
@click.option("--limit", type=click.IntRange(1), help="How many conversations of the file.")
@plot_option
@encoder_option
@as_json
def context(file: Path, encoder: str, as_json: bool, joined: int, limit: int | None, plot: Path | None) -> None:
    """What of the turns that questions need survives? (JSON lines: turns, questions with their evidence)."""
    from workers.evaluation import conversations, plotting

    found = conversations.evidence_kept(file, readers(encoder), limit=limit, joined=joined)
    if plot is not None:
        plotting.evidence(plot, found, file.name)
    print_values(found, as_json)


@evaluate.command("invoice")
@click.argument("file", type=FILE)
@click.option("--model", "models", multiple=True, help="provider/model, as price lists name them; several times.")
@click.option("--limit", type=click.IntRange(1), help="How many conversations of the file.")
@plot_option
@encoder_option
@as_json
def invoice(
    file: Path, encoder: str, as_json: bool, models: tuple[str, ...], limit: int | None, plot: Path | None
) -> None:
    """What would conversations cost, sent whole, with a summary, or as the fleet sends them? (JSON lines: turns)."""
    from workers.evaluation import conversations, plotting

    found = conversations.invoice(file, readers(encoder), models=models or PRICED, limit=limit)
    if plot is not None:
        plotting.invoice(plot, found, file.name)
    print_values(found, as_json)


@evaluate.command("privacy")
@click.argument("file", type=FILE)
@as_json
def privacy(file: Path, as_json: bool) -> None:
    """Which personal data is found? (JSON lines: text, spans)."""
    from workers.evaluation import commands

    print_values(commands.privacy(file), as_json)


@click.group()
def train() -> None:
    """Learn weights from labelled files."""


@train.command("verify")
@click.argument("files", type=FILE, nargs=-1)
@click.option("--tenant", help="Learn from what this tenant's misses, audits and judge have shown, too.")
@click.option("--out", type=FILE, required=True, help="Where the weights go (JSON): FARTHING_VERIFIER reads them.")
@click.option("--streams", is_flag=True, help="Read pairs as questions too: what they call the same is one meaning.")
@encoder_option
@as_json
def train_verify(
    files: tuple[Path, ...], tenant: str | None, out: Path, encoder: str, streams: bool, as_json: bool
) -> None:
    """Weigh what speaks for an entry: from labelled questions (question, intent), labelled pairs, or a tenant's own."""
    from workers.cli.running import runtime_of_fleet
    from workers.evaluation import commands

    if not files and tenant is None:
        raise click.UsageError("name files with labels, or a --tenant whose lessons are in the ledger")
    loaded = loaded_encoder(encoder)
    taught = None if tenant is None else (tenant, runtime_of_fleet().boundaries.lessons(tenant, loaded.kind))
    print_values(commands.train_verify(files, loaded, out, streams=streams, learned_from=taught), as_json)


@train.command("characters")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of the encoder.")
@click.option("--seed", type=int, default=0, show_default=True)
@as_json
def train_characters(files: tuple[Path, ...], out: Path, seed: int, as_json: bool) -> None:
    """Teach the characters' encoder from labelled pairs (CSV: question_a, question_b, same_meaning)."""
    from workers.evaluation import commands

    print_values(commands.train_characters(files, out, seed=seed), as_json)


def _deciding(encoder: str, verifier: str) -> tuple[Sequence[Encoder], Verifiers]:
    """What reads the questions, and what weighs their cosines."""
    from workers.encoders import verifiers

    found, own = readers(encoder), verifiers.load(verifier, "--verifier")
    for reader in found:
        own.check(reader)
    return found, own


def readers(encoder: str) -> Sequence[Encoder]:
    """The encoder of an option, with those that read what it cannot, as a fleet has them."""
    from workers.config.settings import Settings
    from workers.encoders import factory

    return factory.readers(loaded_encoder(encoder), Settings.from_env().encoders)


def loaded_encoder(spec: str) -> Encoder:
    """The encoder of an option; raises EncoderUnavailable."""
    from pipelines.errors import EncoderUnavailable
    from workers.config.settings import Settings
    from workers.encoders import factory

    def no_provider(_: str) -> Any:
        raise EncoderUnavailable(spec, "evaluation runs with a model of its own: it would pay for every row")

    loaded = factory.load(spec, no_provider, Settings.from_env().encoders)
    if loaded is None:
        raise EncoderUnavailable(spec, "there is nothing to measure without an encoder")
    return loaded


def print_values(values: dict[str, Any], as_json: bool) -> None:
    """Figures for people, or as JSON."""
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        if isinstance(value, list):
            click.echo(name)
            for row in value:
                click.echo(
                    "  " + "  ".join(f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
                )
        elif isinstance(value, dict):
            click.echo(name)
            for key, inner in value.items():
                click.echo(f"  {key:<40} {inner}")
        else:
            click.echo(f"{name:<20} {value}")
