"""A broken provider is asked by the whole fleet a few times, and then by one call in a while; the other answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from pipelines.errors import ProviderFailed
from pipelines.message import Message
from pipelines.routing import health
from pipelines.routing.catalog import Offer
from workers.config.endpoints import ProviderConfig
from workers.demo.standin import Fault, StandIn
from workers.providers import calls
from workers.providers.health import ProviderHealth
from workers.providers.openai_client import Providers
from workers.store import keys
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST, SECOND = (Offer(name, "gpt-4o-mini", "economy") for name in ("first", "second"))


@pytest.fixture
def store(redis_url: str) -> Iterator[Any]:
    client = redis.Redis.from_url(redis_url)
    client.delete(keys.HEALTH, keys.trial("first"), keys.trial("second"))
    yield client
    client.delete(keys.HEALTH, keys.trial("first"), keys.trial("second"))
    client.close()


@pytest.fixture
def two() -> Iterator[tuple[StandIn, StandIn]]:
    with StandIn(speed=0.0) as first, StandIn(speed=0.0) as second:
        yield first, second


@pytest.fixture
def worker(store: Any, two: tuple[StandIn, StandIn]) -> Iterator[Callable[[], Providers]]:
    made: list[Providers] = []

    def another() -> Providers:
        configs = [ProviderConfig(n, s.url, "key", "openai") for n, s in zip(("first", "second"), two, strict=True)]
        made.append(Providers(configs, ProviderHealth(store)))
        return made[-1]

    yield another
    for one in made:
        one.close()


def ask(providers: Providers, *offers: Offer, deadline_s: float = 20.0) -> calls.CallResult:
    until = time.time() + deadline_s
    return calls.call(
        providers, offers or (FIRST, SECOND), [Message("user", "Hi")], {}, deadline_at=until, deadline_s=deadline_s
    )


def test_each_job_asks_a_broken_provider_once_and_the_fleet_a_few_times(
    worker: Callable[[], Providers], two: tuple[StandIn, StandIn]
) -> None:
    two[0].faults.extend([Fault(status=500)] * 50)
    fleet = [worker(), worker()]
    for n in range(20):
        assert ask(fleet[n % 2]).offer == SECOND
    assert health.FAILURES <= len(two[0].requests) <= health.FAILURES + 1
    assert len(two[1].requests) == 20


def test_a_provider_that_is_due_is_tried_by_one_call_and_is_well_when_that_is_answered(
    worker: Callable[[], Providers], two: tuple[StandIn, StandIn], store: Any
) -> None:
    two[0].faults.extend([Fault(status=500)] * health.FAILURES)
    one = worker()
    for _ in range(health.FAILURES + 2):
        ask(one)
    store.hset(keys.HEALTH, "first", "[3, 1, 1.0]")  # its time is over
    others = [worker(), worker()]
    store.set(keys.trial("first"), 1, px=5000)  # somebody tries it at this moment
    assert ask(others[0]).offer == SECOND
    store.delete(keys.trial("first"))
    assert ask(others[0]).offer == FIRST
    assert not store.hexists(keys.HEALTH, "first")
    time.sleep(0.3)  # what the other read is believed for a quarter of a second
    assert ask(others[1]).offer == FIRST


def test_a_provider_that_asks_for_time_gets_it_from_everybody(
    worker: Callable[[], Providers], two: tuple[StandIn, StandIn]
) -> None:
    two[0].faults.append(Fault(status=429, headers={"retry-after": "30"}))
    assert ask(worker()).offer == SECOND
    began = time.monotonic()
    assert ask(worker()).offer == SECOND
    assert time.monotonic() - began < 2
    assert len(two[0].requests) == 1


def test_who_cannot_be_answered_in_time_is_told_at_once(
    worker: Callable[[], Providers], two: tuple[StandIn, StandIn]
) -> None:
    two[0].faults.append(Fault(status=429, headers={"retry-after": "30"}))
    providers = worker()
    with pytest.raises(ProviderFailed, match="rate limited"):
        ask(providers, FIRST, deadline_s=5.0)
    began = time.monotonic()
    with pytest.raises(Exception, match="left alone"):
        ask(worker(), FIRST, deadline_s=5.0)
    assert time.monotonic() - began < 1
    assert len(two[0].requests) == 1


def test_a_provider_that_says_nothing_is_left_for_the_other_soon(
    worker: Callable[[], Providers], two: tuple[StandIn, StandIn]
) -> None:
    providers = worker()
    assert ask(providers).offer == FIRST  # its pace is known now
    two[0].faults.append(Fault(silent_s=15.0))
    began = time.monotonic()
    assert ask(providers).offer == SECOND
    assert time.monotonic() - began < health.LEAST_S + 2


def test_without_a_store_each_process_goes_by_what_it_saw(two: tuple[StandIn, StandIn]) -> None:
    configs = [ProviderConfig(n, s.url, "key", "openai") for n, s in zip(("first", "second"), two, strict=True)]
    away = connect("redis://127.0.0.1:1/0")
    providers = Providers(configs, ProviderHealth(away))
    two[0].faults.extend([Fault(status=500)] * 50)
    for _ in range(6):
        assert ask(providers).offer == SECOND
    assert len(two[0].requests) == health.FAILURES
    providers.close()
    away.close()
