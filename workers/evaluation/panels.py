"""`--model` of `farthing evaluate routing` and `train routing`: outcomes of several models, and what calls cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.answer import Usage
from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import panel as measures
from pipelines.routing import surface
from pipelines.routing.choice import EXPECTED_COMPLETION_TOKENS
from pipelines.routing.panel import Goal, Panel, chosen
from pipelines.routing.router import LEAST_OUTCOMES, Router
from pipelines.text import tokens
from workers.evaluation import datasets, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.routing.market import Market
    from pipelines.vectors.encoder import Encoder

QUALITY = 0.95  # of premium's own: between two models alone, where the goal of several is another


@dataclass(frozen=True, slots=True)
class Panelled:
    """Prompts with what each of several models came to: ``right`` in [0, 1] and ``costs_usd`` are (n, models)."""

    models: tuple[str, ...]
    prompts: list[str]
    right: NDArray[np.float64]
    costs_usd: NDArray[np.float64]


def read(path: Path, named: Sequence[str], market: Callable[[], Market]) -> Panelled:
    """What a file says of the models ``named``, each NAME or NAME=USD, dollars a million tokens; rows in which one is
    not known are left out. Raises ConfigurationInvalid.
    """
    split = [one.rsplit("=", 1) if "=" in one else [one, ""] for one in named]
    models = tuple(model for model, _ in split)
    if len(set(models)) < len(models) or len(models) < 2:
        raise ConfigurationInvalid([f"--model: got {', '.join(models)!r:.80}, expected two or more names, each once"])
    rows = datasets.rows(path)
    prompts = datasets.column(path, rows, *outcomes.PROMPT)
    right = np.column_stack([outcomes.scores(path, rows, model) for model in models])
    known = np.flatnonzero(~np.isnan(right).any(axis=1))
    if len(known) < LEAST_OUTCOMES:
        said = f"{path}: got {len(known)} rows with an outcome of each, expected at least {LEAST_OUTCOMES}"
        raise ConfigurationInvalid([said])
    kept = [prompts[i] for i in known.tolist()]
    counted = [tokens.estimate(prompt) for prompt in kept]
    costs = np.column_stack([_costs(model, usd, counted, market) for model, usd in split])
    return Panelled(models, kept, right[known], costs)


def _costs(model: str, million_usd: str, counted: Sequence[int], market: Callable[[], Market]) -> NDArray[np.float64]:
    """What a call with each prompt is expected to cost, (n,) dollars."""
    if not million_usd:
        listed = market()
        offers = [offer for offer in listed.catalog.offers if offer.model == model]
        if not offers:
            raise ConfigurationInvalid(
                [f"--model: got {model!r:.60}, which FARTHING_CONFIG does not offer: expected {model:.60}=USD"]
            )
        each = [Usage(prompt, 0, EXPECTED_COMPLETION_TOKENS) for prompt in counted]
        return np.array([float(min(listed.cost_usd(offer, usage) for offer in offers)) for usage in each])
    try:
        price = float(million_usd)
    except ValueError:
        price = -1.0
    if not 0.0 < price < float("inf"):
        said = f"--model: {model:.60}: got {million_usd!r:.20}, expected dollars a million tokens, above 0"
        raise ConfigurationInvalid([said])
    return (np.array(counted, dtype=np.float64) + EXPECTED_COMPLETION_TOKENS) * price / 1e6


def evaluate(given: Panelled, encoders: Sequence[Encoder], *, folds: int, seed: int, goal: Goal) -> dict[str, Any]:
    """What a panel does with prompts that it did not see."""
    vectors = outcomes.vectors(given.prompts, outcomes.best(given.prompts, encoders))
    features = surface.surfaces(given.prompts)
    parts = outcomes.folds(given.prompts, folds, seed)
    return measures.replayed(given.models, features, vectors, given.right, given.costs_usd, parts, goal)


def train(given: Panelled, encoders: Sequence[Encoder], out: Path, source: str, *, goal: Goal) -> dict[str, Any]:
    """A router with a panel, written to ``out``; and what it is expected to do."""
    encoder = outcomes.best(given.prompts, encoders)
    features, vectors = surface.surfaces(given.prompts), outcomes.vectors(given.prompts, encoder)
    taught = {model: given.right[:, number] for number, model in enumerate(given.models)}
    found, unseen = Panel.fit(features, vectors, taught)
    price = goal.price(unseen, given.right, given.costs_usd)
    cheapest, best = int(given.costs_usd.mean(axis=0).argmin()), int(given.right.mean(axis=0).argmax())
    router = Router.fit(
        features,
        vectors,
        given.right[:, cheapest],
        given.right[:, best],
        encoder="" if encoder is None else encoder.fingerprint,
        quality=QUALITY,
    )
    outcomes.write(replace(router, panel=Panel(found, price)), out, source)
    rows, asked = np.arange(len(unseen)), chosen(unseen, given.costs_usd, price)
    return {
        "out": str(out),
        "outcomes": len(rows),
        "right_usd": round(price, 8),
        "quality": round(float(given.right[rows, asked].mean()), 4),
        "best_single": given.models[best],
        "quality_of_best_single": round(float(given.right[:, best].mean()), 4),
        "usd_per_1000": round(1000.0 * float(given.costs_usd[rows, asked].mean()), 6),
        "usd_per_1000_of_best_single": round(1000.0 * float(given.costs_usd[:, best].mean()), 6),
        "asked": {model: round(float((asked == number).mean()), 4) for number, model in enumerate(given.models)},
    }
