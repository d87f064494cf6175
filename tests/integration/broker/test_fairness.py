"""Each tenant gets its turn, however much another sends."""

from __future__ import annotations

import json
import time
from typing import Any

from pipelines.delivery import labels
from pipelines.journey import LOOKUP
from tests.integration.broker.taker import QUEUE, Taker, ids, put
from tests.unit.workers.broker.test_envelope import EMBED, raw
from workers.broker import envelope
from workers.store import lists


def keys_of_ours(broker: Any) -> list[bytes]:
    """Those of the queue that is tried: what other files' fleets left waiting lies in the same Redis."""
    return [key for key in broker.keys("*") if QUEUE.encode() in key]


def test_each_tenant_gets_its_turn_however_much_another_sends(broker: Any) -> None:
    one = Taker(broker, "one")
    put(broker, *(f"a{n}" for n in range(50)), farthing_tenant="a")
    put(broker, "b0", "b1", farthing_tenant="b")
    assert ids(one.fetch(3)[2]) == ["a0", "b0", "a1"]
    put(broker, "c0", farthing_tenant="c")
    assert set(ids(one.fetch(3)[2])) == {"b1", "c0", "a2"}, "who comes later waits for one turn, not for all before"
    assert ids(one.fetch(99)[2]) == [f"a{n}" for n in range(3, 50)]
    assert not [key for key in keys_of_ours(broker) if b"lanes" in key or b"turns" in key or b"\x06" in key]


def test_a_list_that_is_taken_whole_is_not_sorted(broker: Any) -> None:
    one = Taker(broker, "one")
    put(broker, "a0", "a1", farthing_tenant="a")
    put(broker, "b0", farthing_tenant="b")
    assert ids(one.fetch(3)[2]) == ["a0", "a1", "b0"]


def test_more_tenants_than_lanes_lose_nothing(broker: Any) -> None:
    one = Taker(broker, "one")
    for n in range(3 * len(lists.LANES)):
        put(broker, f"{n}", f"{n}+", farthing_tenant=f"t{n}")
    found = ids(one.fetch(1)[2])
    while more := ids(one.fetch(7)[2]):
        found += more
    assert sorted(found) == sorted(f"{n}{more}" for n in range(3 * len(lists.LANES)) for more in ("", "+"))
    assert not [key for key in keys_of_ours(broker) if key.startswith(b"farthing:turns:")]


def test_what_is_less_urgent_has_lanes_of_its_own_and_is_not_starved(broker: Any) -> None:
    one = Taker(broker, "one")
    put(broker, *(f"a{n}" for n in range(20)), farthing_tenant="a")
    put(broker, *(f"b{n}" for n in range(9)), queue=lists.waiting_in(QUEUE, 6), farthing_tenant="a")
    put(broker, "c0", queue=lists.waiting_in(QUEUE, 6), farthing_tenant="c")
    assert ids(one.fetch(2)[2]) == ["a0", "a1"]
    assert ids(one.fetch(2, less_urgent=True)[2]) == ["b0", "a2"]
    assert ids(one.fetch(20)[2])[:18] == [f"a{n}" for n in range(3, 20)] + ["c0"]


def test_what_was_taken_in_turn_goes_back_to_its_list(broker: Any) -> None:
    one, other = Taker(broker, "one"), Taker(broker, "other")
    one.sweeper.beat()
    put(broker, *(f"a{n}" for n in range(5)), farthing_tenant="a")
    (field, _), _ = one.fetch(2)[2]
    one.hand.give_back(field)
    one.sweeper.beat()
    assert ids(other.fetch(9)[2])[0] != "a1", "that one is still in the first one's hand"
    assert len(other.in_redis()) == 4


def test_the_beat_sorts_where_no_worker_has_room(broker: Any) -> None:
    """So a stranger's message says when it was first seen, however long it waits."""
    one = Taker(broker, "one")
    one.sweeper._queues = {QUEUE}
    put(broker, *(f"x{n}" for n in range(4)))
    put(broker, "a0", farthing_tenant="a")
    before = time.time()
    one.sweeper.beat()
    assert broker.llen(QUEUE) == 0
    found = [json.loads(message)["headers"] for _, message in one.fetch(9)[2]]
    assert [head["id"] for head in found] == ["x0", "x1", "x2", "x3", "a0"], "what is to be labelled comes first"
    assert all(before - 1 < head[labels.UNLABELLED] < before + 5 for head in found[:4])
    assert labels.UNLABELLED not in found[4]


def test_a_worker_that_stops_leaves_no_lane_behind(broker: Any) -> None:
    one = Taker(broker, "one")
    one.sweeper._queues = {QUEUE}
    put(broker, *(f"a{n}" for n in range(4)), farthing_tenant="a")
    put(broker, "b0", farthing_tenant="b")
    put(broker, "late", queue=lists.waiting_in(QUEUE, 9), farthing_tenant="b")
    one.sweeper.beat()
    assert broker.llen(QUEUE) == 0
    one.sweeper.unsort()
    assert [json.loads(broker.rpop(QUEUE))["headers"]["id"] for _ in range(5)] == ["a0", "b0", "a1", "a2", "a3"]
    assert broker.llen(lists.waiting_in(QUEUE, 9)) == 1
    assert not [key for key in keys_of_ours(broker) if b"lanes" in key or b"turns" in key]


def test_strangers_have_their_turns_too(broker: Any) -> None:
    """Nothing in such a message says whose it is: it is read, labelled, and put back before its turn comes."""
    one = Taker(broker, "one")

    def send(tenant: str, number: int, queue: str) -> None:
        broker.lpush(queue, raw([[{"tenant": tenant}], {}, EMBED], task=LOOKUP, id=f"{tenant}{number}"))

    for number in range(60):
        send("商店一", number, QUEUE)
    for number in range(3):
        send("商店二", number, QUEUE)
        send("late", number, lists.waiting_in(QUEUE, 6))
    taken: list[str] = []
    for _ in range(60):
        moves = []
        for field, message in one.fetch(4)[2]:
            found = envelope.read(message)
            missing = labels.missing(found.message["headers"], found.body[0])
            if missing is None:
                taken.append(found.task_id)
            else:
                moves.append((field, field.partition("|")[2], envelope.labelled(found, missing[0])))
        if moves:
            one.hand.label(moves[::-1])
    assert set(taken[:7]) >= {"商店二0", "商店二1", "商店二2"}
    assert [name for name in taken if name.startswith("商店一")] == [f"商店一{number}" for number in range(60)]
    assert sorted(taken[-3:]) == ["late0", "late1", "late2"]
    assert len(taken) == 66
