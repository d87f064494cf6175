"""Feedback that repairs: a wrong entry is gone at once, its match is never made again, a correction stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.cache.entry import entry_id
from pipelines.cache.voices import Quorum
from tests.waiting import until
from workers.client import Farthing

if TYPE_CHECKING:
    from tests.fleet import InProcess

CACHED = "How do I reset my password?"
NEAR = "How can I reset my password?"


@pytest.fixture
def plain(unjudged: InProcess, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """The fleet without a judge and without audits: nothing but feedback changes the cache."""
    monkeypatch.setattr("pipelines.cache.boundary.Policy.audit", lambda *_, **__: None)
    return unjudged


def feedback(fleet: InProcess, job_id: str | None, **verdict: Any) -> dict[str, Any]:
    """As an operator, unless it says otherwise."""
    found: dict[str, Any] = fleet.client.feedback(str(job_id), wait_s=30.0, **{"approve": True, **verdict})
    return found


def test_a_wrong_match_is_never_made_again(plain: InProcess, tenant: str) -> None:
    first = plain.settled(plain.ask(CACHED, tenant=tenant))
    hit = plain.ask(NEAR, tenant=tenant)
    assert hit.source == "semantic"
    done = feedback(plain, hit.job_id, rating="wrong")
    assert (done["known"], done["dropped"], done["corrected"], done["served"]) == (True, True, False, [hit.job_id])
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
    record = plain.runtime.records.recall(str(fresh.job_id))
    assert record is not None
    until(lambda: plain.runtime.accounts.totals(tenant, 1))
    for _ in range(20):  # write-back has had its say by then
        assert plain.ask(CACHED, tenant=tenant).text == "Ask the front desk."


def test_the_jobs_that_an_entry_answered_can_be_listed(plain: InProcess, tenant: str) -> None:
    first = plain.settled(plain.ask(CACHED, tenant=tenant))
    hits = [plain.ask(CACHED, tenant=tenant).job_id for _ in range(3)]
    assert plain.runtime.accounts.served(entry_id(tenant, str(first.job_id), secret=plain.runtime.secret)) == hits[::-1]


def test_a_changed_document_takes_exactly_its_answers_with_it(plain: InProcess, tenant: str) -> None:
    manual = {"metadata": {"sources": ["manual-7", "faq"]}}
    rests = plain.settled(plain.ask("How do I open the lid?", tenant=tenant, **manual))
    other = plain.settled(plain.ask("Where are invoices listed?", tenant=tenant, metadata={"sources": ["faq-2"]}))
    neighbour = plain.settled(plain.ask("How do I open the lid?", tenant=f"{tenant}-2", **manual))
    until(lambda: plain.runtime.sources._redis.exists(f"farthing:tenant:{{{tenant}}}:source:manual-7"))
    assert plain.runtime.sources.drop(tenant, "manual-7") == 1
    assert plain.runtime.sources.drop(tenant, "manual-7") == 0
    assert plain.ask("How do I open the lid?", tenant=tenant, **manual).source == "model"
    assert plain.ask("Where are invoices listed?", tenant=tenant).text == other.text
    assert plain.ask("How do I open the lid?", tenant=f"{tenant}-2").text == neighbour.text
    assert rests.source == "model"


def test_a_users_word_moves_what_that_user_is_given_and_nobody_elses(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    hit = plain.ask(CACHED, tenant=tenant, user="mallory")
    evil = "Send your card number to evil.example"
    done = feedback(plain, hit.job_id, rating="wrong", correction=evil, approve=False)
    assert done == {
        "known": True, "dropped": False, "corrected": False, "own": True, "waits": True
    }  # fmt: skip
    assert plain.ask(CACHED, tenant=tenant, user="mallory").text == evil
    for user in ("victim", "alice", None):
        assert evil not in plain.ask(CACHED, tenant=tenant, user=user).text
        assert evil not in plain.ask(NEAR, tenant=tenant, user=user).text


def test_one_user_cannot_make_others_pay_however_often_it_says_wrong(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    for _ in range(4):
        job = plain.ask(CACHED, tenant=tenant, user="mallory")
        feedback(plain, job.job_id, rating="wrong", approve=False)
        again = plain.ask(CACHED, tenant=tenant, user="mallory")
        assert again.source == "model", "this user asks afresh"
        plain.settled(again)
    assert plain.ask(CACHED, tenant=tenant, user="alice").source == "exact"


def test_a_user_who_said_wrong_pays_once_for_the_answer_that_follows(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    job = plain.ask(CACHED, tenant=tenant, user="bo")
    feedback(plain, job.job_id, rating="wrong", approve=False)
    plain.settled(plain.ask(CACHED, tenant=tenant, user="bo"))
    assert plain.ask(CACHED, tenant=tenant, user="bo").source == "exact"


def test_enough_users_together_drop_an_answer_for_all(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    jobs = {user: plain.ask(CACHED, tenant=tenant, user=user).job_id for user in ("bo", "cy")}
    said = [feedback(plain, jobs[user], rating="wrong", approve=False) for user in ("bo", "bo", "cy")]
    dropped = [one["dropped"] for one in said]
    assert dropped == [False, False, True], "one user counts once"
    assert plain.ask(CACHED, tenant=tenant, user="dee").source == "model"


def test_what_waits_is_listed_and_approved_or_dismissed(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    hit = plain.ask(CACHED, tenant=tenant, user="bo")
    feedback(plain, hit.job_id, rating="wrong", correction="Ask the desk.", approve=False)
    (case,) = plain.runtime.reviews.cases(tenant)
    assert (case.about.question, case.voices[0].user, case.voices[0].correction) == (CACHED, "bo", "Ask the desk.")
    assert case.about.answer == hit.text
    assert feedback(plain, hit.job_id, rating="wrong")["corrected"]
    assert plain.runtime.reviews.cases(tenant) == []
    assert plain.ask(CACHED, tenant=tenant, user="cy").text == "Ask the desk."


def test_a_quorum_of_users_may_correct_where_the_tenant_says_so(plain: InProcess, tenant: str) -> None:
    configuration = plain.runtime.configuration
    rules = replace(configuration.cache, quorum=Quorum(wrong_after_users=0, correct_after_users=2))
    with plain.instead(configuration=replace(configuration, cache=rules)):
        plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
        jobs = {user: plain.ask(CACHED, tenant=tenant, user=user).job_id for user in ("bo", "cy", "dee")}
        said = {"bo": "Ask the desk.", "cy": "Call evil.example", "dee": "ask the desk"}
        done = [feedback(plain, jobs[user], rating="wrong", correction=said[user], approve=False) for user in jobs]
    assert [one["corrected"] for one in done] == [False, False, True]
    assert plain.ask(CACHED, tenant=tenant, user="eve").text == "Ask the desk."


def test_nobody_speaks_of_another_tenants_or_users_job(plain: InProcess, tenant: str) -> None:
    job = plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    for stranger in ({"tenant": "another"}, {"user": "mallory"}):
        done = feedback(plain, job.job_id, rating="wrong", correction="evil", **stranger)
        assert not any((done["known"], done["dropped"], done["corrected"], done["own"]))
    assert plain.ask(CACHED, tenant=tenant, user="alice").source == "exact"


def test_users_cannot_take_back_what_an_operator_approved(plain: InProcess, tenant: str) -> None:
    first = plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    feedback(plain, first.job_id, rating="wrong", correction="Ask the front desk.")
    for user in ("bo", "cy"):
        job = plain.ask(CACHED, tenant=tenant, user=user)
        assert not feedback(plain, job.job_id, rating="wrong", approve=False)["dropped"]
    assert plain.ask(CACHED, tenant=tenant, user="dee").text == "Ask the front desk."


def test_nobody_speaks_for_a_user_without_being_it(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    job = plain.ask(CACHED, tenant=tenant, user="alice")
    with Farthing() as other:
        done = other.feedback(str(job.job_id), rating="wrong", correction="evil", tenant=tenant, wait_s=30.0)
    assert (done["known"], done["own"], done["waits"]) == (True, False, True)
    assert "evil" not in plain.ask(CACHED, tenant=tenant, user="alice").text


def test_one_nameless_job_is_no_quorum(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant))
    job = plain.ask(CACHED, tenant=tenant)
    said = [feedback(plain, job.job_id, rating="wrong", user=user, approve=False) for user in ("x1", "x2", "x3")]
    assert not any(one["dropped"] for one in said)


def test_a_user_may_take_a_word_back(plain: InProcess, tenant: str) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    jobs = {user: plain.ask(CACHED, tenant=tenant, user=user).job_id for user in ("bo", "cy")}
    feedback(plain, jobs["bo"], rating="wrong", approve=False)
    feedback(plain, jobs["bo"], rating="right", approve=False)
    assert not feedback(plain, jobs["cy"], rating="wrong", approve=False)["dropped"]


@pytest.mark.parametrize("asked_again", [False, True])
def test_what_enough_users_dropped_can_still_be_approved(plain: InProcess, tenant: str, asked_again: bool) -> None:
    plain.settled(plain.ask(CACHED, tenant=tenant, user="alice"))
    jobs = {user: plain.ask(CACHED, tenant=tenant, user=user).job_id for user in ("bo", "cy")}
    for job_id in jobs.values():
        feedback(plain, job_id, rating="wrong", correction="Use vinegar.", approve=False)
    if asked_again:
        plain.settled(plain.ask(CACHED, tenant=tenant, user="dee"))
    done = feedback(plain, jobs["bo"], rating="wrong", approve=True)
    assert done["corrected"]
    assert plain.ask(CACHED, tenant=tenant, user="eve").text == "Use vinegar."
    assert plain.runtime.reviews.cases(tenant) == []
