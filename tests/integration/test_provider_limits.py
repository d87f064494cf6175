"""A provider is asked no more than the operator says; a call that may not be made yet holds no thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from pipelines.errors import ProvidersExhausted
from pipelines.message import Message
from pipelines.routing.catalog import Offer
from workers.broker.away import Later
from workers.config.endpoints import ProviderConfig
from workers.demo.standin import Fault, StandIn
from workers.providers import calls
from workers.providers.health import ProviderHealth
from workers.providers.limits import ProviderLimits
from workers.providers.openai_client import Providers
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

NARROW, WIDE = (Offer(name, "gpt-4o-mini", "economy") for name in ("narrow", "wide"))


@pytest.fixture
def store(client: Any) -> Any:
    return client


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(speed=0.0) as server:
        yield server


def providers(store: Any, standin: StandIn, **limits: int) -> Providers:
    configs = [
        ProviderConfig("narrow", standin.url, "key", "openai", **limits),
        ProviderConfig("wide", standin.url, "key", "openai"),
    ]
    return Providers(configs, ProviderHealth(store), ProviderLimits(configs, store))


def ask(held: Providers, *offers: Offer, deadline_s: float = 20.0, hold_s: float = 1.0) -> calls.CallResult:
    until = time.time() + deadline_s
    question = [Message("user", "Hi")]
    return calls.call(held, offers, question, {}, deadline_at=until, deadline_s=deadline_s, hold_s=hold_s)


def test_requests_a_minute_hold_for_the_whole_fleet(store: Any, standin: StandIn) -> None:
    one, two = (providers(store, standin, requests_per_minute=3) for _ in range(2))
    assert [ask(held, NARROW, WIDE).offer for held in (one, two, one, two)] == [NARROW, NARROW, NARROW, WIDE]
    with pytest.raises(Later) as put_off:
        ask(one, NARROW)
    assert 0 < put_off.value.delay_s <= 5
    with pytest.raises(ProvidersExhausted, match="as much as its limits allow"):
        ask(one, NARROW, deadline_s=0.6)
    for held in (one, two):
        held.close()


def test_tokens_a_minute_count_what_is_expected(store: Any, standin: StandIn) -> None:
    held = providers(store, standin, tokens_per_minute=700)
    assert ask(held, NARROW, WIDE).offer == NARROW  # some 300 each
    assert ask(held, NARROW, WIDE).offer == NARROW
    assert ask(held, NARROW, WIDE).offer == WIDE
    held.close()


def test_what_is_larger_than_a_minutes_tokens_is_asked_when_there_is_room_for_all(store: Any, standin: StandIn) -> None:
    held = providers(store, standin, tokens_per_minute=50)
    assert ask(held, NARROW, WIDE).offer == NARROW
    assert ask(held, NARROW, WIDE).offer == WIDE
    held.close()


def test_calls_at_once_are_leased_and_given_back(store: Any, standin: StandIn) -> None:
    held = providers(store, standin, concurrency=1)
    assert ask(held, NARROW, WIDE).offer == NARROW
    assert store.zcard(keys.calls("narrow")) == 0
    store.zadd(keys.calls("narrow"), {"another's": time.time() + 30})
    assert ask(held, NARROW, WIDE).offer == WIDE
    store.zadd(keys.calls("narrow"), {"another's": time.time() - 1})  # its worker died, and its time is over
    assert ask(held, NARROW, WIDE).offer == NARROW
    held.close()


def test_without_a_store_nobody_is_held_up(standin: StandIn) -> None:
    away = redis.Redis(port=1, retry=None)
    held = providers(away, standin, requests_per_minute=1, concurrency=1)
    assert [ask(held, NARROW).offer for _ in range(3)] == [NARROW] * 3
    held.close()


def test_a_provider_that_asks_for_time_holds_no_thread(store: Any, standin: StandIn) -> None:
    standin.faults.append(Fault(status=429, headers={"retry-after": "7"}))
    held = providers(store, standin)
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(Later) as put_off:
            ask(held, NARROW)
        assert 5 < put_off.value.delay_s <= 8
    assert time.monotonic() - began < 2
    assert len(standin.requests) == 1
    held.close()
