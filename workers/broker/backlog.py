"""What waits for a queue: all of it, and one tenant's; looked at by who admits jobs, twice a second at the most."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from pipelines.delivery import room
from workers.store import lists

if TYPE_CHECKING:
    from collections.abc import Sequence

BELIEVED_S = 0.5
LOOKS_BACK_S = 30.0  # how fast it goes is a mean over so long, and over no less than the least
LEAST_S = 2.0


@dataclass(frozen=True, slots=True)
class Depth:
    """``waiting`` messages of ``tenants`` that have a lane; ``of`` each, by tenant; ``taken_per_s`` None at first.

    What was put off until a provider may be asked waits as well.
    """

    waiting: int = 0
    of: dict[str, int] | None = None
    taken_per_s: float | None = None

    def admits(self, tenant: str, most: int) -> bool:
        """May one more of this tenant's wait?"""
        of = self.of or {}
        return room.admits(waiting=self.waiting, of_tenant=of.get(tenant, 0), tenants=len(of), most=most)

    @property
    def again_in_s(self) -> float:
        """When one that may not wait is worth sending again, in seconds."""
        return room.again_in_s(self.waiting, self.taken_per_s)


class Backlog:
    """Of some queues together. ``redis`` is the broker's; its errors pass."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._queues = tuple(queues)
        self._seen = (float("-inf"), Depth())  # when, and what
        self._looks: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    @property
    def fresh(self) -> Depth | None:
        """What was seen less than half a second ago."""
        at, seen = self._seen
        return seen if monotonic() - at < BELIEVED_S else None

    def look(self, redis: Any) -> Depth:
        """What waits now, or did half a second ago."""
        with self._lock:
            if (seen := self.fresh) is not None:
                return seen
            now = monotonic()
            waiting, of, taken = self._read(redis)
            self._looks.append((now, taken))
            while now - self._looks[0][0] > LOOKS_BACK_S:
                self._looks.popleft()
            since, before = self._looks[0]
            rate = max(0.0, taken - before) / (now - since) if now - since > LEAST_S else None
            self._seen = (now, Depth(waiting, of, rate))
            return self._seen[1]

    def _read(self, redis: Any) -> tuple[int, dict[str, int], int]:
        waits = [one for queue in self._queues for one in lists.all_of(queue)]
        pipe = redis.pipeline(transaction=False)
        for one in waits:
            pipe.llen(one)
        for queue in self._queues:
            pipe.hgetall(lists.lanes(queue))
        pipe.hmget(lists.TAKEN, self._queues)
        pipe.zcard(lists.LATER)
        pipe.zrange(lists.LATER, 0, lists.LATER_LOOKED_AT - 1)
        *lengths, taken, later, named = pipe.execute()
        lanes, lengths = lengths[len(waits) :], dict(zip(waits, lengths[: len(waits)], strict=True))
        of: dict[str, int] = {}
        for queue, held in zip(self._queues, lanes, strict=True):
            for field, lane in held.items():
                if not field.startswith(b"#"):
                    tenant = _tenant(field.decode(errors="replace").partition("|")[2])
                    of[tenant] = of.get(tenant, 0) + lengths[lists.waiting_in(queue, int(lane))]
        put_off = [lists.of_put_off(name.decode(errors="replace")) for name in named]
        times = later / max(len(put_off), 1)  # only the first of very many are looked at
        for tenant, count in Counter(tenant for tenant, queue in put_off if queue in self._queues).items():
            of[tenant] = of.get(tenant, 0) + round(count * times)
        waiting = sum(lengths.values()) + round(sum(queue in self._queues for _, queue in put_off) * times)
        return waiting, of, sum(int(number or 0) for number in taken)


def _tenant(label: str) -> str:
    """A tenant's name of its label, which is as JSON writes it: other than ASCII in escapes, and cut at a quote."""
    try:
        return str(json.loads(f'"{label}"'))
    except ValueError:
        return label
