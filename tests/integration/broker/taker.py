"""A worker's fetch without its event loop, on a real Redis."""

from __future__ import annotations

import json
from typing import Any

from pipelines.delivery import blame
from tests.unit.workers.broker.test_envelope import raw
from workers.broker.hand import Hand
from workers.broker.sweep import Sweeper
from workers.store import lists, scripts

QUEUE = "broker-q"


class Taker:
    """A worker's fetch without its event loop."""

    def __init__(self, broker: Any, name: str, queues: tuple[str, ...] = (QUEUE,)) -> None:
        self.hand, self.queues, self.broker = Hand(name), queues, broker
        self.hand.connect(broker)
        self.told: list[tuple[bytes, str]] = []
        self.forgets: set[str] = set()
        self.sweeper = Sweeper(
            self.hand, broker, lambda: True, lambda *told: self.told.append(told), lambda: self.hand.held - self.forgets
        )

    def fetch(
        self, room: int, *, lost: bool = False, less_urgent: bool = False
    ) -> tuple[bool, str, list[tuple[str, bytes]]]:
        """Woken by the lists? whom to wake; fields and messages. ``lost``: the reply does not arrive."""
        done, hand = self.hand.acknowledged(), self.hand
        steps = ("", *(f"{lists.PRIORITY}{n}" for n in lists.STEPS[1:]))
        waits = [f"{queue}{step}" for step in steps for queue in self.queues]
        together = ",".join(sorted(self.queues))
        names = [lists.hand(hand.name), lists.armed(together), lists.idle(together), lists.wake(hand.name)]
        names += [*map(lists.alone, self.queues), *map(lists.suspects, self.queues), *waits]
        given = [
            hand.name,
            room,
            hand.serial(room),
            2,
            len(self.queues),
            hand.suspects(done),
            blame.FEW,
            int(less_urgent),
            *done,
        ]
        woken, other, *flat = scripts.register(self.broker, "fetch")(keys=names, args=given)
        if lost:
            return False, "", []
        hand.dropped(done)
        pairs = [(field.decode(), message) for field, message in zip(flat[::2], flat[1::2], strict=True)]
        for field, _ in pairs:
            hand.took(field)
        return woken == 1, other.decode(), pairs

    def in_redis(self) -> set[bytes]:
        return set(self.broker.hvals(lists.hand(self.hand.name)))


def put(broker: Any, *names: str, queue: str = QUEUE, **headers: Any) -> None:
    for name in names:
        broker.lpush(queue, raw(id=name, **headers))


def ids(pairs: list[tuple[str, bytes]]) -> list[str]:
    return [json.loads(message)["headers"]["id"] for _, message in pairs]
