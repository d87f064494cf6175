"""The panel: which of several models answers, at what a right answer is worth."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.answer import Route
from pipelines.evaluation import panel as measures
from pipelines.job import Job
from pipelines.money.pricing import PriceBook
from pipelines.routing import surface, tier
from pipelines.routing.catalog import Catalog, Offer
from pipelines.routing.market import Market
from pipelines.routing.panel import Goal, Panel, Ranked, chosen
from pipelines.routing.router import Router

COSTS = {"small": 0.0001, "middle": 0.0003, "big": 0.003}
MODELS = tuple(COSTS)
OFFERS = tuple(Offer("p", model, "premium" if model == "big" else "economy") for model in MODELS)


def outcomes(count: int = 3_000) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Three kinds of prompts: all are right about the first, all but small about the second, big about the last."""
    dice = np.random.default_rng(0)
    kind = dice.integers(0, 3, count)
    vectors = dice.normal(size=(count, 16)) * 0.1 + np.eye(16)[kind]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    right = (dice.random((count, 1)) < np.where(np.arange(3) >= kind[:, None], 0.95, 0.1)).astype(float)
    return [f"question {number}" for number in range(count)], vectors, right, kind


def fitted(right_usd: float = 0.002) -> tuple[Panel, Router, np.ndarray]:
    prompts, vectors, right, kind = outcomes()
    features = surface.surfaces(prompts)
    found, _ = Panel.fit(features, vectors, {model: right[:, n] for n, model in enumerate(MODELS)})
    panel = Panel(found, right_usd)
    router = Router.fit(features, vectors, right[:, 0], right[:, 2], encoder="e", quality=0.95)
    return panel, Router(router.gain, router.at, router.encoder, router.expected, panel), kind


def vector(kind: int) -> np.ndarray:
    return np.eye(16, dtype=np.float32)[kind]


@pytest.mark.parametrize(
    ("right_usd", "asked"),
    [
        (0.00001, ("small", "small", "small")),
        (0.002, ("small", "middle", "small")),
        (0.0045, ("small", "middle", "big")),
    ],
)
def test_who_suffices_is_asked_as_far_as_a_right_answer_is_worth_it(
    right_usd: float, asked: tuple[str, str, str]
) -> None:
    panel, _, _ = fitted()
    found = [panel.rank("question", vector(kind), COSTS, right_usd=right_usd)[0].model for kind in range(3)]
    assert tuple(found) == asked


def test_only_who_may_be_asked_is_ranked_and_of_equals_the_cheapest_comes_first() -> None:
    panel, _, _ = fitted(0.05)
    ranked = panel.rank("question", vector(2), {"middle": 0.0003, "small": 0.0001, "unknown": 0.0})
    assert {one.model for one in ranked} == {"small", "middle"}
    assert panel.rank("question", None, {}) == ()
    one = next(iter(panel.qualities.values()))
    twins = Panel({"a": one, "b": one}, 1.0).rank("question", vector(0), {"a": 0.0, "b": 0.0})
    assert [found.worth_usd for found in twins] == [twins[0].worth_usd] * 2
    assert Panel({"a": one, "b": one}, 1.0).rank("question", None, {"a": 0.2, "b": 0.1})[0].model == "b"


def test_a_router_with_its_panel_is_written_once_and_read_as_it_was() -> None:
    panel, router, _ = fitted()
    text = json.dumps(router.encode())
    assert text.count('"vectors"') == 1, "what is of the prompts alone is there once"
    read = Router.decode(json.loads(text))
    assert read.panel is not None
    assert read.panel.right_usd == panel.right_usd
    features = surface.surfaces(["question", "another one, longer"])
    vectors = np.stack([vector(1), vector(2)])
    assert read.panel.predict(features, vectors) == pytest.approx(panel.predict(features, vectors), abs=0.02), (
        "vectors are kept in 16 bits"
    )
    alone = [gain.of_surfaces(features, vectors) for gain in panel.qualities.values()]
    assert panel.predict(features, vectors) == pytest.approx(np.clip(np.column_stack(alone), 0, 1))


@pytest.mark.parametrize("change", [{"right_usd": 0}, {"right_usd": "much"}, {"models": {}}, {"models": {"a": {}}}])
def test_a_panel_that_is_none_says_so(change: dict[str, object]) -> None:
    _, router, _ = fitted()
    raw = router.encode()
    with pytest.raises(ValueError, match="router"):
        Router.decode({**raw, "panel": {**raw["panel"], **change}})


