"""Jobs with hours to wait go to the provider's Batch API at half the price, and come back under their own ids."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import BudgetSpent, ProviderFailed, StoreUnavailable
from pipelines.money.budget import Budget
from pipelines.routing.catalog import Catalog
from tests.waiting import until
from workers.config.tenants import RoutingRules
from workers.demo.standin_batches import DONE_AFTER_S, Batches
from workers.jobs import batches as kept
from workers.providers import batches as api
from workers.stages import batch_lane, batch_tending
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess

HALF = Decimal("0.5")
HOURS = 4 * 3_600.0


class Lane:
    """``fleet`` with a provider that has a Batch API, which is done at once."""

    def __init__(self, fleet: InProcess, tenant: str) -> None:
        self.fleet, self.tenant = fleet, tenant
        self.api: Batches = fleet.model.batches
        self.calls = len(fleet.model.requests)

    def send(self, question: str, **fields: Any) -> str:
        return self.fleet.client.submit(
            question, tenant=self.tenant, user="u-1", **{"deadline_s": HOURS, "cache": "refresh", **fields}
        )

    def tend(self) -> dict[str, int]:
        return self.fleet.runtime.batch_tending.tend(self.fleet.app)

    def parked(self) -> list[kept.BatchJob]:
        return [job for job in kept.Batches(self.fleet.runtime.ledger_redis).all() if job.tenant == self.tenant]

    def result(self, job_id: str) -> Any:
        return self.fleet.client.result(job_id, 30.0, tenant=self.tenant)

    def called(self) -> int:
        return len(self.fleet.model.requests) - self.calls

    def totals(self) -> dict[str, int]:
        days = self.fleet.runtime.accounts.totals(self.tenant, 1)
        return next(iter(days.values()), {}).get(self.tenant, {})


@pytest.fixture
def lane(fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    monkeypatch.setattr("pipelines.routing.lanes.is_due", lambda *_: True)
    configuration = fleet.runtime.configuration
    offers = tuple(replace(offer, batch_price=HALF) for offer in configuration.catalog.offers)
    fleet.model.batches.done_after_s = 0.0
    with fleet.instead(configuration=replace(configuration, catalog=Catalog(offers))):
        made = Lane(fleet, tenant)
        fleet.runtime.batches.tended("", time.time())
        yield made
        kept.Batches(fleet.runtime.ledger_redis).forget(made.parked())
        fleet.runtime.providers.close()
    fresh = fleet.model.batches
    fresh.done_after_s, fresh.refuses, fresh.loses = DONE_AFTER_S, 0, lambda _: False


def test_a_job_with_hours_to_wait_is_answered_by_a_batch_at_half_the_price(lane: Lane) -> None:
    job_id = lane.send("How do I oil a bicycle chain?")
    until(lane.parked)
    assert lane.called() == 0
    assert lane.tend() == {"sent": 1}
    assert lane.parked()[0].batch
    assert job_id not in json.dumps(lane.api.files), "the provider is not told whose it is"
    assert lane.tend() == {"answered": 1}
    answer = lane.result(job_id)
    assert (answer.job_id, answer.source, answer.degraded) == (job_id, "model", ())
    assert answer.cost_usd == HALF * lane.fleet.priced("gpt-4o-mini", answer.usage)
    assert "batch at 0.5" in answer.price_version
    assert lane.called() == 0
    assert lane.parked() == []
    redis: Any = lane.fleet.runtime.ledger_redis
    until(lambda: not redis.keys(f"{keys.BATCHES}:job:*") and not redis.keys(f"{keys.BATCHES}:answer:*"))
    assert lane.totals()["cost_nusd"] == int(answer.cost_usd * 10**9)


def test_what_a_batch_answered_is_there_for_the_next_who_asks(lane: Lane) -> None:
    lane.send("How do I wax a wooden floor?", cache="use")
    until(lane.parked)
    lane.tend()
    lane.tend()
    until(lambda: lane.fleet.ask("How do I wax a wooden floor?", tenant=lane.tenant, user="u-2").source == "exact")


def test_who_has_less_time_is_asked_at_once(lane: Lane) -> None:
    assert lane.result(lane.send("How do I patch a tyre?", deadline_s=3_600.0)).source == "model"
    assert lane.called() == 1
    assert lane.parked() == []


def test_who_comes_away_empty_is_asked_at_once(lane: Lane) -> None:
    lane.api.loses = lambda body: "pergola" in json.dumps(body["messages"])
    lost, fine = lane.send("How do I dry a pergola?"), lane.send("How do I dry a boot?")
    until(lambda: len(lane.parked()) == 2)
    lane.tend()
    assert lane.tend() == {"answered": 1, "unanswered": 1}
    assert lane.result(lost).cost_usd > lane.result(fine).cost_usd
    assert lane.called() == 1


def test_who_waited_long_enough_is_asked_at_once_and_what_comes_too_late_is_on_the_bill_once(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane.api.done_after_s = 3_600.0
    job_id = lane.send("How do I sharpen a plane?")
    until(lane.parked)
    lane.tend()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 0.8 * HOURS)
    assert lane.tend() == {"asked_at_once": 1}
    monkeypatch.undo()
    answer = lane.result(job_id)
    assert answer.cost_usd == lane.fleet.priced("gpt-4o-mini", answer.usage)
    assert [job.left for job in lane.parked()] == [True]
    for batch in lane.api.made.values():
        batch["done_at"] = 0.0
    for _ in range(3):
        lane.tend()
    assert lane.parked() == []
    totals = lane.totals()
    assert totals["wasted"] == 1
    assert totals["cost_nusd"] == int(answer.cost_usd * 10**9) + totals["wasted_nusd"]


@pytest.mark.parametrize(("status", "doubt_s"), [(429, 600.0), (500, 0.0)])
def test_a_provider_that_refuses_a_batch_is_asked_again(
    lane: Lane, status: int, doubt_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_tending, "DOUBT_S", doubt_s)
    lane.api.refuses = status
    job_id = lane.send("How do I bleed a radiator?")
    until(lane.parked)
    assert lane.tend() == {}
    lane.api.refuses = 0
    done = [found for found in (lane.tend() for _ in range(3)) if found]
    assert done == [{"sent": 1}, {"answered": 1}]
    assert lane.result(job_id).source == "model"
    assert lane.called() == 0


def test_a_batch_of_which_nobody_heard_whether_it_was_made_is_found(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, sent = len(lane.api.made), api.send

    def unheard(*given: Any) -> str:
        sent(*given)
        raise ProviderFailed("stand-in", "timeout", retryable=True)

    monkeypatch.setattr(api, "send", unheard)
    job_id = lane.send("How do I store a canoe?")
    until(lane.parked)
    lane.tend()
    monkeypatch.setattr(api, "send", sent)
    assert [lane.tend() for _ in range(2)] == [{}, {"answered": 1}]
    assert lane.result(job_id).source == "model"
    assert len(lane.api.made) - before == 1


def test_money_stays_set_aside_while_a_job_waits(lane: Lane) -> None:
    budget = Budget(Decimal("0.0105"))  # room for one call at its dearest
    configuration = replace(
        lane.fleet.runtime.configuration, tenants_routing={lane.tenant: RoutingRules(budget=budget)}
    )
    with lane.fleet.instead(configuration=configuration):
        job_id = lane.send("How do I fix a zip?")
        until(lane.parked)
        with pytest.raises(BudgetSpent):
            lane.result(lane.send("How do I fix a lock?"))
        lane.tend()
        lane.tend()
        assert lane.result(job_id).source == "model"
        redis: Any = lane.fleet.runtime.ledger_redis
        until(lambda: redis.hlen(keys.held(lane.tenant)) == 0)
        lane.fleet.runtime.providers.close()


def test_one_process_tends_them_at_a_time(lane: Lane) -> None:
    lane.send("How do I seal a grout line?")
    until(lane.parked)
    store = kept.Batches(lane.fleet.runtime.ledger_redis)
    assert store.tends("another")
    assert lane.tend() == {}
    store.tended("nobody", time.time())
    assert lane.tend() == {}
    store.tended("another", time.time())
    assert lane.tend() == {"sent": 1}


def test_a_model_that_is_gone_from_the_configuration_keeps_nobody_waiting(lane: Lane) -> None:
    job_id = lane.send("How do I clean a grill?")
    until(lane.parked)
    job = lane.parked()[0]
    kept.Batches(lane.fleet.runtime.ledger_redis).forget([job])
    redis: Any = lane.fleet.runtime.ledger_redis
    redis.hset(keys.BATCHES, job.name, replace(job, model="gone").encode())
    assert lane.tend() == {"asked_at_once": 1}
    assert lane.result(job_id).source == "model"


@pytest.mark.parametrize("ago_s", [600.0, None], ids=["not for ten minutes", "never"])
def test_where_nobody_would_fetch_it_a_job_is_asked_at_once(lane: Lane, ago_s: float | None) -> None:
    redis: Any = lane.fleet.runtime.ledger_redis
    redis.delete(keys.BATCHES_LATEST) if ago_s is None else redis.set(keys.BATCHES_LATEST, time.time() - ago_s)
    assert lane.result(lane.send("How do I paint a fence?")).source == "model"
    assert lane.called() == 1


def test_without_the_ledger_a_job_is_asked_at_once(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("ledger", "TimeoutError")

    monkeypatch.setattr(kept.Batches, "park", away)
    assert lane.result(lane.send("How do I hang a swing?")).source == "model"
    assert lane.called() == 1


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
    until(lambda: not redis.exists(keys.batched(job.name)))
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
    job_id = lane.send("How do I set a trap?")
    until(lane.parked)
    lane.fleet.client.cancel(job_id)
    before = len(lane.api.made)
    until(lambda: job_id in batch_tending.of_worker.revoked)
    lane.tend()
    assert lane.parked() == []
    assert len(lane.api.made) == before
    assert lane.called() == 0


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
