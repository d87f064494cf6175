"""A message is in a worker's hand as it is popped, and comes back when the worker is gone: on a real Redis."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import redis

from pipelines.delivery import blame
from pipelines.delivery.blame import DEAD_AFTER
from tests.integration.broker.taker import QUEUE, Taker, ids, put
from tests.unit.workers.broker.test_envelope import raw
from workers.broker import envelope
from workers.broker.sweep import DIED_OF_IT
from workers.store import lists, scripts


def test_messages_are_taken_in_order_within_room_and_by_priority(broker: Any) -> None:
    one = Taker(broker, "one", (QUEUE, "broker-r"))
    put(broker, "late", queue=f"{QUEUE}{lists.PRIORITY}3")
    put(broker, "a", "b", "c")
    put(broker, "other", queue="broker-r")
    assert ids(one.fetch(2)[2]) == ["a", "b"]
    assert {json.loads(message)["headers"]["id"] for message in one.in_redis()} == {"a", "b"}
    assert ids(one.fetch(9)[2]) == ["c", "other", "late"]


def test_what_was_acknowledged_leaves_with_the_next_fetch(broker: Any) -> None:
    one = Taker(broker, "one")
    put(broker, "a", "b")
    (first, _), (second, _) = one.fetch(5)[2]
    one.hand.done(first)
    assert len(one.in_redis()) == 2
    one.fetch(0)
    assert one.in_redis() == {raw(id="b")}
    one.hand.done(second)
    one.hand.settle()
    assert one.in_redis() == set()
    assert one.hand.held == set()


def test_a_reply_that_never_came_costs_no_message(broker: Any) -> None:
    one = Taker(broker, "one")
    one.sweeper.beat()
    put(broker, "a", "b")
    one.fetch(5, lost=True)
    assert broker.llen(QUEUE) == 0
    once = one.hand.strays(set())
    assert len(once) == 2, "seen once, the reply may still be on its way"
    one.hand.strays(once)
    assert ids(one.fetch(5)[2]) == ["a", "b"], "in their order"


def test_what_celery_forgot_is_given_back(broker: Any) -> None:
    one = Taker(broker, "one")
    one.sweeper.beat()
    put(broker, "a", "b")
    (first, _), _ = one.fetch(5)[2]
    one.forgets = {first}
    one.sweeper.beat()
    assert broker.llen(QUEUE) == 0, "seen once, it may be about to begin"
    one.sweeper.beat()
    assert ids(one.fetch(5)[2]) == ["a"]


def test_a_full_redis_loses_nothing_and_goes_on(broker: Any) -> None:
    one, two = Taker(broker, "one"), Taker(broker, "two")
    put(broker, "a", "b", "c")
    for taker in (one, two):
        taker.sweeper.beat()
    broker.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            broker.set("x", "y" * 10_000)
        (first, _), *_ = one.fetch(1)[2]
        one.hand.done(first)
        assert len(one.fetch(2)[2]) == 2
        for _ in range(DEAD_AFTER + 2):
            two.sweeper.beat()
        assert sorted(ids(two.fetch(5)[2])) == ["b"], "one suspect at a time"
        assert broker.llen(lists.suspects(QUEUE)) == 1
    finally:
        broker.config_set("maxmemory", 0)


def test_of_many_that_wait_two_are_woken_by_the_lists_and_wake_the_others(broker: Any) -> None:
    takers = [Taker(broker, name) for name in ("a", "b", "c", "d")]
    assert [taker.fetch(1)[0] for taker in takers] == [True, True, False, False]
    put(broker, "x", "y", "z")
    _, wake, pairs = takers[0].fetch(1)
    assert ids(pairs) == ["x"]
    assert wake in ("c", "d"), "it is full, and somebody who waits is not"
    assert takers[1].fetch(1)[1] == ({"c", "d"} - {wake}).pop()
    assert takers[2].fetch(2)[0], "it takes what is left, and is woken by the lists from now on"


def dead(broker: Any, taker: Taker, by: Taker) -> None:
    """The worker has beaten, and beats no more."""
    broker.hincrby(lists.BEATS, taker.hand.name, 1)
    for _ in range(DEAD_AFTER + 1):
        by.sweeper.beat()


def test_a_dead_workers_messages_are_in_other_hands(broker: Any) -> None:
    one, two = Taker(broker, "one"), Taker(broker, "two")
    put(broker, *(f"m{n:02}" for n in range(20)))
    one.fetch(20)
    dead(broker, one, two)
    assert broker.hget(lists.BEATS, "one") is None
    pairs = two.fetch(20)[2]
    assert ids(pairs) == [f"m{n:02}" for n in range(10)], "half of them: one may have done it"
    assert all(envelope.read(message).deaths == 1 for _, message in pairs)
    for field, _ in pairs:
        two.hand.done(field)
    assert two.fetch(20)[2]


def test_a_worker_that_beats_keeps_its_hand(broker: Any) -> None:
    one, two = Taker(broker, "one"), Taker(broker, "two")
    put(broker, "a")
    one.fetch(1)
    for _ in range(2 * DEAD_AFTER):
        one.sweeper.beat()
        two.sweeper.beat()
    assert one.in_redis() == {raw(id="a")}


def test_who_comes_back_to_life_keeps_what_nobody_took(broker: Any) -> None:
    one = Taker(broker, "one")
    put(broker, "a")
    one.fetch(1)
    broker.hset(lists.BEATS, "one", 7)
    back = scripts.register(broker, "hand_back")
    (field,) = one.hand.held
    given = {"keys": [lists.BEATS, lists.hand("one"), QUEUE], "args": ["one", 6, field, 3, raw(id="a")]}
    assert back(**given) == -1
    assert one.in_redis() == {raw(id="a")}


def test_the_only_suspect_of_a_third_death_is_put_aside_and_its_caller_told(broker: Any) -> None:
    workers = [Taker(broker, f"w{n}") for n in range(5)]
    put(broker, "killer")
    workers[0].fetch(5)
    dead(broker, workers[0], workers[3])
    put(broker, "innocent")
    assert sorted(ids(workers[1].fetch(5)[2])) == ["innocent", "killer"]
    dead(broker, workers[1], workers[3])
    assert workers[3].told == [], "twice may be bad luck"
    assert ids(workers[2].fetch(1)[2]) == ["killer"], "alone, this time"
    dead(broker, workers[2], workers[3])
    (told,) = workers[3].told
    assert (json.loads(told[0])["headers"]["id"], told[1]) == ("killer", DIED_OF_IT)
    (letter,) = map(json.loads, broker.lrange(lists.DEAD, 0, -1))
    assert (letter["queue"], letter["deaths"], letter["reason"]) == (QUEUE, 3, DIED_OF_IT)
    assert ids(workers[4].fetch(5)[2]) == ["innocent"]


def test_what_died_twice_is_taken_alone(broker: Any) -> None:
    one = Taker(broker, "one")
    for name in ("a", "b"):
        broker.lpush(lists.alone(QUEUE), raw(id=name, **{envelope.DEATHS: 2}))
    broker.lpush(lists.suspects(QUEUE), raw(id="s", **{envelope.DEATHS: 1}))
    put(broker, "fresh")
    pairs = one.fetch(9)[2]
    assert ids(pairs) == ["a", "fresh"], "beside what is under no suspicion"
    one.hand.done(pairs[0][0])
    assert ids(one.fetch(9)[2]) == ["b"]


def test_a_worker_with_nothing_in_hand_stops_too(broker: Any) -> None:
    one = Taker(broker, "one")
    one.sweeper.beat()
    one.hand.close()
    assert broker.hkeys(lists.BEATS) == []


def test_a_worker_that_stops_gives_back_and_nobody_died(broker: Any) -> None:
    one, two = Taker(broker, "one"), Taker(broker, "two")
    one.sweeper.beat()
    put(broker, "a", "b", "c")
    (first, _), *_ = one.fetch(3)[2]
    one.hand.done(first)
    one.hand.close()
    assert broker.hkeys(lists.BEATS) == []
    pairs = two.fetch(9)[2]
    assert ids(pairs) == ["b", "c"]
    assert all(envelope.read(message).deaths == 0 for _, message in pairs)


def test_what_is_put_off_is_in_no_hand_until_its_time(broker: Any) -> None:
    one = Taker(broker, "one")
    put(broker, "a", "b")
    (first, _), (second, _) = one.fetch(5)[2]
    for field, due in ((first, time.time() + 60), (second, time.time() - 1)):
        one.hand.postpone(field, due)
        one.hand.give_back(field)
    one.sweeper.beat()
    assert one.in_redis() == set()
    assert (broker.zcard(lists.LATER), broker.hlen(lists.LATER_MESSAGES)) == (1, 1)
    ((_, message),) = one.fetch(5)[2]
    found = json.loads(message)
    assert found["headers"]["id"] == "b"
    assert found["properties"]["delivery_info"]["redelivered"], "who comes again is not judged a second time"
    broker.zadd(lists.LATER, dict.fromkeys(broker.zrange(lists.LATER, 0, -1), 1.0))
    one.sweeper.beat()
    assert ids(one.fetch(5)[2]) == ["a"]
    assert not broker.exists(lists.LATER, lists.LATER_MESSAGES)


def test_a_worker_that_was_taken_for_dead_says_again_who_it_is(broker: Any) -> None:
    shown: list[int] = []
    one, two = Taker(broker, "one"), Taker(broker, "two")
    one.sweeper._returned = lambda: shown.append(1)
    one.sweeper.beat()
    one.sweeper.beat()
    for _ in range(blame.DEAD_AFTER + 1):
        two.sweeper.beat()
    assert not broker.hexists(lists.BEATS, "one")
    one.sweeper.beat()
    one.sweeper.beat()
    assert shown == [1]
