"""A broker that is away, full or failing over: what it makes of a task is no failure; the task is done again."""

from __future__ import annotations

from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any

from celery.worker import state
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from workers.observability import counters

if TYPE_CHECKING:
    from celery.worker.request import Request


class Later(Exception):
    """A task that cannot go on yet, and holds no thread until then: its message waits for ``delay_s``."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(delay_s)
        self.delay_s = delay_s


# Our own stores' errors are named before they get this far (StoreUnavailable): these are of broker and result backend.
AWAY = (Later, OperationalError, RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError)
HOLDS_S = 120.0  # an answer that was paid for, and that the result backend does not take
LOOKS_EVERY_S = 0.5


def is_away(error: BaseException | None) -> bool:
    """Is this the broker's, or the result backend's, and not the task's?"""
    if isinstance(error, AttributeError):  # kombu's, of a channel that another thread tore down
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        return trace is not None and "/kombu/" in trace.tb_frame.f_code.co_filename.replace("\\", "/")
    return isinstance(error, AWAY)


class Results:
    """A result backend that holds on to what was made while it cannot be written, and writes no failure of its own."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def mark_as_done(self, *args: Any, **kwargs: Any) -> Any:
        """Write a result; the task was paid for, perhaps, and is not done again for want of room for its answer."""
        until = monotonic() + HOLDS_S
        while True:
            try:
                return self._backend.mark_as_done(*args, **kwargs)
            except AWAY:
                if monotonic() > until:
                    raise
                sleep(LOOKS_EVERY_S)

    def mark_as_failure(self, task_id: str, exc: BaseException, *args: Any, **kwargs: Any) -> Any:
        """Write a failure: not that the broker was away, of which the task is no failure. It is raised instead."""
        if is_away(exc):
            raise exc
        return self._backend.mark_as_failure(task_id, exc, *args, **kwargs)


def again(request: Request | None, error: BaseException | None) -> None:
    """Put the message of a task back that could not hand on what it made, or, Later, that may not go on yet."""
    if request is None or request.acknowledged:
        return
    state.task_ready(request)
    if isinstance(error, Later):
        counters.count("stage.postponed")
        worker: Any = request.message.channel.worker
        worker.hand.postpone(request.message.delivery_tag, time() + error.delay_s)
    else:
        counters.count("stage.again")
    request.reject(requeue=True)


def internal_error(task_id: str, exception: BaseException, **_: Any) -> None:
    """For the signal of that name: Celery's pool of threads forgets a task whose failure cannot be written either."""
    if is_away(exception):
        again(state.requests.get(task_id), exception)
