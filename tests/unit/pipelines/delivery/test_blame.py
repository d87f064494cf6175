"""Who is to blame for a dead worker."""

from __future__ import annotations

import pytest

from pipelines.delivery.blame import FEW, MOST_DEATHS, Fate, fates


@pytest.mark.parametrize(
    ("deaths", "become"),
    [
        ({}, {}),
        ({"a": 0}, {"a": "suspect"}),
        ({"a": 0, "b": 0}, {"a": "suspect", "b": "suspect"}),
        # The only one under suspicion, for the second time: that may be bad luck.
        ({"a": 1, "b": 0, "c": 0}, {"a": "alone", "b": "suspect", "c": "suspect"}),
        # For the third time: the others were merely there.
        ({"a": 2, "b": 0, "c": 0}, {"a": "parked", "b": "suspect", "c": "suspect"}),
        # Two under suspicion: nobody knows which, and each is tried alone.
        ({"a": 1, "b": 1, "c": 0}, {"a": "alone", "b": "alone", "c": "suspect"}),
        ({"a": 2}, {"a": "parked"}),
        ({"a": 3, "b": 2}, {"a": "alone", "b": "alone"}),
        ({"a": MOST_DEATHS - 1, "b": 1}, {"a": "parked", "b": "alone"}),
    ],
)
def test_what_becomes_of_a_dead_workers_messages(deaths: dict[str, int], become: dict[str, Fate]) -> None:
    assert fates(deaths) == become


def at_once(waiting: int) -> int:
    """As fetch.lua takes suspects."""
    return min(waiting, 1) if waiting <= FEW else waiting // 2


def test_a_killer_is_parked_and_its_innocents_are_not() -> None:
    """One message ends its worker whenever it runs; the others are done where it does not run beside them."""
    waiting = {"killer": 0, **{f"innocent-{n}": 0 for n in range(20)}}
    parked: set[str] = set()
    deaths = 0
    hand = dict(waiting)
    while hand:
        become = fates(hand)
        deaths += 1
        parked |= {name for name, fate in become.items() if fate == "parked"}
        waiting = {name: before + 1 for name, before in hand.items() if name not in parked}
        if "killer" in parked:
            break
        # Taken next, by the rules of the fetch: those that died more than once alone, the others a few at a time.
        together = at_once(len(waiting)) if max(waiting.values()) == 1 else 1
        hand = {name: waiting[name] for name in ["killer", *(n for n in waiting if n != "killer")][:together]}
    assert parked == {"killer"}
    assert deaths <= 3


def test_who_died_of_a_kill_is_back_at_work_in_a_few_rounds() -> None:
    waiting, rounds = 32, 0
    while waiting:
        waiting, rounds = waiting - at_once(waiting), rounds + 1
    assert rounds <= 7
