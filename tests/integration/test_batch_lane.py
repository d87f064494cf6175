"""Jobs with hours to wait go to the provider's Batch API at half the price, and come back under their own ids."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pipelines.answer import Route
from pipelines.errors import BudgetSpent, ProviderFailed, StoreUnavailable
from pipelines.money.budget import Budget
from tests.lane import HALF, HOURS, Lane
from tests.waiting import until
from workers.config.tenants import RoutingRules
from workers.jobs import batches as kept
from workers.providers import batches as api
from workers.store import keys


def test_a_job_with_hours_to_wait_is_answered_by_a_batch_at_half_the_price(lane: Lane) -> None:
    job_id = lane.send("How do I oil a bicycle chain?")
    until(lane.parked)
    assert lane.called() == 0
    assert lane.tend() == {"sent": 1}
    assert lane.parked()[0].batch
    name = lane.parked()[0].name
    assert job_id not in json.dumps(lane.api.files), "the provider is not told whose it is"
    assert lane.tend() == {"answered": 1}
    answer = lane.result(job_id)
    assert (answer.job_id, answer.source, answer.degraded) == (job_id, "model", ())
    assert answer.cost_usd == HALF * lane.fleet.priced("gpt-4o-mini", answer.usage)
    assert "batch at 0.5" in answer.price_version
    assert lane.called() == 0
    assert lane.parked() == []
    redis: Any = lane.fleet.runtime.ledger_redis
    until(lambda: not redis.exists(keys.batch(name, "job"), keys.batch(name, "answer")))
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
    monkeypatch.setattr("pipelines.routing.lanes.DOUBT_S", doubt_s)
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


def test_who_a_panel_chose_is_asked_by_batch_though_another_is_cheaper(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = Route("premium", 0.9, "by a panel", by_gain=True, models=("gpt-4o", "gpt-4o-mini"))
    monkeypatch.setattr("workers.stages.routing.tier.route", lambda *_, **__: route)
    lane.send("How do I grease a hinge?")
    until(lane.parked)
    assert [job.model for job in lane.parked()] == ["gpt-4o"]
