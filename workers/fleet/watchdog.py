"""Ends a worker whose consumer hangs: alive, connected to nothing, taking no jobs. Whoever runs it starts it again.

Celery's consumer may miss that its broker was restarted (celery #8030, #10205; seen here with a worker that was a
second old when the broker died). Its heartbeats stop then, and nothing else shows it.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from workers.observability import logs
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_EVERY_S = 5.0
# Without a heartbeat, of which there is one every two seconds, while the broker answers. Celery waits up to 30 s before
# it connects again to a broker that was away.
HANGS_S = 45.0
EXIT_STATUS = 75  # EX_TEMPFAIL: try again


class Watchdog:
    """``ping``: does the broker answer? ``clock`` in seconds."""

    def __init__(self, ping: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._ping, self._clock = ping, clock
        self._beaten_at: float | None = None
        self._answers_since: float | None = None
        self._looked_at = clock()

    def beat(self) -> None:
        """The consumer sent a heartbeat."""
        self._beaten_at = self._clock()

    def hangs(self) -> bool:
        """No heartbeat for too long, though the broker answered all the time? Never of a worker that sends none."""
        before, self._looked_at = self._looked_at, self._clock()
        slept = self._looked_at - before > 3 * LOOK_EVERY_S  # the whole process was stopped: nothing is known yet
        if not self._ping():
            self._answers_since = None
            return False
        now = self._clock()
        if self._answers_since is None or slept:
            self._answers_since = now
        return self._beaten_at is not None and now - max(self._beaten_at, self._answers_since) > HANGS_S


def watching(broker_url: str, stopping: threading.Event, before_end: Callable[[], None]) -> Watchdog:
    """A watchdog that looks every few seconds, in a thread of its own, until ``stopping``."""
    client = connect(broker_url)

    def ping() -> bool:
        try:
            return bool(client.ping())
        except RedisError:
            return False

    made = Watchdog(ping)

    def watch() -> None:
        while not stopping.wait(LOOK_EVERY_S):
            if made.hangs():
                logs.log().critical("the consumer hangs: this worker ends, to be started again")
                before_end()
                os._exit(EXIT_STATUS)  # what hangs would not end by itself; unfinished jobs are delivered again

    threading.Thread(target=watch, name="watchdog", daemon=True).start()
    return made
