"""Eviction: what saves the least goes first."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.cache.eviction import Evictable, evicted


def held(
    name: str, asked: int = 1, saves: str = "0.001", expires_at: float = 100.0, *, curated: bool = False
) -> Evictable:
    return Evictable("scope", name, asked, Decimal(saves), expires_at, curated)


def names(found: list[Evictable]) -> list[str]:
    return [one.id for one in found]


def test_frequency_and_price_count_together_and_age_only_between_equals() -> None:
    cache = [
        held("often and cheap", asked=50, saves="0.0001"),
        held("once and dear", saves="0.02"),
        held("once and cheap, late", saves="0.0001", expires_at=900.0),
        held("once and cheap, soon", saves="0.0001"),
        held("never asked again", asked=0, saves="0.0002"),
    ]
    assert names(evicted(cache, 2)) == [
        "once and cheap, soon",
        "once and cheap, late",
        "never asked again",
        "often and cheap",
    ]


def test_a_persons_word_goes_last() -> None:
    cache = [held("hers", asked=0, saves="0", curated=True), *(held(str(n), asked=9) for n in range(20))]
    assert "hers" not in names(evicted(cache, 10))


@given(st.lists(st.integers(0, 99), max_size=50), st.integers(1, 60))
def test_nothing_goes_while_there_is_room_and_else_a_tenth_is_made_free(asked: list[int], capacity: int) -> None:
    cache = [held(str(n), asked=times) for n, times in enumerate(asked)]
    gone = evicted(cache, capacity)
    if len(cache) <= capacity:
        assert gone == []
    else:
        assert len(cache) - len(gone) == int(0.9 * capacity)
        kept = [one for one in cache if one not in gone]
        assert all(one.worth <= other.worth for one in gone for other in kept)
