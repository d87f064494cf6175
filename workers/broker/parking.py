"""Dead letters: messages that no worker can take, or that ended theirs, and why; what their callers are told."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from celery.app.task import Context

from pipelines.errors import JobParked
from workers.broker import envelope
from workers.observability import counters, logs
from workers.store import lists

if TYPE_CHECKING:
    from celery import Celery

MOST = 1_000
KEPT_S = 7 * 86_400  # they hold what customers wrote
MOST_KEPT_BYTES = 1_000_000  # of one message; of a larger one, its size is enough


def letter(raw: bytes, queue: str, reason: str, *, deaths: int = 0) -> bytes:
    """What is kept of a message that is put aside; ``reason`` quotes nothing of it."""
    kept = {
        "at": round(time.time(), 3),
        "queue": queue,
        "reason": reason,
        "deaths": deaths,
        "bytes": len(raw),
        "message": base64.b64encode(raw if len(raw) <= MOST_KEPT_BYTES else b"").decode("ascii"),
    }
    return json.dumps(kept).encode()


def parked(redis: Any, queue: str, reason: str) -> None:
    """A letter is there: it is counted and said, and the oldest go where there are too many, all of them in the end."""
    counters.count("broker.parked")
    logs.log().error("a message was put aside", queue=queue, reason=reason)
    pipe = redis.pipeline(transaction=False)
    pipe.ltrim(lists.DEAD, -MOST, -1)
    pipe.expire(lists.DEAD, KEPT_S)
    pipe.execute()


def tell(app: Celery, raw: bytes, reason: str) -> None:
    """Fail the task of a parked message, and what waits for it: the rest of its chain, a chord, error callbacks."""
    try:
        found = envelope.read(raw)
    except envelope.Malformed as error:
        if error.task_id is not None:
            app.backend.mark_as_failure(error.task_id, JobParked(reason))
        return
    args, kwargs, embed = found.body
    request = Context({**found.message["headers"], "args": args, "kwargs": kwargs, **embed})
    app.backend.mark_as_failure(found.task_id, JobParked(reason), request=request)
