"""Of jobs that ask the same at the same time a model answers one, and it the others, each under its own id."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ProvidersExhausted, StoreUnavailable
from tests.waiting import until
from workers.fleet import lifecycle
from workers.jobs.flights import Flights, Joined
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


def leads(fleet: InProcess, job_id: str) -> bool:
    redis: Any = fleet.runtime.ledger_redis
    return job_id.encode() in redis.mget([*redis.keys(keys.flight("*")), "none"])


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


def test_who_is_in_a_hurry_waits_for_no_batch_job(fleet: InProcess, tenant: str, slow: threading.Event) -> None:
    batch = send(fleet, job("When do you open on a Monday?", tenant, deadline_s=3_600, priority="batch"))
    until(lambda: leads(fleet, batch.id))
    hurried = send(fleet, job("When do you open on a Monday?", tenant, deadline_s=60))
    patient = send(fleet, job("When do you open on a Monday?", tenant, deadline_s=1_800))
    until(lambda: waiting(fleet) == 1)
    slow.set()
    answers = [one.get(timeout=30) for one in (batch, hurried, patient)]
    assert [answer["source"] for answer in answers] == ["model", "model", "follower"]
    assert calls_about(fleet, "open on a Monday") == 2


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


CROWD = (
    "How do I reset my login password?",
    "How do I reset the password of my account?",
    "How do I change my login password?",
)


def test_of_a_crowd_that_asks_one_thing_in_many_words_a_few_are_asked_of_a_model(
    fleet: InProcess, tenant: str, slow: threading.Event
) -> None:
    redis: Any = fleet.runtime.ledger_redis
    sent = []
    for number, question in enumerate(CROWD, 1):
        sent.append(send(fleet, job(question, tenant)))
        until(lambda number=number: sum(redis.hlen(key) for key in redis.keys(keys.flying("*"))) == number)
    assert waiting(fleet) == 0, "two that are likely the same are no crowd"
    late = send(fleet, job("How do I change the password of my account?", tenant))
    until(lambda: waiting(fleet) == 1)
    other = send(fleet, job("How do I change the battery of my thermostat?", tenant))
    until(lambda: sum(redis.hlen(key) for key in redis.keys(keys.flying("*"))) == len(CROWD) + 1)
    assert waiting(fleet) == 1
    slow.set()
    for one in (*sent, late, other):
        assert one.get(timeout=30)["text"]
    until(lambda: not redis.keys(keys.flying("*")))


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

    when: dict[str, Any] = {"looked": past, "now": past, "until": past + 1}
    assert flights.join(f"x-{tenant}", "gone", again=False, message="", **when) is Joined.LEADS
    fleet.runtime.ledger_redis.set(keys.flight(f"x-{tenant}"), "gone")
    held = json.dumps(message)
    assert flights.join(f"x-{tenant}", f"lost-{tenant}", again=False, message=held, **when) is Joined.WAITS
    fleet.app.send_task("cache.maintain", queue="maintenance")
    assert fleet.app.AsyncResult(f"lost-{tenant}").get(timeout=30)["source"] == "model"


def test_a_leader_whose_message_comes_again_goes_on(fleet: InProcess, tenant: str) -> None:
    flights, now = fleet.runtime.flights, time.time()
    given: dict[str, Any] = {"looked": now, "now": now, "until": now + 60, "message": "m"}
    assert flights.join(f"y-{tenant}", "job", again=False, **given) is Joined.LEADS
    assert flights.join(f"y-{tenant}", "job", again=False, **given) is Joined.WAITS, "sent twice"
    assert flights.join(f"y-{tenant}", "job", again=True, **given) is Joined.LEADS, "its worker died"
    assert flights.join(f"y-{tenant}", "other", again=True, **given) is Joined.WAITS
    assert flights.land(f"y-{tenant}", "job", lambda _: None, now=now) == 2


def test_who_looked_before_the_answer_came_and_joins_after_it_looks_again(fleet: InProcess, tenant: str) -> None:
    flights, now, name = fleet.runtime.flights, time.time(), f"z-{tenant}"
    given: dict[str, Any] = {"again": False, "until": now + 60, "message": "m"}
    assert flights.join(name, "first", looked=now, now=now, **given) is Joined.LEADS
    flights.land(name, "first", lambda _: None, now=now + 1.0)
    assert not flights.waits("", name, "m"), "it has landed"
    assert flights.join(name, "late", looked=now + 0.9, now=now + 1.1, **given) is Joined.LOOKS_AGAIN
    assert flights.join(name, "later", looked=now + 1.1, now=now + 1.2, **given) is Joined.LEADS
    assert flights.join(name, "last", looked=now + 0.9, now=now + 1.3, **given) is Joined.WAITS
    assert flights.land(name, "first", lambda _: None, now=now + 1.4) == 0, "it comes again, and another flies by now"
    assert flights.join(name, "more", looked=now + 0.9, now=now + 1.5, **given) is Joined.WAITS
    assert flights.land(name, "", lambda _: None, now=now + 1.6) == 2, "its leader was lost"


def test_a_job_that_looked_before_the_answer_came_is_given_that_answer(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = job("How do I tune a harpsichord in a damp room?", tenant)
    arrival = fleet.runtime.arrival
    look_up, looked, go = arrival.look_up, threading.Event(), threading.Event()

    def looks_and_pauses(progress: Any, **options: Any) -> Any:
        found = look_up(progress, **options)
        if progress.job_id == f"slow-{tenant}" and not looked.is_set():
            looked.set()
            assert go.wait(20)
        return found

    monkeypatch.setattr(arrival, "look_up", looks_and_pauses)
    slow = send(fleet, given, task_id=f"slow-{tenant}")
    assert looked.wait(20)
    first = send(fleet, given, task_id=f"first-{tenant}").get(timeout=30)
    until(lambda: not leads(fleet, f"first-{tenant}"))
    go.set()
    second = slow.get(timeout=30)
    assert (first["source"], second["text"]) == ("model", first["text"])
    assert second["source"] != "model"
    assert calls_about(fleet, "harpsichord in a damp room") == 1


@pytest.mark.parametrize("times", [1, 3])
def test_who_waits_is_sent_on_soon_after_redis_was_away_as_the_leader_landed(
    fleet: InProcess, tenant: str, slow: threading.Event, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    land, failed = Flights.land, list[str]()

    def away(self: Flights, flight: str, *given: Any, **named: Any) -> int:
        if len(failed) < times:
            failed.append(flight)
            raise StoreUnavailable("ledger", "ConnectionError")
        return land(self, flight, *given, **named)

    question = f"How do I polish brass compass number {times}?"
    first = send(fleet, job(question, tenant, deadline_s=300))
    until(lambda: leads(fleet, first.id))
    second = send(fleet, job(question, tenant, deadline_s=300))
    until(lambda: waiting(fleet) == 1)
    monkeypatch.setattr(Flights, "land", away)
    slow.set()
    assert first.get(timeout=30)["source"] == "model"
    until(lambda: failed)
    for _ in range(times):
        lifecycle.hand_over()
    assert second.get(timeout=30)["source"] == "follower"
    assert calls_about(fleet, question) == 1
