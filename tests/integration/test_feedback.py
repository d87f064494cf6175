"""Feedback that repairs: a wrong entry is gone at once, its match is never made again, a correction stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipelines.judging import Budget
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fleet import InProcess

CACHED = "How do I reset my password?"
NEAR = "How can I reset my password?"


@pytest.fixture
def plain(fleet: InProcess, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """The fleet without a judge and without audits: nothing but feedback changes the cache."""
    monkeypatch.setitem(fleet.resources.made, "judge_budget", Budget(0.0))
    monkeypatch.setattr("pipelines.cache.Policy.audit", lambda *_: None)
    return fleet


def feedback(fleet: InProcess, job_id: str | None, **verdict: Any) -> dict[str, Any]:
    found: dict[str, Any] = fleet.client.feedback(str(job_id), wait_s=30.0, **verdict)
    return found


def test_a_wrong_match_is_never_made_again(plain: InProcess, tenant: str) -> None:
    first = plain.settled(plain.ask(CACHED, tenant=tenant))
    hit = plain.ask(NEAR, tenant=tenant)
    assert hit.source == "semantic"
    done = feedback(plain, hit.job_id, rating="wrong")
    assert done == {"known": True, "dropped": True, "corrected": False, "served": [hit.job_id]}
    again = plain.settled(plain.ask(CACHED, tenant=tenant))
    assert again.source == "model", "the entry is gone, and asked afresh"
    assert again.job_id != first.job_id
    assert plain.ask(NEAR, tenant=tenant).source == "model", "the pair is kept apart"


def test_it_is_not_made_the_other_way_round_either(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant))
    hit = plain.ask(NEAR, tenant=tenant)
    feedback(plain, hit.job_id, rating="wrong")
    plain.settled(plain.ask(NEAR, tenant=tenant))
    assert plain.ask(CACHED, tenant=tenant).source == "model"


def test_a_correction_answers_what_was_asked_and_nothing_beside_it(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant))
    hit = plain.ask(NEAR, tenant=tenant)
    done = feedback(plain, hit.job_id, rating="wrong", correction="Ask the front desk.")
    assert done["corrected"]
    assert plain.ask(NEAR, tenant=tenant).text == "Ask the front desk."
    assert plain.ask(CACHED, tenant=tenant).source == "model", "it was the answer to another question"


def test_no_models_answer_takes_a_corrections_place(plain: InProcess, tenant: str) -> None:
    first = plain.settled(plain.ask(CACHED, tenant=tenant))
    feedback(plain, first.job_id, rating="wrong", correction="Ask the front desk.")
    fresh = plain.ask(CACHED, tenant=tenant, cache="refresh")
    assert fresh.source == "model"
    record = plain.resources.records.recall(str(fresh.job_id))
    assert record is not None
    until(lambda: plain.resources.accounts.totals(tenant, 1))
    for _ in range(20):  # write-back has had its say by then
        assert plain.ask(CACHED, tenant=tenant).text == "Ask the front desk."


def test_the_jobs_that_an_entry_answered_can_be_listed(plain: InProcess, tenant: str) -> None:
    first = plain.settled(plain.ask(CACHED, tenant=tenant))
    hits = [plain.ask(CACHED, tenant=tenant).job_id for _ in range(3)]
    assert plain.resources.accounts.served(str(first.job_id)) == hits[::-1]


def test_a_changed_document_takes_exactly_its_answers_with_it(plain: InProcess, tenant: str) -> None:
    manual = {"metadata": {"sources": ["manual-7", "faq"]}}
    rests = plain.settled(plain.ask("How do I open the lid?", tenant=tenant, **manual))
    other = plain.settled(plain.ask("Where is my invoice?", tenant=tenant, metadata={"sources": ["faq-2"]}))
    neighbour = plain.settled(plain.ask("How do I open the lid?", tenant=f"{tenant}-2", **manual))
    until(lambda: plain.resources.sources._redis.exists(f"farthing:tenant:{{{tenant}}}:source:manual-7"))
    assert plain.resources.sources.drop(tenant, "manual-7") == 1
    assert plain.resources.sources.drop(tenant, "manual-7") == 0
    assert plain.ask("How do I open the lid?", tenant=tenant, **manual).source == "model"
    assert plain.ask("Where is my invoice?", tenant=tenant).text == other.text
    assert plain.ask("How do I open the lid?", tenant=f"{tenant}-2").text == neighbour.text
    assert rests.source == "model"
