"""What is expected of premium: by length without outcomes, by one's own outcomes with them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines.evaluation import routing
from pipelines.routing import surface
from pipelines.routing.gain import Gain
from pipelines.routing.router import SHIPPED, Router
from pipelines.routing.surface import surfaces
from pipelines.routing.tier import PREMIUM_AT, judged
from pipelines.statistics.linear import Ridge, mixture

LONG, SHORT = "Please look at my last three invoices and tell me what changed between them, and why. " * 3, "Hello?"


def outcomes(count: int, seed: int = 0) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Prompts of two kinds: premium gains on one, which its vector tells, and length tells nothing."""
    dice = np.random.default_rng(seed)
    kind = dice.integers(0, 2, count)
    prompts = [
        f"question {number} of kind {'ab'[k]} " + "word " * int(dice.integers(1, 60)) for number, k in enumerate(kind)
    ]
    vectors = dice.normal(size=(count, 16)) + 4.0 * np.eye(16)[kind]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    economy = (dice.random(count) < np.where(kind == 0, 0.9, 0.3)).astype(float)
    premium = (dice.random(count) < 0.9).astype(float)
    return prompts, vectors, economy, premium


def test_without_outcomes_a_longer_prompt_gains_more() -> None:
    short, long = Gain().predict([SHORT, LONG])
    assert short < 0 < long
    chinese, english = Gain().predict(["怎么修改我的收货地址和电话号码", "How do I change my address?"])
    assert abs(chinese - english) < 0.06  # a character says what some letters say


def test_ones_own_outcomes_tell_what_length_does_not() -> None:
    prompts, vectors, economy, premium = outcomes(600)
    gain, unseen = Gain.fit(surfaces(prompts[:400]), vectors[:400], (premium - economy)[:400])
    scores = gain.predict(prompts[400:], vectors[400:])
    by_length = Gain().predict(prompts[400:])
    assert routing.apgr(scores, economy[400:], premium[400:]) > 0.7
    assert routing.apgr(by_length, economy[400:], premium[400:]) < 0.6
    assert abs(float(unseen.mean()) - float((premium - economy)[:400].mean())) < 0.02


def test_a_prompt_that_no_encoder_reads_is_judged_by_its_surface() -> None:
    prompts, vectors, economy, premium = outcomes(300)
    gain, _ = Gain.fit(surfaces(prompts), vectors, premium - economy)
    without = gain.predict(prompts[:5])
    assert np.isfinite(without).all()
    assert without == pytest.approx(gain.predict(prompts[:5], np.zeros((5, 16), dtype=np.float32)))


def test_outcomes_without_any_vector_are_learned_from_too() -> None:
    prompts, _, economy, premium = outcomes(200)
    gain, _ = Gain.fit(surfaces(prompts), np.zeros((200, 0), dtype=np.float32), premium - economy)
    assert np.isfinite(gain.predict([SHORT, LONG])).all()


@pytest.mark.parametrize("count", [60, 150])
def test_few_outcomes_that_say_nothing_leave_length_in_its_place(count: int) -> None:
    dice = np.random.default_rng(3)
    prompts = ["word " * int(dice.integers(1, 200)) for _ in range(count)]
    gain, _ = Gain.fit(surfaces(prompts), dice.normal(size=(count, 8)).astype(np.float32), dice.normal(size=count) / 2)
    lengths = [len(prompt) for prompt in prompts]
    assert np.corrcoef(gain.predict(prompts), np.log(lengths))[0, 1] > 0.5


def test_a_router_is_what_it_was_when_it_is_read_again() -> None:
    prompts, vectors, economy, premium = outcomes(200)
    router = Router.fit(surfaces(prompts), vectors, economy, premium, encoder="e", premium_share=0.3)
    again = Router.decode(json.loads(json.dumps(router.encode())))
    assert (again.at, again.encoder, again.expected) == (router.at, "e", router.expected)
    found = again.gain.predict(prompts, vectors)
    assert found == pytest.approx(router.gain.predict(prompts, vectors), abs=2e-3)
    assert Router.decode(json.loads(json.dumps(SHIPPED.encode()))).at is None


