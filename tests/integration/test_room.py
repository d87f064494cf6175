"""What a miss leaves in Redis: few keys, little room, and nothing that stays for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.waiting import until

if TYPE_CHECKING:
    import redis

    from tests.fleet import InProcess

VERBS = [
    "bake",
    "fold",
    "tune",
    "paint",
    "plant",
    "ride",
    "sharpen",
    "knit",
    "wash",
    "carve",
    "boil",
    "weigh",
    "hire",
    "sail",
    "mend",
    "hang",
    "frame",
    "peel",
    "train",
    "clean",
]
THINGS = [
    "loaf",
    "kite",
    "cello",
    "fence",
    "tulip",
    "mule",
    "knife",
    "scarf",
    "rug",
    "spoon",
    "crab",
    "parcel",
    "clown",
    "dinghy",
    "sock",
    "mirror",
    "map",
    "mango",
    "hawk",
    "flue",
]
PASSING_S = 90  # what goes within it is not what a miss leaves: a flight, the copy for who is delivered again


def lasting(client: redis.Redis) -> dict[bytes, int]:
    """Bytes of each key that stays for more than a minute and a half."""
    return {
        name: client.memory_usage(name, samples=0) or 0
        for name in client.scan_iter(count=1_000)
        if not 0 <= client.ttl(name) <= PASSING_S
    }


def passing(client: redis.Redis) -> list[bytes]:
    """Answers that are kept for who is delivered again, of jobs that write-back has not seen yet."""
    return [name for name in client.scan_iter("farthing:paid:*", count=1_000) if client.ttl(name) > PASSING_S]


def ask(fleet: InProcess, tenant: str, shift: int) -> int:
    """Ask twenty things that no other shift asks; how many the model answered."""
    things = THINGS[shift:] + THINGS[:shift]
    asked = [f"How do I {verb} a {thing}?" for verb, thing in zip(VERBS, things, strict=True)]
    return sum(fleet.settled(fleet.ask(question, tenant=tenant)).source == "model" for question in asked)


def test_a_miss_leaves_five_keys_and_five_kilobytes_at_most(fleet: InProcess, tenant: str) -> None:
    client = fleet.runtime.ledger_redis
    for shift in range(3):  # what is there once, whatever is asked
        ask(fleet, tenant, shift)
    until(lambda: not passing(client), within_s=10)
    before = lasting(client)
    misses = ask(fleet, tenant, 3)
    assert misses > 15
    until(lambda: not passing(client), within_s=10)
    after = lasting(client)
    left = {name: size - before.get(name, 0) for name, size in after.items() if size != before.get(name, 0)}
    assert len(set(after) - set(before)) / misses <= 5, sorted(left)
    assert sum(left.values()) / misses <= 5 * 1024, {name: size for name, size in left.items() if size > 300}


def test_whatever_a_miss_leaves_goes_by_itself(fleet: InProcess, tenant: str) -> None:
    client = fleet.runtime.ledger_redis
    before = set(client.scan_iter(count=1_000))
    fleet.settled(fleet.ask("How do I tune a harpsichord?", tenant=tenant, user="u-1"))
    left = set(client.scan_iter(count=1_000)) - before
    ours = {name for name in left if name.startswith(b"farthing:")}  # not what the broker has in hand at this moment
    assert ours
    assert {name for name in ours if client.ttl(name) == -1} == set()
