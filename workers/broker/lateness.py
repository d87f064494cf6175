"""Lateness: what waited past its deadline is told so, by a thread of its own, and takes nobody's turn."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from celery.app.task import Context

from pipelines.errors import DeadlineExceeded
from workers.observability import counters, logs

if TYPE_CHECKING:
    from celery import Celery

    from workers.broker.envelope import Envelope
    from workers.broker.hand import Hand

STAGE = "cache-lookup"  # the only one whose messages are told so: what is behind it others may wait for


class Lateness:
    """Tells callers, in the order in which their messages came; what cannot be told is given back.

    A task of Celery's for each would take the time of ten, when a whole queue's time is up.
    """

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._waits: SimpleQueue[tuple[Celery, str, Envelope, float]] = SimpleQueue()
        self.fields: set[str] = set()  # of messages that are being told
        self._thread: threading.Thread | None = None

    def tell(self, app: Celery, field: str, found: Envelope, deadline_s: float) -> None:
        """Its caller is told soon, and its message dropped then."""
        self.fields.add(field)
        self._waits.put((app, field, found, deadline_s))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lateness", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            app, field, found, deadline_s = self._waits.get()
            try:
                args, kwargs, embed = found.body
                request: Any = Context({**found.message["headers"], "args": args, "kwargs": kwargs, **embed})
                error = DeadlineExceeded(deadline_s, STAGE)
                app.backend.mark_as_failure(found.task_id, error, traceback=str(error), request=request)
            except Exception as error:  # noqa: BLE001 - whatever the backend says, the next one is told
                logs.log().warning("a late job was not told", said=type(error).__name__)
                self._hand.give_back(field)
            else:
                counters.count(f"failed.{DeadlineExceeded.__name__}")
                logs.log().info("late", job=found.task_id, stage=STAGE)
                self._hand.done(field)
            finally:
                self.fields.discard(field)