@pytest.mark.parametrize(
    ("goal", "least", "most"),
    [
        (Goal(quality=0.98), 0.3, 0.5),  # of the calls to the dearest: a third of the prompts needs it
        (Goal(premium_share=0.1), 0.0, 0.1),
        (Goal(usd_per_1000=0.5), 0.0, 0.15),
        (Goal(usd_per_1000=0.00001), 0.0, 0.0),  # out of reach: the cheapest there is
    ],
)
def test_a_price_of_a_right_answer_reaches_the_goal(goal: Goal, least: float, most: float) -> None:
    prompts, vectors, right, _ = outcomes()
    costs = np.tile(list(COSTS.values()), (len(prompts), 1))
    _, unseen = Panel.fit(surface.surfaces(prompts), vectors, {m: right[:, n] for n, m in enumerate(MODELS)})
    asked = chosen(unseen, costs, goal.price(unseen, right, costs))
    assert least <= (asked == 2).mean() <= most
    if goal.quality is not None:
        assert right[np.arange(len(right)), asked].mean() >= goal.quality * right.mean(axis=0).max()
    if goal.usd_per_1000 == 0.5:
        assert 1000 * costs[np.arange(len(right)), asked].mean() <= 0.5


def test_a_replay_pays_less_for_the_best_single_models_quality() -> None:
    prompts, vectors, right, _ = outcomes()
    costs = np.tile(list(COSTS.values()), (len(prompts), 1))
    folds = [np.arange(fold, len(prompts), 5) for fold in range(5)]
    found = measures.replayed(MODELS, surface.surfaces(prompts), vectors, right, costs, folds, Goal(quality=0.99))
    assert found["best_single"] == "big"
    assert found["quality"] >= 0.97 * found["quality_of_best_single"]
    assert found["oracle_cost"] < found["cost_of_best_single"] < 0.55
    assert sum(one["asked"] for one in found["models"].values()) == pytest.approx(1.0, abs=1e-3)
    assert [p["usd_per_1000"] for p in found["curve"]] == sorted(p["usd_per_1000"] for p in found["curve"])


def routed(kind: int, router: Router, **how: object) -> Route:
    job = Job.decode({"messages": [{"role": "user", "content": "question"}], **how.pop("fields", {})})  # type: ignore[dict-item]
    return tier.route(
        job,
        prompt_tokens=10,
        catalog=Catalog(OFFERS),
        router=router,
        vector=vector(kind),
        **{"costs_usd": COSTS, **how},  # type: ignore[arg-type]
    )


def test_the_panel_routes_and_says_why_and_who_is_next() -> None:
    _, router, _ = fitted(0.0045)
    simple, hard = routed(0, router), routed(2, router)
    assert (simple.tier, simple.models[0], hard.tier, hard.models[0]) == ("economy", "small", "premium", "big")
    assert simple.score < tier.PREMIUM_AT <= hard.score
    assert set(simple.models) == set(MODELS)
    assert "small is expected to be right with 0." in simple.reason
    assert ", before " in simple.reason
    assert simple.by_gain
    assert routed(0, router, right_usd=1e-6).gain == pytest.approx(0.0, abs=0.1)
    assert routed(2, router, right_usd=1e-6).gain > 0.5, "a cascade knows that premium would have gained"
    assert Route.decode(hard.hand_on()) == hard


def test_what_is_asked_for_what_is_needed_and_a_bound_come_before_the_panel() -> None:
    _, router, _ = fitted(0.05)
    assert routed(2, router, fields={"model": "economy"}).models == ()
    assert routed(0, router, fields={"model": "big"}).model == "big"
    assert routed(0, router, bound=float("-inf")).models == ()
    assert routed(0, router, costs_usd={}).models == (), "nobody whom it knows may be asked"


def test_the_market_asks_as_the_panel_ranked_though_another_is_cheaper() -> None:
    book = PriceBook()
    names = ("gpt-4o", "gpt-4o-mini", "gpt-4.1-mini")
    offers = tuple(Offer("openai", name, "premium" if name == "gpt-4o" else "economy") for name in names)
    market = Market(Catalog(offers), book, {}, datetime(2026, 11, 1, tzinfo=UTC))
    job = Job.decode({"messages": [{"role": "user", "content": "question"}]})
    route = Route("economy", 0.2, "", models=("gpt-4.1-mini", "gpt-4o", "gone"))
    assert [o.model for o in market.offers(job, route, prompt_tokens=10)] == ["gpt-4.1-mini", "gpt-4o"]
    gone = Route("economy", 0.2, "", models=("gone",))
    assert {o.model for o in market.offers(job, gone, prompt_tokens=10)} == {"gpt-4o-mini", "gpt-4.1-mini"}
    costs = market.by_model_usd(job, prompt_tokens=10)
    assert costs["gpt-4o-mini"] < costs["gpt-4.1-mini"] < costs["gpt-4o"]
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    seeing = Job.decode({"messages": [{"role": "user", "content": [image]}]})
    assert market.by_model_usd(seeing, prompt_tokens=10) == {}, "none of them sees"


def test_ranked_says_what_it_is_worth() -> None:
    panel, _, _ = fitted(0.05)
    for one in panel.rank("question", vector(1), COSTS):
        assert isinstance(one, Ranked)
        assert one.worth_usd == pytest.approx(0.05 * one.quality - COSTS[one.model])
