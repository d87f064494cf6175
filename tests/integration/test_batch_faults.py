"""The batch lane under fire: who has less time, who fails, what comes twice, late, to nobody."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pipelines.errors import StoreUnavailable
from pipelines.money.budget import Budget
from tests.lane import HOURS, Lane
from tests.waiting import until
from workers.config.tenants import RoutingRules
from workers.demo.standin_batches import Batches
from workers.jobs import batches as kept
from workers.stages import batch_lane, batch_tending
from workers.store import keys


def test_who_has_less_time_than_a_parked_job_does_not_wait_for_it_and_who_has_more_does(lane: Lane) -> None:
    question = "How do I brew a cold coffee?"
    first = lane.send(question, cache="use")
    until(lane.parked)
    hurried = lane.send(question, cache="use", deadline_s=0.75 * HOURS)
    until(lambda: len(lane.parked()) == 2)
    patient = lane.send(question, cache="use", deadline_s=2 * HOURS)
    redis: Any = lane.fleet.runtime.ledger_redis
    until(lambda: sum(redis.llen(key) for key in redis.keys(keys.waiting("*"))) == 1)
    assert lane.tend() == {"sent": 2}
    lane.tend()
    assert [lane.result(job_id).source for job_id in (first, hurried, patient)] == ["model", "model", "follower"]


def test_who_waited_before_it_was_parked_decides_again(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    question, sent = "How do I stack firewood?", list[str]()
    parks = batch_lane.BatchLane.parks

    def later(*given: Any) -> bool:
        if not sent:  # the first one is on its way to the lane while the second comes
            sent.append(lane.send(question, cache="use", deadline_s=0.75 * HOURS))
            redis: Any = lane.fleet.runtime.ledger_redis
            until(lambda: sum(redis.llen(key) for key in redis.keys(keys.waiting("*"))) == 1)
        return parks(*given)

    monkeypatch.setattr(batch_lane.BatchLane, "parks", later)
    lane.send(question, cache="use")
    until(lambda: len(lane.parked()) == 2)


def test_maintenance_tends_the_lane_whatever_else_fails(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise StoreUnavailable("cache", "full (maxmemory)")

    monkeypatch.setattr("workers.cache.entries.CacheStore.sweep", full)
    lane.send("How do I stitch a sail?")
    until(lane.parked)
    with pytest.raises(StoreUnavailable):
        lane.fleet.tasks.maintain()
    assert lane.parked()[0].batch


def test_a_provider_that_is_gone_stops_nobody_elses_batch(lane: Lane) -> None:
    lane.api.done_after_s = 3_600.0
    gone = lane.send("How do I gild a frame?")
    until(lane.parked)
    lane.tend()
    job, redis = lane.parked()[0], lane.fleet.runtime.ledger_redis
    redis.hset(keys.BATCHES, job.name, replace(job, provider="gone").encode())
    other = lane.send("How do I mount a shelf?")
    until(lambda: len(lane.parked()) == 2)
    lane.api.done_after_s = 0.0
    assert lane.tend() == {"asked_at_once": 1, "sent": 1}
    assert lane.tend() == {"answered": 1}
    assert [lane.result(one).source for one in (gone, other)] == ["model", "model"]


def test_a_message_that_is_sent_twice_is_paid_once(lane: Lane) -> None:
    job_id = lane.send("How do I fold a map?")
    until(lane.parked)
    job = lane.parked()[0]
    message = kept.Batches(lane.fleet.runtime.ledger_redis).message(job)
    lane.tend()
    lane.tend()
    first = lane.result(job_id)
    redis: Any = lane.fleet.runtime.ledger_redis
    until(lambda: not redis.exists(keys.batch(job.name, "job")))
    redis.delete(keys.paid(job_id))
    assert message is not None
    batch_tending.canvas.send_again(lane.fleet.app, message)
    time.sleep(0.5)
    assert lane.called() == 0
    assert lane.result(job_id).cost_usd == first.cost_usd
    assert lane.totals()["cost_nusd"] == int(first.cost_usd * 10**9)


def test_what_was_kept_though_nobody_knew_is_not_sent_once_it_is_answered(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    park = kept.Batches.park

    def late(*given: Any, **named: Any) -> None:
        park(*given, **named)
        raise StoreUnavailable("ledger", "TimeoutError")

    monkeypatch.setattr(kept.Batches, "park", late)
    assert lane.result(lane.send("How do I air a duvet?")).source == "model"
    assert len(lane.parked()) == 1
    assert lane.tend() == {}
    assert lane.parked() == []


def test_what_a_batch_answered_is_given_whatever_was_spent_meanwhile(lane: Lane) -> None:
    rules = {lane.tenant: RoutingRules(budget=Budget(Decimal("0.0105")))}
    with lane.fleet.instead(configuration=replace(lane.fleet.runtime.configuration, tenants_routing=rules)):
        job_id = lane.send("How do I tune a drum?")
        until(lane.parked)
        lane.tend()
        day = time.strftime("%Y-%m-%d", time.gmtime())
        lane.fleet.runtime.accounts.count(f"x-{lane.tenant}", lane.tenant, day, {"jobs": 1, "cost_nusd": 10**9})
        lane.tend()
        assert lane.result(job_id).source == "model"
        lane.fleet.runtime.providers.close()


def test_a_job_whose_message_expires_soon_is_not_kept(lane: Lane) -> None:
    given = {"messages": [{"role": "user", "content": "How do I rig a mast?"}], "tenant": lane.tenant, "user": "u-1"}
    sent = lane.fleet.app.send_task(
        "chat.cache_lookup", [{**given, "deadline_s": HOURS}], queue="cache-lookup", expires=600
    )
    assert sent.get(timeout=30)["source"] == "model"
    assert lane.parked() == []


def test_a_job_that_is_cancelled_before_it_is_sent_is_not_paid_for(lane: Lane) -> None:
    job_id = lane.send("How do I set a trap?", cache="use")
    until(lane.parked)
    follower = lane.send("How do I set a trap?", cache="use", deadline_s=2 * HOURS)
    redis: Any = lane.fleet.runtime.ledger_redis
    until(lambda: sum(redis.llen(key) for key in redis.keys(keys.waiting("*"))) == 1)
    lane.fleet.client.cancel(job_id)
    before = len(lane.api.made)
    until(lambda: job_id in batch_tending.of_worker.revoked)
    lane.tend()
    until(lambda: [job.job_id for job in lane.parked()] == [follower])
    assert len(lane.api.made) == before
    assert lane.called() == 0


def test_a_full_lane_takes_no_more(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.routing.lanes.MOST_KEPT", 0)
    assert lane.result(lane.send("How do I prune a rose?")).source == "model"
    assert lane.called() == 1


def test_a_line_that_is_none_costs_its_own_job_alone(lane: Lane) -> None:
    fine, bad = lane.send("How do I glaze a pot?"), lane.send("How do I fire a kiln?")
    until(lambda: len(lane.parked()) == 2)
    lane.tend()
    names = {job.job_id: job.name for job in lane.parked()}
    looked_at = Batches._looked_at

    def garbled(batches: Batches, batch: dict[str, Any]) -> dict[str, Any]:
        found = looked_at(batches, batch)
        if file := found.get("output_file_id"):
            lines = batches.files[file].split("\n")
            batches.files[file] = "\n".join("{oops" if names[bad] in line else line for line in lines)
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Batches, "_looked_at", garbled)
        assert lane.tend() == {"answered": 1, "unanswered": 1}
    assert [lane.result(one).source for one in (fine, bad)] == ["model", "model"]
    assert lane.called() == 1


def test_an_answer_that_is_none_is_on_the_bill_and_the_job_asked_at_once(lane: Lane) -> None:
    lane.api.speaks, speaks = (
        (lambda asked: {**speaks(asked), "choices": [{"message": {"role": "assistant", "content": 7}}]}),
        lane.api.speaks,
    )
    try:
        job_id = lane.send("How do I split a log?")
        until(lane.parked)
        lane.tend()
        lane.tend()
        assert lane.result(job_id).cost_usd > 0
        assert lane.called() == 1
    finally:
        lane.api.speaks = speaks


def test_whose_it_is_belongs_to_a_jobs_name() -> None:
    from pipelines.job import Job
    from pipelines.journey import Progress

    def named(tenant: str, **more: Any) -> str:
        given = {"messages": [{"role": "user", "content": "Hi"}], "tenant": tenant}
        return batch_lane.name_of(Progress(Job.decode(given), "one.audit", 0.0, **more))

    assert len({named("a"), named("b"), named("a", audit=1.0)}) == 3
    assert named("a") == named("a")


def test_who_tends_dies_after_an_answer_was_sent_on_and_it_is_on_the_bill_once(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = lane.send("How do I shell a crab?")
    until(lane.parked)
    lane.tend()

    def dies(*_: Any) -> None:
        raise StoreUnavailable("ledger", "ConnectionError")

    with monkeypatch.context() as dying:
        dying.setattr(kept.Batches, "forget", dies)
        lane.tend()
    answer = lane.result(job_id)
    lane.tend()
    assert lane.parked() == []
    assert lane.called() == 0
    totals = lane.totals()
    assert totals["cost_nusd"] == int(answer.cost_usd * 10**9)
    assert totals.get("wasted", 0) == 0
