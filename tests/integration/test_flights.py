"""Of jobs that ask the same at the same time a model answers one, and it the others, each under its own id."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ProvidersExhausted
from tests.waiting import until
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess


@pytest.fixture
def slow(fleet: InProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Calls wait until the event is set."""
    calls = fleet.tasks.calls
    go, call = threading.Event(), calls.call

    def waits(*args: Any, **kwargs: Any) -> Any:
        assert go.wait(20)
        return call(*args, **kwargs)

    monkeypatch.setattr(calls, "call", waits)
    yield go
    go.set()


def job(question: str, tenant: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}], "tenant": tenant, "user": "u-1", **fields}


def send(fleet: InProcess, given: dict[str, Any], **options: Any) -> Any:
    return fleet.app.send_task("chat.cache_lookup", [given], queue="cache-lookup", **options)


def waiting(fleet: InProcess) -> int:
    redis: Any = fleet.runtime.ledger_redis
    return sum(redis.llen(key) for key in redis.keys(keys.waiting("*")))


def calls_about(fleet: InProcess, words: str) -> int:
    """Calls whose prompt has these words: an audit of another test's may come between."""
    return sum(words in str(request["messages"]) for request in fleet.model.requests)


def test_many_that_ask_the_same_are_one_call(fleet: InProcess, tenant: str, slow: threading.Event) -> None:
    sent = [send(fleet, job("How do I polish a copper kettle?", tenant), task_id=f"{tenant}-{n}") for n in range(30)]
    until(lambda: waiting(fleet) == 29)
    slow.set()
    answers = [one.get(timeout=30) for one in sent]
    assert calls_about(fleet, "polish a copper kettle") == 1
    assert Counter(answer["source"] for answer in answers) == {"model": 1, "follower": 29}
    assert [answer["job_id"] for answer in answers] == [f"{tenant}-{n}" for n in range(30)]
    assert len({answer["text"] for answer in answers}) == 1
    assert all(float(answer["baseline_usd"]) > 0 for answer in answers)
    assert waiting(fleet) == 0


def test_who_asks_something_else_or_as_somebody_else_waits_for_nobody(
    fleet: InProcess, tenant: str, slow: threading.Event
) -> None:
    question = "How do I varnish a violin bow?"
    kinds: list[dict[str, Any]] = [
        *({}, {"tenant": f"{tenant}-b"}, {"model": "premium"}, {"knowledge": "v2"}, {"params": {"temperature": 0.5}}),
        *({"cache": "bypass"}, {"cache": "refresh"}),
    ]
    sent = [send(fleet, {**job(question, tenant), **fields}) for fields in kinds]
    sent += [send(fleet, job("My e-mail is jane@example.org, is it right?", tenant, user=user)) for user in ("a", "b")]
    time.sleep(0.5)
    assert waiting(fleet) == 0
    slow.set()
    assert [one.get(timeout=30)["source"] for one in sent] == ["model"] * len(sent)


@pytest.mark.parametrize("cache", ["use", "bypass"])
def test_one_job_sent_five_times_at_once_is_paid_once(
    fleet: InProcess, tenant: str, slow: threading.Event, cache: str
) -> None:
    before = len(fleet.model.requests)
    given = job("How do I bury a passport?", tenant, cache=cache)
    sent = [send(fleet, given, task_id=f"five-{tenant}") for _ in range(5)]
    until(lambda: waiting(fleet) == 4)
    slow.set()
    assert len({one.get(timeout=30)["text"] for one in sent}) == 1
    until(lambda: waiting(fleet) == 0)
    time.sleep(0.5)
    assert len(fleet.model.requests) - before == 1


def test_who_asks_nearly_the_same_waits_too_and_is_decided_on_again(
    fleet: InProcess, tenant: str, slow: threading.Event
) -> None:
    before = len(fleet.model.requests)
    first = send(fleet, job("How do I reset my password?", tenant))
    until(lambda: fleet.runtime.ledger_redis.keys(keys.flying("*")))
    near = send(fleet, job("How can I reset my password?", tenant))
    until(lambda: waiting(fleet) == 1)
    other = send(fleet, job("How do I reset my thermostat?", tenant))
    time.sleep(0.3)
    assert waiting(fleet) == 1
    slow.set()
    answers = [one.get(timeout=30) for one in (first, near, other)]
    assert [answer["source"] for answer in answers] == ["model", "semantic", "model"]
    assert len(fleet.model.requests) - before == 2
    until(lambda: not fleet.runtime.ledger_redis.keys(keys.flying("*")))


def test_when_the_one_fails_the_others_are_answered(
    fleet: InProcess, tenant: str, slow: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fleet.tasks.calls
    call, failed = calls.call, []

    def fails_once(*args: Any, **kwargs: Any) -> Any:
        if not failed and "organ" in args[2][-1].text:  # and not an audit of another test's
            failed.append(1)
            slow.wait(20)
            raise ProvidersExhausted(["the only provider: away"])
        return call(*args, **kwargs)

    monkeypatch.setattr(calls, "call", fails_once)
    sent = [send(fleet, job("How do I melt a church organ?", tenant), task_id=f"f-{tenant}-{n}") for n in range(5)]
    until(lambda: waiting(fleet) == 4)
    slow.set()
    outcomes = [one.get(timeout=30, propagate=False) for one in sent]
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 4
    assert waiting(fleet) == 0


def test_a_flight_whose_leader_was_lost_is_landed(fleet: InProcess, tenant: str) -> None:
    flights, past = fleet.runtime.flights, time.time() - 60
    given = job("How do I fold a lighthouse lamp?", tenant)
    message = fleet.app.signature("chat.cache_lookup", args=(given,), queue="cache-lookup", task_id=f"lost-{tenant}")
    import json

    assert flights.leads(f"x-{tenant}", "gone", again=False, now=past, until=past + 1, message="")
    fleet.runtime.ledger_redis.set(keys.flight(f"x-{tenant}"), "gone")
    held = json.dumps(message)
    assert not flights.leads(f"x-{tenant}", f"lost-{tenant}", again=False, now=past, until=past + 1, message=held)
    fleet.app.send_task("cache.maintain", queue="maintenance")
    assert fleet.app.AsyncResult(f"lost-{tenant}").get(timeout=30)["source"] == "model"


def test_a_leader_whose_message_comes_again_goes_on(fleet: InProcess, tenant: str) -> None:
    flights, now = fleet.runtime.flights, time.time()
    given: dict[str, Any] = {"now": now, "until": now + 60, "message": "m"}
    assert flights.leads(f"y-{tenant}", "job", again=False, **given)
    assert not flights.leads(f"y-{tenant}", "job", again=False, **given), "sent twice"
    assert flights.leads(f"y-{tenant}", "job", again=True, **given), "its worker died"
    assert not flights.leads(f"y-{tenant}", "other", again=True, **given)
    assert flights.land(f"y-{tenant}", lambda _: None) == 2
