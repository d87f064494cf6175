"""What a fresh answer teaches, decided on a memory of dictionaries."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.cache import learning
from pipelines.cache.clustering import MERGES_AT
from pipelines.evaluation.memory import Channel, FreshAnswer, Scope
from pipelines.neighbourhood import Near, Neighbourhood


def scope(labels: list[int], *, silent: float = 0.0) -> Scope:
    """Questions of these meanings, all as near each other; comparisons of their answers never err."""
    count = len(labels)
    vectors = np.full((count, 4), 0.5, dtype=np.float32)
    return Scope(
        [f"question {i}" for i in range(count)],
        vectors,
        np.array(labels),
        Channel(answer=0.0, silent=silent),
        np.random.default_rng(0),
    )


def fresh(held: Scope, number: int) -> FreshAnswer:
    return FreshAnswer(held, str(number), lambda: False)


def seen(held: Scope, suspect: str, *, probability: float = 0.6) -> Neighbourhood:
    near = tuple(Near(key, entry, 0.9) for key, entry in held.entry_of.items())
    return Neighbourhood(near, suspect, probability, (0.9,) * 15)


def test_the_first_answer_makes_an_entry() -> None:
    held = scope([0])
    assert learning.store(fresh(held, 0), None) is None
    assert held.members == {"e0": ["0"]}


@pytest.mark.parametrize(("label", "joins"), [(0, True), (1, False)])
def test_an_answer_that_says_the_same_joins_and_teaches(label: int, joins: bool) -> None:
    held = scope([0, label])
    learning.store(fresh(held, 0), None)
    lesson = learning.store(fresh(held, 1), seen(held, "e0"))
    assert lesson is not None
    assert (lesson.right > 0.9) is joins
    assert (held.entry_of["1"] == "e0") is joins


def test_comparisons_that_say_nothing_teach_nothing() -> None:
    held = scope([0, 0], silent=0.999)
    learning.store(fresh(held, 0), None)
    assert learning.store(fresh(held, 1), seen(held, "e0")) is None


def test_entries_of_one_phrasing_are_merged_when_enough_agree() -> None:
    held = scope([0] * 12)
    for number in (0, 1):
        fresh(held, number).put()  # made twice for one meaning, as when comparisons erred
    for number in range(2, 12):
        learning.store(fresh(held, number), seen(held, held.entry_of["0"]))
        if len(held.members) == 1:
            break
    assert len(held.members) == 1
    assert number <= 2 * MERGES_AT + 2


def test_a_pair_that_was_compared_says_nothing_new() -> None:
    held = scope([0, 0, 0])
    for number in (0, 1):
        fresh(held, number).put()
    one = fresh(held, 2)
    assert len(one.between([("0", "1")])) == 1
    assert one.between([("1", "0"), ("0", "1")]) == []


def test_an_audit_that_disagrees_gives_the_question_its_own_answer() -> None:
    held = scope([0, 0, 0, 1])
    fresh(held, 0).put()
    for number in (1, 2):
        fresh(held, number).join("e0")
    lesson = learning.audit(fresh(held, 3), seen(held, "e0", probability=0.95))
    assert lesson is not None
    assert lesson.audited
    assert lesson.right < 0.1
    assert held.entry_of["3"] == "e3"


def test_an_audit_finds_the_answer_that_is_served_wrong() -> None:
    held = scope([1, 0, 0, 0, 0, 0, 0, 0])
    fresh(held, 0).put()
    for number in range(1, 6):
        fresh(held, number).join("e0")  # what is served is of another meaning than all that asked
    for number in (6, 7):
        learning.audit(fresh(held, number), seen(held, "e0", probability=0.95))
    assert held.labels[int(held.served["e0"])] == 0


def test_an_audit_of_what_is_gone_teaches_nothing() -> None:
    held = scope([0, 0])
    fresh(held, 0).put()
    before = seen(held, "e0")
    held.drop("0")
    assert learning.audit(fresh(held, 1), before) is None


def mixed(labels: list[int]) -> Scope:
    """All but the last question in one entry, whatever they mean."""
    held = scope(labels)
    for number in range(len(labels) - 1):
        held.add(str(number), "e0")
    return held


def test_an_entry_of_two_meanings_is_split_by_an_answer_that_shows_it() -> None:
    held = mixed([0, 0, 0, 1, 1, 1, 1])
    near = tuple(Near(str(n), "e0", 0.95 - n / 100) for n in (5, 4, 3, 2, 1, 0))
    learning.store(fresh(held, 6), Neighbourhood(near, "e0", 0.9, (0.9,) * 15))
    assert sorted(map(sorted, held.members.values())) == [["0", "1", "2"], ["3", "4", "5", "6"]]
    assert {held.labels[int(held.served[entry])] for entry in held.members} == {0, 1}


def test_an_entry_of_one_meaning_stays_whole_when_comparisons_err() -> None:
    held = mixed([0] * 7)
    memory = fresh(held, 6)
    memory._compared |= {"4": -memory.one, "5": -memory.one}  # two that erred
    near = tuple(Near(str(n), "e0", 0.95 - n / 100) for n in (5, 4, 3, 2, 1, 0))
    learning.store(memory, Neighbourhood(near, "e0", 0.9, (0.9,) * 15))
    assert len(held.members) == 1


def test_a_wrong_hit_of_an_entry_of_two_meanings_splits_it() -> None:
    held = mixed([0, 0, 0, 1, 1, 1, 1])
    near = tuple(Near(str(n), "e0", 0.95 - n / 100) for n in (5, 4, 3, 2, 1, 0))
    lesson = learning.audit(fresh(held, 6), Neighbourhood(near, "e0", 0.95, (0.95,) * 15))
    assert lesson is not None
    assert lesson.right < 0.1
    assert sorted(map(sorted, held.members.values())) == [["0", "1", "2"], ["3", "4", "5", "6"]]
