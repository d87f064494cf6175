"""The judge of the gray zone: when it is asked, what it reads, what its word is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.cache import judge, verifier
from pipelines.neighbourhood import Near, Neighbourhood

if TYPE_CHECKING:
    from collections.abc import Sequence


def seen(probability: float, *, gate: str | None = None, served_at: float = 0.95) -> Neighbourhood:
    return Neighbourhood((Near("k", "e", 0.9),), "e", probability, (0.9,) * verifier.COUNT, gate, served_at)


@pytest.mark.parametrize(
    ("probability", "gate", "served_at", "could"),
    [
        (0.8, None, 0.95, True),
        (0.3, None, 0.95, False),
        (0.99, "negation", 0.95, True),
        (0.99, "number", 0.95, False),
        (0.99, "identifier", 0.95, False),
        (0.8, None, 1.01, False),
    ],
)
def test_the_judge_is_asked_where_a_yes_could_suffice(
    probability: float, gate: str | None, served_at: float, could: bool
) -> None:
    assert judge.could_serve(seen(probability, gate=gate, served_at=served_at)) is could


def test_one_yes_to_a_gated_suspect_does_not_serve_it() -> None:
    gated = seen(0.99, gate="negation")
    once = judge.after(judge.before(gated.probability, gated.gate), yes=True)
    assert once < gated.served_at


def test_a_verdict_must_be_cheaper_than_what_it_saves() -> None:
    assert judge.pays(0.7, judging_usd=Decimal("0.00002"), answering_usd=Decimal("0.0001"))
    assert not judge.pays(0.7, judging_usd=Decimal("0.00008"), answering_usd=Decimal("0.0001"))


def test_only_a_share_of_the_jobs_is_judged() -> None:
    budget = judge.Budget(0.25)
    granted = 0
    for _ in range(100):
        budget.job()
        granted += budget.take()
    assert 25 <= granted <= 27
    assert not judge.Budget(0.0).take()


def test_moved_log_odds_bring_a_probability_where_it_came_from() -> None:
    assert judge.moved(0.7, 0.7) == 0.0
    assert judge.moved(0.5, judge.after(0.5, yes=True, worth=judge.worth_of(0.1))) == pytest.approx(
        judge.CREDIT * 2.197, abs=1e-3
    )


@pytest.mark.parametrize(
    ("start", "said", "served"),
    [
        (0.7, [True, True], True),
        (0.3, [True, True], False),
        (0.99, None, False),
        (0.99, [True, False], False),
        (0.99, [False, True], False),
        (0.999, [False, False], False),
    ],
)
def test_only_yes_to_every_phrasing_serves(start: float, said: list[bool] | None, served: bool) -> None:
    asked: list[list[str]] = []

    def ask(phrasings: Sequence[str], turned: bool, _: float) -> list[bool] | None:
        assert not turned, "there are several phrasings to ask about"
        asked.append(list(phrasings))
        return said

    judged = judge.after_verdicts(start, ["a", "b", "c"], ask, served_at=0.95)
    assert asked == [["a", "b"]], "in one call"
    assert judged.serves is served
    assert judged.verdicts == (0.0 if said is None else sum(1 if yes else -1 for yes in said))


def test_without_a_phrasing_nothing_is_asked() -> None:
    assert judge.after_verdicts(0.99, [], lambda *_: [True], served_at=0.95) == judge.Judgement(0.99, False, 0.0)


@pytest.mark.parametrize(
    ("start", "said", "calls", "serves", "verdicts"),
    [
        (0.5, [True, True], 2, True, 1.5),
        (0.9, [True], 1, True, 1.0),
        (0.5, [False], 1, False, -1.0),
        (0.5, [True, False], 2, False, 0.5),
        (0.5, [True, None], 2, False, 1.0),
    ],
)
def test_a_lone_phrasing_is_put_both_ways_round(
    start: float, said: list[bool | None], calls: int, serves: bool, verdicts: float
) -> None:
    heard: list[bool] = []

    def ask(phrasings: Sequence[str], turned: bool, _: float) -> list[bool] | None:
        assert list(phrasings) == ["a"]
        heard.append(turned)
        given = said[len(heard) - 1]
        return None if given is None else [given]

    judged = judge.after_verdicts(start, ["a"], ask, served_at=0.93)
    assert heard == [False, True][:calls]
    assert judged.serves is serves
    assert judged.verdicts == verdicts, "the same judge on the same pair says little new"


def test_what_a_verdict_is_worth_is_learned_from_those_whose_outcome_is_known() -> None:
    dice = np.random.default_rng(0)
    margins = dice.normal(size=2_000)
    right = dice.random(2_000) < 1.0 / (1.0 + np.exp(-margins))

    def learned(error: float, many: int) -> float:
        yes = right != (dice.random(2_000) < error)
        verdicts, ones = np.where(yes, 1.0, -1.0), np.ones(many)
        return judge.learned_worth(margins[:many], verdicts[:many], right[:many].astype(float), ones)

    assert learned(0.02, 2_000) == pytest.approx(3.9, abs=0.4)
    assert learned(0.3, 2_000) == pytest.approx(0.85, abs=0.2)
    assert learned(0.02, 3) == pytest.approx(judge.WORTH, abs=0.6), "a few say little"


def test_the_less_is_left_the_more_a_verdict_must_bring() -> None:
    budget = judge.Budget(0.1)
    assert not budget.take(0.5), "one is left, and it waits for a better chance"
    for _ in range(200):
        budget.job()
    assert budget.take(0.06)
    taken = sum(budget.take(0.5) for _ in range(20))
    assert 2 <= taken <= 7


def test_a_verdict_is_expected_to_bring_less_where_two_must_agree() -> None:
    assert judge.gain(seen(0.9)) == pytest.approx(0.9)
    assert 0.2 < judge.gain(seen(0.6)) < 0.5
    assert judge.gain(seen(0.9, gate="number")) == 0.0


def test_the_phrasing_whose_answer_is_served_is_asked_about_first() -> None:
    near = (Near("a", "e", 0.9), Near("b", "x", 0.89), Near("c", "e", 0.8))
    around = Neighbourhood(near, "e", 0.8, (0.9,) * verifier.COUNT)
    assert judge.about(around, "c") == ["c", "a"]
    assert judge.about(around, "far") == ["far", "a", "c"]
