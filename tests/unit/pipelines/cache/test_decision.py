"""The decision that does not lie: verification, gates, insert if different, and the boundary at its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.cache import clustering, judge, risk, verifier
from pipelines.cache.boundary import Boundary, Policy
from pipelines.cache.decision import Candidate, Gray, Hit, Miss, decide
from pipelines.cache.lessons import Lesson
from pipelines.evaluation import training
from pipelines.evaluation.memory import Channel
from pipelines.evaluation.replay import Replay
from pipelines.neighbourhood import Near
from pipelines.statistics import intervals, logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE = logistic.weight(0.05)


def candidates(*rows: tuple[str, str, float]) -> list[Candidate]:
    return [Candidate(f"k{i}", entry, question, cosine) for i, (entry, question, cosine) in enumerate(rows)]


def centroid(cosine: float):  # type: ignore[no-untyped-def]
    return lambda _: cosine


def test_the_same_words_in_another_order_are_served_from_the_first_day() -> None:
    found = decide(
        "How can I reset my password?", candidates(("e", "How do I reset my password?", 0.99)), centroid(0.99), Policy()
    )
    assert isinstance(found, Hit)
    assert found.probability is not None
    assert found.probability >= risk.COLD_BOUNDARY


@pytest.mark.parametrize(
    ("asked", "cached", "gate"),
    [
        ("Can I return it after 30 days?", "Can I return it after 60 days?", "number"),
        ("How do I downgrade my plan?", "How do I upgrade my plan?", "opposite"),
        ("Is it not allowed to smoke here?", "Is it allowed to smoke here?", "negation"),
        ("怎么退货？", "怎么换货？", "opposite"),
    ],
)
def test_a_gate_sends_the_nearest_neighbour_to_the_gray_zone(asked: str, cached: str, gate: str) -> None:
    found = decide(asked, candidates(("e", cached, 0.995)), centroid(0.995), Policy())
    assert isinstance(found, Gray)
    assert found.reason == gate


def test_a_phrasing_that_agreed_before_outvotes_a_gate() -> None:
    near = candidates(("e", "Is it never open on Sunday?", 0.99), ("e", "Is the shop open on Sunday?", 0.97))
    assert isinstance(decide("Is it open on Sunday?", near, centroid(0.98), Policy()), Hit)


def test_phrasings_that_agree_make_a_further_neighbour_safe() -> None:
    lone = candidates(("e", "a", 0.88))
    many = candidates(*(("e", "a", 0.88 - n / 500) for n in range(8)), ("f", "a", 0.62))
    known = Policy(least_similarity=0.7)  # a tenant of which enough was learned
    assert not isinstance(decide("a", lone, centroid(0.88), known), Hit)
    assert isinstance(decide("a", many, centroid(0.9), known), Hit)


def test_a_new_tenant_is_served_nothing_far_however_lonely_it_is_there() -> None:
    near = candidates(
        ("e", "Where can I sign up for your newsletter?", 0.63), *((f"f{n}", "x", 0.26 - n / 100) for n in range(15))
    )
    cosines = {c.entry_id: c.similarity for c in near}
    asked = "How can I unsubscribe from the newsletter?"
    assert not isinstance(decide(asked, near, cosines.__getitem__, Policy()), Hit)


def test_two_entries_equally_near_are_no_hit() -> None:
    near = candidates(("e", "a", 0.95), ("f", "a", 0.95))
    assert not isinstance(decide("a", near, centroid(0.95), Policy()), Hit)
    assert isinstance(decide("a", [], centroid(0), Policy()), Miss)


def assigned(said: dict[str, float], near: list[Near], suspect: str, probability: float = 0.5) -> clustering.Assignment:
    return clustering.assign(
        near,
        suspect=suspect,
        probability=probability,
        compare=lambda key: said.get(key, -ONE),
        more=lambda entry, count, besides: [key for key in (f"{entry}{n}" for n in range(9)) if key not in besides][
            :count
        ],
        one=ONE,
    )


def test_an_answer_that_says_the_same_joins_and_one_that_differs_becomes_an_entry() -> None:
    near = [Near("a0", "a", 0.9), Near("a1", "a", 0.88), Near("b0", "b", 0.86)]
    joins = assigned({"a0": ONE, "a1": ONE, "a2": ONE, "a3": ONE}, near, "a")
    assert joins.entry == "a"
    assert joins.right > 0.99
    differs = assigned({}, near, "a")
    assert differs.entry is None
    assert differs.right < 0.01


def test_one_yes_is_not_enough_to_join_what_is_far() -> None:
    assert assigned({"b0": ONE}, [Near("a0", "a", 0.9), Near("b0", "b", 0.6)], "a").entry is None


def test_entries_made_twice_both_speak_for_the_join_and_are_merged_after_a_check() -> None:
    near = [Near("a0", "a", 0.9), Near("b0", "b", 0.9)]
    said = {f"{entry}{n}": ONE for entry in "ab" for n in range(9)}
    found = assigned(said, near, "a")
    assert found.entry is not None
    trust = clustering.Trust({}, ONE)
    checks: list[str] = []

    def check(other: str) -> list[float]:
        checks.append(other)
        return [ONE] * 8

    merged = [merge for _ in range(4) for merge in trust.pairs("a", found, check=check)]
    assert merged[0] == clustering.Merge("a", "b")
    assert len(checks) == len(merged)  # nothing is merged unchecked
    wary = clustering.Trust({}, ONE)
    assert not [m for _ in range(9) for m in wary.pairs("a", found, check=lambda _: [-ONE] * 8)]


def test_a_served_answer_that_the_others_contradict_is_replaced() -> None:
    trust = clustering.Trust({}, ONE)
    assert trust.served("e", "k1", ONE, check=list) is None
    found = [trust.served("e", f"k{n}", -ONE, check=list) for n in range(2, 6)]
    assert clustering.Elect("e", "k4") in found


def test_a_served_answer_is_compared_with_the_others_once_one_contradicts_it() -> None:
    trust = clustering.Trust({}, ONE)
    assert trust.served("e", "k1", -ONE, check=lambda: [-ONE] * 3) == clustering.Elect("e", "k1")
    assert trust.served("e", "k2", -ONE, check=lambda: [ONE] * 3) is None, "the one that contradicts is alone"
    assert trust.served("e", "k3", ONE, check=lambda: pytest.fail("nothing to check")) is None


def test_no_two_buckets_have_one_name_and_each_knows_its_encoder() -> None:
    categories = ("", "billing", "fonts/characters", "int8", "help/int8", "forum/follow-up", "a/sentences")
    named = {
        risk.bucket(category, kind=kind, follows=follows): (category, kind, follows)
        for category in categories
        for kind in verifier.KINDS
        for follows in (False, True)
    }
    assert len(named) == len(categories) * len(verifier.KINDS) * 2
    assert all(risk.kind_of(bucket) == kind for bucket, (_, kind, _) in named.items())
    assert risk.bucket("billing", kind=verifier.SENTENCES, follows=False) == "billing"


def test_a_judges_verdict_moves_the_probability_and_never_alone_decides() -> None:
    assert judge.asks(0.7, served_at=0.95)
    assert not judge.asks(0.96, served_at=0.95)
    assert not judge.asks(0.01, served_at=0.95)
    assert judge.after(0.7, yes=True, worth=judge.worth_of(0.05)) > 0.9
    assert judge.after(0.9, yes=False, worth=judge.worth_of(0.05)) < 0.6


def sure_boundary(
    recent: NDArray[np.float64], judged: NDArray[np.float64], requests: int, allowed: float, doubt: float = 0.0
) -> float:
    """The boundary where weights of this variance stand behind what is believed."""
    return risk.boundary(
        recent,
        judged,
        requests,
        allowed,
        features=np.ones((len(recent), 16)) / 4.0,
        covariance=doubt * np.eye(16),
    )


def test_the_boundary_serves_what_the_target_allows() -> None:
    recent = np.array([0.999] * 50 + [0.9] * 50)
    unjudged = np.zeros(len(recent))
    assert sure_boundary(recent, unjudged, 100, allowed=0.0001) == risk.NOTHING
    assert sure_boundary(recent, unjudged, 100, allowed=0.01) == pytest.approx(0.999), (
        "equally probable ones go together"
    )
    assert sure_boundary(recent, unjudged, 100, allowed=0.06) == pytest.approx(0.9)
    assert sure_boundary(recent, unjudged, 1_000, allowed=0.006) == pytest.approx(0.9), (
        "those without a suspect count too"
    )
    assert sure_boundary(recent, unjudged, 100, allowed=0.2) >= risk.LEAST_BOUNDARY
    with pytest.raises(ValueError, match="target"):
        Boundary(verifier.shipped(), 0.0)


@pytest.mark.parametrize(
    ("wrong", "audits", "low", "high"), [(0, 0, 0.0, 1.0), (0, 100, 0.0, 0.037), (5, 100, 0.0215, 0.1118)]
)
def test_the_interval_is_wilsons(wrong: int, audits: int, low: float, high: float) -> None:
    assert intervals.interval(wrong, audits) == pytest.approx((low, high), abs=1e-3)


def topics(seed: int, meanings: int = 30, each: int = 60, noise: float = 0.55):  # type: ignore[no-untyped-def]
    """Questions of made-up meanings: unit vectors around unit centres, some of which are close together."""
    dice = np.random.default_rng(seed)
    centroids = dice.normal(size=(meanings, 32))
    centroids[1::2] = centroids[::2] + 0.6 * dice.normal(size=(meanings // 2, 32))
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    labels = np.repeat(np.arange(meanings), each)
    vectors = centroids[labels] + noise * dice.normal(size=(len(labels), 32)) / np.sqrt(32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (
        ["w" + "".join("abcdefghij"[int(d)] for d in str(i)) for i in range(len(labels))],
        vectors.astype(np.float32),
        labels.astype(np.int64),
    )


@pytest.mark.parametrize("target", [0.01, 0.03])
def test_a_replay_keeps_its_wrong_hits_near_the_target_and_hits_often(target: float) -> None:
    found = [Replay(*topics(seed), channel=Channel(0.05), target=target, seed=seed).run() for seed in (1, 2)]
    assert np.mean([f["wrong_per_request"] for f in found]) <= 1.25 * target
    assert np.mean([f["hit_rate"] for f in found]) > 0.5
    assert all(f["audits"] < 0.15 * f["hits"] for f in found)


def test_a_replay_is_repeatable_and_a_judge_brings_more_hits() -> None:
    data = topics(3, noise=0.8)
    plain = Replay(*data, channel=Channel(0.05), seed=5).run()
    assert plain == Replay(*data, channel=Channel(0.05), seed=5).run()
    judged = Replay(*data, channel=Channel(0.05, 0.05), seed=5).run()
    assert judged["hit_rate"] > plain["hit_rate"]
    assert judged["judge_calls"] > 0 == plain["judge_calls"]


def test_weights_are_learned_and_survive_their_file() -> None:
    data = topics(4)
    weights = training.fit([training.from_questions(*data, training.bare())])
    again = verifier.Weights.decode(weights.encode())
    assert again.weights == pytest.approx(weights.weights, abs=1e-3)
    assert again.fingerprint != verifier.shipped().fingerprint
    with pytest.raises(ValueError, match="shapes"):
        verifier.Weights.decode({**weights.encode(), "mean": [1]})
    with pytest.raises(ValueError, match="kind"):
        verifier.Weights.decode({**weights.encode(), "kind": "words"})


def test_a_new_tenant_is_served_from_a_cosine_on_at_which_training_saw_hardly_an_error() -> None:
    weights = verifier.shipped()
    sure = np.zeros((1_000, verifier.COUNT)) + weights.mean + 3 * weights.scale * np.sign(weights.weights[1:])
    sure[:, 0] = np.linspace(0.5, 1.0, 1_000)
    right = (sure[:, 0] >= 0.75).astype(float)
    assert training.cold_similarity(weights, [(sure, right)]) == pytest.approx(0.75, abs=0.02)
    assert training.cold_similarity(weights, [(sure, 0 * right)]) == verifier.NEVER
    assert training.cold_similarity(weights, [(sure[-20:], right[-20:])]) == verifier.NEVER, "too few to tell"


def test_of_an_encoder_that_nobody_measured_a_new_tenant_is_served_nothing() -> None:
    assert Policy.new(verifier.shipped(verifier.OTHERS)).least_similarity > 1.0
    assert Policy.new(verifier.shipped()).least_similarity == 0.9


def test_less_is_served_while_what_is_believed_is_unsure() -> None:
    recent = np.linspace(0.999, 0.5, 200)
    found = [sure_boundary(recent, np.zeros(200), 200, 0.01, doubt) for doubt in (0.0, 0.1, 1.0, 100.0)]
    assert found == sorted(found)
    assert len(set(found)) == 4


def test_many_lessons_make_sure() -> None:
    weights = np.zeros(16)
    dice = np.random.default_rng(0)
    few, many = ([Lesson(dice.normal(size=16), 0.5) for _ in range(count)] for count in (20, 2_000))
    assert np.trace(risk.unsure(weights, many)) < 0.1 * np.trace(risk.unsure(weights, few))
    assert np.trace(risk.unsure(weights, [])) == pytest.approx(1 / risk.HOLDS_BIAS + 15 / risk.HOLDS_SHAPE)


def test_what_a_judge_serves_below_the_boundary_is_charged_to_the_same_target() -> None:
    recent, judged = np.array([0.99, 0.95, 0.9, 0.8]), np.array([0.0, 0.0, 0.02, 0.03])
    assert sure_boundary(recent, judged, 10, allowed=0.0111) == pytest.approx(0.95), (
        "0.05 of the judge's, 0.06 of these"
    )
    assert sure_boundary(recent, np.zeros(4), 10, allowed=0.0111) == pytest.approx(0.95)
    assert sure_boundary(recent, judged, 10, allowed=0.0061) == pytest.approx(0.99)
