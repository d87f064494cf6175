"""Of a queue that is full, the tenant that filled it is refused, and told when to come again."""

from __future__ import annotations

import time
from typing import Any

import pytest
import redis

from pipelines.errors import QueueFull
from pipelines.journey import TENANT
from pipelines.routing.catalog import Catalog
from tests.integration.broker.taker import Taker, put
from workers.broker import backlog
from workers.broker.backlog import Backlog
from workers.client import Farthing
from workers.config.settings import Settings
from workers.stages.arrival import Arrival


def flood(broker: Any, queue: str, tenant: str, many: int) -> None:
    put(broker, *(f"{tenant}{n}" for n in range(many)), queue=queue, **{TENANT: tenant})


@pytest.fixture(autouse=True)
def _clean(broker: Any) -> Any:
    broker.flushdb()
    yield
    broker.flushdb()


def test_what_waits_is_counted_by_tenant_and_by_how_fast_it_goes(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BELIEVED_S", 0.0)
    monkeypatch.setattr(backlog, "LEAST_S", 0.0)
    flood(broker, "broker-q", "a", 30)
    flood(broker, "broker-q", "b", 5)
    one = Taker(broker, "one")
    one.fetch(1)
    looks = Backlog(("broker-q", "broker-none"))
    seen = looks.look(broker)
    assert (seen.waiting, seen.of) == (34, {"a": 29, "b": 5})
    assert not seen.admits("a", 30)
    assert seen.admits("b", 30)
    assert seen.admits("c", 30)
    one.fetch(10)
    assert (looks.look(broker).taken_per_s or 0) > 0


def test_what_was_put_off_waits_too_and_is_its_tenants(broker: Any) -> None:
    flood(broker, "broker-q", "商|店", 6)
    one = Taker(broker, "one")
    for field, _ in one.fetch(4)[2]:
        one.hand.postpone(field, time.time() + 60)
        one.hand.give_back(field)
    one.sweeper.beat()
    seen = Backlog(("broker-q",)).look(broker)
    assert (seen.waiting, seen.of) == (6, {"商|店": 6})
    assert Backlog(("broker-none",)).look(broker).waiting == 0


def test_a_tenant_of_any_script_is_known_by_its_name(broker: Any) -> None:
    flood(broker, "broker-q", "商店", 12)
    Taker(broker, "one").fetch(0)
    seen = Backlog(("broker-q",)).look(broker)
    assert seen.of == {"商店": 12}
    assert not seen.admits("商店", 10)


def test_a_client_is_told_before_it_sends(broker: Any, redis_url: str) -> None:
    flood(broker, "cache-lookup", "a", 20)
    Taker(broker, "one", ("cache-lookup",)).fetch(0)  # as a busy worker sorts it
    with Farthing(redis_url, environ={"FARTHING_MOST_WAITING": "20"}) as client:
        with pytest.raises(QueueFull, match=r"20 jobs wait in cache-lookup: send it again in \d") as full:
            client.submit("Hi", tenant="a")
        assert full.value.retry_after_s >= 1
        client.submit("Hi", tenant="b")
    with Farthing(redis_url, environ={"FARTHING_MOST_WAITING": "0"}) as client:
        client.submit("Hi", tenant="a")
    assert broker.llen("cache-lookup") == 2


def arrival(redis_url: str, broker: Any, **settings: str) -> Arrival:
    given = Settings.from_env({"FARTHING_BROKER_URL": redis_url, "FARTHING_MOST_WAITING": "20", **settings})
    nothing: Any = None
    return Arrival(Catalog(()), nothing, given, lambda: broker)


def test_a_miss_is_refused_where_too_many_wait_for_a_model(broker: Any, redis_url: str) -> None:
    flood(broker, "model-call", "a", 15)
    flood(broker, "classify", "a", 5)
    Taker(broker, "one", ("model-call", "classify")).fetch(0)
    here = arrival(redis_url, broker)
    with pytest.raises(QueueFull, match="20 jobs wait in model-call"):
        here.room("a")
    here.room("b")
    arrival(redis_url, broker, FARTHING_MOST_WAITING="0").room("a")


def test_a_broker_that_does_not_answer_refuses_nobody(redis_url: str) -> None:
    arrival(redis_url, redis.Redis(port=1, retry=None)).room("a")
