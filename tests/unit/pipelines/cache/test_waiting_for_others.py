"""Whose answers a job waits for, of those that are asked at the same time."""

from __future__ import annotations

import pytest

from pipelines.cache import risk
from pipelines.cache.boundary import Policy
from pipelines.cache.decision import Candidate, Hit, decide, waits_for, would_hit
from tests.unit.pipelines.cache.test_decision import candidates, centroid


@pytest.mark.parametrize("cosine", [0.3, 0.8, 0.9, 0.93, 0.96, 0.99, 0.999])
@pytest.mark.parametrize("cached", ["How do I reset my password?", "How do I reset my PIN?", "Can I not reset it?"])
def test_alone_there_a_phrasing_is_a_hit_where_the_decision_calls_it_one(cached: str, cosine: float) -> None:
    (one,) = candidates(("e", cached, cosine))
    found = decide("How can I reset my password?", [one], centroid(cosine), Policy())
    assert would_hit("How can I reset my password?", one, Policy()) == isinstance(found, Hit)


def test_a_hit_alone_is_waited_for_and_of_what_is_likely_only_a_crowd() -> None:
    asked = "How do I reset my login password?"
    sure = Candidate("s", "s", "How do I reset the login password?", 0.99)
    likely = [
        Candidate(f"l{n}", f"l{n}", f"What is the way number to change login passwords{'!' * n}", 0.86)
        for n in range(3)
    ]
    assert list(waits_for(asked, [sure, *likely[:1]], Policy())) == [sure]
    assert not waits_for(asked, likely[:2], Policy())
    assert list(waits_for(asked, likely, Policy())) == likely
    gated_one = Candidate("g", "g", "How do I not reset my login password?", 0.86)
    assert not waits_for(asked, [*likely[:2], gated_one], Policy())
    far = Candidate("f", "f", "Where is my parcel?", 0.5)
    assert not waits_for(asked, [*likely[:2], far], Policy())


def test_where_nothing_is_served_nobody_waits_for_a_crowd() -> None:
    likely = [Candidate(f"l{n}", f"l{n}", f"How do I change my login password{'!' * n}", 0.88) for n in range(4)]
    assert waits_for("How do I reset my login password?", likely, Policy())
    assert not waits_for("How do I reset my login password?", likely, Policy(at=risk.NOTHING))
