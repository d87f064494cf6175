"""A sender's own canvas goes on after every kind of answer, and middle steps leave no conversation behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from celery import chain, chord

from pipelines.errors import JobRevoked
from tests.waiting import until
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess
    from workers.demo.standin import StandIn

KINDS = {"rule": "What is my balance?", "model": "Do you sell garden chairs?", "hit": "Do you sell garden tables?"}


@pytest.fixture(scope="module", autouse=True)
def saved(home: StandIn) -> Iterator[list[Any]]:  # noqa: ARG001 - the app reads its settings when it is imported
    """What the sender's own task was given; it is registered before the fleet starts."""
    from workers.app import app

    given: list[Any] = []

    @app.task(name="shop.save", shared=False)
    def save(answer: Any) -> Any:
        given.append(answer)
        return len(answer) if isinstance(answer, list) else answer["source"]

    yield given
    app.tasks.pop("shop.save")


def job(question: str, tenant: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}], "tenant": tenant, "user": "u-1"}


def lookup(fleet: InProcess, question: str, tenant: str) -> Any:
    return fleet.app.signature("chat.cache_lookup", args=(job(question, tenant),), queue="cache-lookup")


def save(fleet: InProcess) -> Any:
    return fleet.app.signature("shop.save", queue="maintenance")


@pytest.fixture(params=sorted(KINDS))
def question(request: pytest.FixtureRequest, saved: list[Any], fleet: InProcess, tenant: str) -> str:
    if request.param == "hit":
        fleet.settled(fleet.ask(KINDS["hit"], tenant=tenant, user="u-1"))
    saved.clear()
    return KINDS[str(request.param)]


def test_a_chain_goes_on(fleet: InProcess, question: str, tenant: str) -> None:
    done = chain(lookup(fleet, question, tenant), save(fleet)).apply_async()
    assert done.get(timeout=30) in ("rule", "model", "exact")


def test_a_link_is_called(fleet: InProcess, question: str, tenant: str, saved: list[Any]) -> None:
    lookup(fleet, question, tenant).apply_async(link=save(fleet))
    until(lambda: saved)
    assert saved[0]["text"]


def test_a_chord_comes_to_its_body(fleet: InProcess, question: str, tenant: str) -> None:
    header = [lookup(fleet, question, tenant), lookup(fleet, KINDS["model"], tenant)]
    assert chord(header)(save(fleet)).get(timeout=30) == 2


@pytest.mark.usefixtures("saved")
def test_an_error_calls_the_errback(fleet: InProcess, tenant: str, saved: list[Any]) -> None:
    saved.clear()
    bad = fleet.app.signature("chat.cache_lookup", args=({"messages": [], "tenant": tenant},), queue="cache-lookup")
    sent = chain(bad, save(fleet)).apply_async()
    with pytest.raises(Exception, match="messages"):
        sent.get(timeout=30)
    assert saved == []


@pytest.mark.usefixtures("saved")
def test_middle_steps_leave_no_conversation_behind(fleet: InProcess, redis_url: str, tenant: str) -> None:
    secret = f"the secret of {tenant}"
    talk = [
        {"role": "system", "content": secret},
        {"role": "user", "content": "My lamp flickers. " + "It is a long story. " * 1_000},
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": "And what else?"},
    ]
    client: Any = connect(redis_url)
    before = {key: client.memory_usage(key) for key in client.scan_iter("*")}
    answer = fleet.settled(fleet.ask(talk, tenant=tenant, user="u-1"))
    left = {key: client.memory_usage(key) or 0 for key in client.scan_iter("*") if key not in before}
    holding = [key for key in left if client.type(key) == b"string" and secret.encode() in (client.get(key) or b"")]
    assert holding == []
    assert sum(left.values()) < 25_000
    assert json.loads(client.get(f"celery-task-meta-{answer.job_id}"))["status"] == "SUCCESS"
    client.close()


def test_a_priority_and_headers_ride_along(fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, Any]] = []
    billing = fleet.runtime.billing
    priced = billing.priced

    def look(*given: Any) -> Any:
        request = fleet.tasks.model_call.request
        seen.append(((request.delivery_info or {}).get("priority"), (request.headers or {}).get("shop")))
        return priced(*given)

    monkeypatch.setattr(billing, "priced", look)
    sent = fleet.app.send_task(
        "chat.cache_lookup", [job("Do you sell hats?", tenant)], queue="cache-lookup", priority=6, headers={"shop": "x"}
    )
    assert sent.get(timeout=30)["source"] == "model"
    assert seen == [(6, "x")]


def test_a_revoked_job_is_not_called(fleet: InProcess, tenant: str) -> None:
    calls = len(fleet.model.requests)
    job_id = f"revoked-{tenant}"
    fleet.app.control.revoke(job_id)
    until(lambda: _revoked(job_id))
    fleet.app.send_task("chat.cache_lookup", [job("Do you sell shoes?", tenant)], queue="cache-lookup", task_id=job_id)
    until(lambda: fleet.app.AsyncResult(job_id).state == "REVOKED")
    assert len(fleet.model.requests) == calls


def test_a_job_that_its_client_cancels_is_not_called(fleet: InProcess, tenant: str) -> None:
    calls = len(fleet.model.requests)
    job_id = f"cancelled-{tenant}"
    fleet.client.cancel(job_id)
    until(lambda: _revoked(job_id))
    fleet.client.submit("Do you sell gloves?", tenant=tenant, job_id=job_id)
    with pytest.raises(JobRevoked):
        fleet.client.result(job_id, 30.0, tenant=tenant)
    assert len(fleet.model.requests) == calls


def _revoked(job_id: str) -> bool:
    from celery.worker.state import revoked

    return job_id in revoked
