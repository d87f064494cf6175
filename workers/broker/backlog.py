"""What waits for a queue: all of it, and one tenant's; looked at by who admits jobs, twice a second at the most."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from pipelines.delivery import room
from workers.store import lists

if TYPE_CHECKING:
    from collections.abc import Sequence

BELIEVED_S = 0.5


@dataclass(frozen=True, slots=True)
class Depth:
    """``waiting`` messages of ``tenants`` that have a lane; ``of`` each, by tenant; ``taken_per_s`` None at first."""

    waiting: int = 0
    of: dict[str, int] | None = None
    taken: int = 0
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
        self._seen = Depth()
        self._at = float("-inf")
        self._lock = threading.Lock()

    def look(self, redis: Any) -> Depth:
        """What waits now, or did half a second ago."""
        with self._lock:
            now = monotonic()
            if now - self._at < BELIEVED_S:
                return self._seen
            before, elapsed_s, self._at = self._seen, now - self._at, now
            waiting, of, taken = self._read(redis)
            rate = None if before.taken == 0 else max(0.0, taken - before.taken) / elapsed_s
            # Between two looks that are far apart too much may have happened to say how fast it goes now.
            self._seen = Depth(waiting, of, taken, rate)
            return self._seen

    def _read(self, redis: Any) -> tuple[int, dict[str, int], int]:
        waits = [one for queue in self._queues for one in lists.all_of(queue)]
        pipe = redis.pipeline(transaction=False)
        for one in waits:
            pipe.llen(one)
        for queue in self._queues:
            pipe.hgetall(lists.lanes(queue))
        pipe.hmget(lists.TAKEN, self._queues)
        *lengths, taken = pipe.execute()
        lanes, lengths = lengths[len(waits) :], dict(zip(waits, lengths[: len(waits)], strict=True))
        of: dict[str, int] = {}
        for queue, held in zip(self._queues, lanes, strict=True):
            for field, lane in held.items():
                if not field.startswith(b"#"):
                    tenant = _tenant(field.decode(errors="replace").partition("|")[2])
                    of[tenant] = of.get(tenant, 0) + lengths[lists.waiting_in(queue, int(lane))]
        return sum(lengths.values()), of, sum(int(number or 0) for number in taken)


def _tenant(label: str) -> str:
    """A tenant's name of its label, which is as JSON writes it: other than ASCII in escapes, and cut at a quote."""
    try:
        return str(json.loads(f'"{label}"'))
    except ValueError:
        return label
