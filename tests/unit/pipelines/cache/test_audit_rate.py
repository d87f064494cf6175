"""How often hits are audited: a new tenant's first ones and an entry's first ones often, a crowd's hardly."""

from __future__ import annotations

import random

import pytest

from pipelines.cache import risk
from pipelines.cache.boundary import Policy


def audits(count: int, *, entries: int, hits: int = 0) -> float:
    """How many of ``count`` sure hits in turn on so many entries are audited, as expected."""
    policy = Policy(hits=hits)
    rate = [
        risk.audit_rate(0.99, hits=policy.hits, uncertainty=0.1, of_entry=number // entries) for number in range(count)
    ]
    return sum(rate)


def test_a_crowd_that_asks_one_thing_is_audited_a_few_times() -> None:
    assert 4 <= audits(86, entries=1) <= 12


def test_as_many_hits_on_many_entries_are_audited_as_a_new_tenants_first_ones() -> None:
    assert audits(86, entries=86) == pytest.approx(43)


@pytest.mark.parametrize("of_entry", [0, 5, 50, 5_000])
@pytest.mark.parametrize("hits", [0, 100, 100_000])
def test_no_hit_is_spared_for_sure_and_its_weight_says_how_rarely_it_is_audited(hits: int, of_entry: int) -> None:
    policy, dice = Policy(hits=hits), random.Random(3)
    rate = risk.audit_rate(0.97, hits=hits, uncertainty=0.1, of_entry=of_entry)
    assert rate >= risk.LEAST_AUDIT
    weights = [policy.audit(0.97, dice.random(), of_entry=of_entry) for _ in range(20_000)]
    assert sum(filter(None, weights)) / len(weights) == pytest.approx(1.0, abs=0.15)
