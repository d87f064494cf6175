"""What an operator does with dead letters: looks at them, sends them again, drops them."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.broker import envelope
from workers.store import lists
from workers.store.connection import failing_as

if TYPE_CHECKING:
    import redis


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was put aside. ``job_id`` and ``task`` are None where it says none; no text of it is shown.

    ``at`` in seconds since the epoch; ``deaths``: workers that ended with it in hand; ``kept``: is the message itself
    still there, so that it can be sent again?
    """

    job_id: str | None
    task: str | None
    queue: str
    reason: str
    deaths: int
    at: float
    size_bytes: int
    kept: bool
    raw: bytes

    def encode(self) -> dict[str, Any]:
        """JSON values."""
        named = ("job_id", "task", "queue", "reason", "deaths", "at", "size_bytes", "kept")
        return {name: getattr(self, name) for name in named}


class Letters:
    """The broker's list of them, oldest first. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def all(self) -> list[Letter]:
        """All of them."""
        with failing_as("broker"):
            return [_read(raw) for raw in self._redis.lrange(lists.DEAD, 0, -1)]

    def of(self, job_id: str) -> list[Letter]:
        """A job's: several, where several of its stages were put aside."""
        return [letter for letter in self.all() if letter.job_id == job_id]

    def retry(self, letter: Letter) -> bool:
        """Send it again, as if it were sent now; False where it was dropped meanwhile, or is no message."""
        try:
            message = envelope.anew(base64.b64decode(json.loads(letter.raw)["message"]), time.time())
        except envelope.Malformed:
            return False
        with failing_as("broker"):
            pipe = self._redis.pipeline()
            pipe.lrem(lists.DEAD, 1, letter.raw)
            pipe.lpush(letter.queue, message)
            return bool(pipe.execute()[0])

    def drop(self, letter: Letter) -> bool:
        """Forget it; False where somebody did."""
        with failing_as("broker"):
            return bool(self._redis.lrem(lists.DEAD, 1, letter.raw))


def _read(raw: bytes) -> Letter:
    said = json.loads(raw)
    message = base64.b64decode(said["message"])
    job_id = task = None
    try:
        headers = envelope.read(message).message["headers"]
        job_id, task = headers["id"], headers["task"]
    except envelope.Malformed as error:
        job_id = error.task_id
    return Letter(
        job_id=job_id,
        task=task,
        queue=said["queue"],
        reason=said["reason"],
        deaths=said["deaths"],
        at=said["at"],
        size_bytes=said["bytes"],
        kept=bool(message),
        raw=raw,
    )