@pytest.mark.parametrize(
    ("broken", "said"),
    [({"format": 9}, "train it again"), ({"features": []}, "train it again"), ({"weights": {}}, "no router")],
)
def test_what_is_no_router_is_refused(broken: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Router.decode({**SHIPPED.encode(), **broken})


def test_the_share_and_the_quality_that_were_asked_for_hold_on_outcomes_it_was_not_fitted_on() -> None:
    prompts, vectors, economy, premium = outcomes(600)
    by_share = Router.fit(surfaces(prompts), vectors, economy, premium, encoder="", premium_share=0.3)
    by_quality = Router.fit(surfaces(prompts), vectors, economy, premium, encoder="", quality=0.95)
    assert by_share.expected is not None
    assert by_quality.expected is not None
    assert by_share.expected.premium_share == pytest.approx(0.3, abs=0.01)
    assert by_quality.expected.quality >= 0.95 * by_quality.expected.premium
    assert by_quality.expected.premium_share < 0.7
    fresh, others, e, p = outcomes(1_000, seed=9)
    sent = by_quality.gain.predict(fresh, others) >= by_quality.at
    assert float(np.where(sent, p, e).mean()) >= 0.92 * float(p.mean())


@pytest.mark.parametrize("asked", [{}, {"premium_share": 0.1, "quality": 0.9}])
def test_one_goal_must_be_said(asked: dict[str, float]) -> None:
    prompts, vectors, economy, premium = outcomes(100)
    with pytest.raises(ValueError, match="either"):
        Router.fit(surfaces(prompts), vectors, economy, premium, encoder="", **asked)
    with pytest.raises(ValueError, match="at least 50"):
        Router.fit(surfaces(prompts[:9]), vectors[:9], economy[:9], premium[:9], encoder="", premium_share=0.1)


def test_an_own_router_says_what_it_expects() -> None:
    prompts, vectors, economy, premium = outcomes(300)
    router = Router.fit(surfaces(prompts), vectors, economy, premium, encoder="", premium_share=0.3)
    for prompt, vector in zip(prompts[:50], vectors[:50], strict=True):
        score, reason = judged(prompt, router.expects(prompt, vector), router=router)
        assert (score >= PREMIUM_AT) is (router.expects(prompt, vector) >= router.at)
        assert reason.startswith("expected gain ")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_and_all_may_go_to_premium(share: float) -> None:
    prompts, vectors, economy, premium = outcomes(100)
    router = Router.fit(surfaces(prompts), vectors, economy, premium, encoder="", premium_share=share)
    assert router.expected is not None
    assert router.expected.premium_share == share


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "😀" * 50, "x" * 100_000, "| a | b |\n| - | - |", "\x00\u202e", "\n" * 200_000, "|\n" * 50_000],
)
def test_any_text_has_a_surface(text: str) -> None:
    found = surface.surfaces([text])
    assert found.shape == (1, len(surface.NAMES))
    assert np.isfinite(found).all()


def test_the_curve_and_its_area() -> None:
    economy, premium = np.array([0.0, 1.0, 0.0, 1.0]), np.ones(4)
    best, worst = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 1.0])
    assert routing.curve(best, economy, premium).tolist() == [0.5, 0.75, 1.0, 1.0, 1.0]
    assert routing.apgr(best, economy, premium) == pytest.approx(0.75)
    assert routing.apgr(worst, economy, premium) == pytest.approx(0.25)
    found = routing.measures(best, economy, premium, worst)
    assert (found["cpt50"], found["cpt95"], found["baselines"]["length"]) == (0.25, 0.5, 0.25)
    assert routing.measures(best, premium, premium, worst)["apgr"] is None


def test_a_ridge_and_a_mixture() -> None:
    dice = np.random.default_rng(0)
    x = dice.normal(size=(500, 3))
    y = x @ np.array([1.0, -2.0, 0.0]) + 3.0
    ridge = Ridge.fit(x, y, 1e-6)
    assert ridge.slopes == pytest.approx([1.0, -2.0, 0.0], abs=1e-6)
    assert ridge.predict(x) == pytest.approx(y, abs=1e-6)
    said = np.column_stack([y - y.mean(), -(y - y.mean()), dice.normal(size=500)])
    weights = mixture(said, y - y.mean(), prior=np.array([0.0, 0.0, 0.1]), strength=1.0)
    assert weights[0] == pytest.approx(1.0, abs=0.02)
    assert weights[1] == pytest.approx(0.0, abs=0.01)
    assert (weights >= 0).all()
