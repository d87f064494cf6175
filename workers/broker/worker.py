"""This process as a worker: its hand, its beat, who it wakes, and what it puts aside."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from time import monotonic, time
from typing import TYPE_CHECKING, Any, ClassVar

from celery.worker import state
from redis.exceptions import RedisError

from pipelines.delivery import blame
from workers.broker import parking
from workers.broker.hand import Hand, new_name
from workers.broker.lateness import Lateness
from workers.broker.message import Message
from workers.broker.sweep import Sweeper
from workers.observability import logs
from workers.store import lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

_state: Any = state  # the stubs leave out what is scheduled
WAKE_S = 2
SWITCH_S = 0.0005
EVENTS_EVERY_S = 0.2
FLUSH = "_flush_events"  # Celery's name for it


class Worker:
    """One a process, made with the first channel; it outlives connections. Its beat begins with the first consumer."""

    _here: Worker | None = None
    _lock = threading.Lock()
    about: ClassVar[dict[str, str]] = {}  # what else others may read of it, beside its queues
    app: Celery | None = None  # whose tasks it knows, and whose backend tells callers; set when the worker starts

    def __init__(self, channel: Any) -> None:
        self._pid = os.getpid()
        self.hand = Hand(new_name())
        self._redis: Any = channel.Client(connection_pool=channel._get_pool())
        self.hand.connect(self._redis)
        self.queues: set[str] = set()
        self.lateness = Lateness(self.hand)
        self.sweeper = Sweeper(self.hand, self._redis, self._alive, self._tell, self._at_work, self.queues, self._show)
        self._turned_at = monotonic()
        self._since = time()
        self.stopping = False
        self._began = False
        self._pipe: tuple[int, int] | None = None
        self._loop: Any = None
        self._flush_events: Callable[[], Any] | None = None

    @classmethod
    def here(cls, channel: Any) -> Worker:
        """This process's worker."""
        here, pid = cls._here, os.getpid()
        if here is not None and here._pid == pid:
            return here
        with cls._lock:
            if cls._here is None or cls._here._pid != pid:
                cls._here = cls(channel)
            return cls._here

    @classmethod
    def end_here(cls) -> None:
        """This process's worker, if there is one, ends."""
        if cls._here is not None:
            cls._here.end()

    @classmethod
    def takes_here(cls) -> bool:
        """Does this process take its messages by this transport? What is put off waits in the broker then."""
        return cls._here is not None and cls._here._began

    def begin(self) -> None:
        """The first consumer is there: beat."""
        with self._lock:
            if self._began:
                return
            self._began = True
        # A message that arrives waits for whichever thread runs Python to let go: up to 5 ms by default.
        sys.setswitchinterval(SWITCH_S)
        self.sweeper.start()

    def introduce(self, queue: str) -> None:
        """It consumes this queue too: whoever looks at the fleet reads so."""
        self.queues.add(queue)
        self._show()

    def _show(self) -> None:
        card = {"queues": sorted(self.queues), "since": round(self._since, 1), **self.about}
        with suppress(RedisError):  # who works here is not known then, and all else goes on
            self._redis.hset(lists.WORKERS, self.hand.name, json.dumps(card))

    def end(self) -> None:
        """This worker stops: its messages are given back, and nobody died."""
        self.stopping = True
        if self._began:
            self.sweeper.stop()
            with suppress(RedisError):  # else they are swept, five seconds on
                self.hand.close()
                self.sweeper.unsort()

    def knows(self, task: str) -> bool:
        """Is there such a task here?"""
        return self.app is None or task in self.app.tasks

    def park(self, field: str, raw: bytes, queue: str, reason: str) -> None:
        """Put a message aside and tell its caller; where the broker refuses, it stays in hand and is tried again."""
        try:
            self.hand.park(field, parking.letter(raw, queue, reason))
            parking.parked(self._redis, queue, reason)
        except RedisError as error:
            logs.log().warning("not put aside", said=type(error).__name__)
            self.hand.give_back(field)
            return
        self._tell(raw, reason)

    def label(self, moves: list[tuple[str, str, bytes]]) -> None:
        """Back to the lists that they wait in (field, list, message), with what was missing in them."""
        if not moves:
            return
        try:
            self.hand.label(moves)
        except RedisError as error:
            logs.log().warning("not labelled", said=type(error).__name__)  # they are given back as strays

    def wake_other(self, name: str) -> None:
        """Another worker has room for what this one has not."""
        with suppress(RedisError):  # it looks by itself within a second
            self._redis.set(lists.wake(name), 1, ex=WAKE_S)

    def wakes(self, loop: Any, thread: int) -> None:
        """Wake the event loop ``loop`` of ``thread`` where another thread has something for it."""
        if self._pipe is None:
            self._pipe = os.pipe()
            for end in self._pipe:
                os.set_blocking(end, False)
        reads, writes = self._pipe

        def wake() -> None:
            if threading.get_ident() != thread:
                with suppress(OSError):
                    os.write(writes, b"!")

        def woken() -> None:
            self._turned_at = monotonic()
            with suppress(OSError):
                os.read(reads, 4096)

        if loop is not self._loop:  # the same one after a reconnection
            self._loop, call_soon = loop, loop.call_soon

            def call_soon_and_wake(callback: Any, *args: Any) -> Any:
                if isinstance(getattr(getattr(callback, "fun", None), "__self__", None), Message):
                    # The word that a task is done: a loop that is reset for a broken connection would forget it.
                    callback(*args)
                    wake()
                    return callback
                if getattr(getattr(callback, "fun", None), "__name__", "") == FLUSH:
                    self._flush_events = callback
                    return callback
                found = call_soon(callback, *args)
                wake()
                return found

            loop.call_soon = call_soon_and_wake
        loop.add_reader(reads, woken)
        loop.call_repeatedly(1.0, self._turn)
        loop.call_repeatedly(EVENTS_EVERY_S, self.flush)
        self.hand.wake = wake

    def flush(self) -> None:
        """Send the events that came since the last time: one by one they took a tenth of a worker's time."""
        flush, self._flush_events = self._flush_events, None
        if flush is not None:
            flush()

    def _turn(self) -> None:
        self._turned_at = monotonic()

    def _alive(self) -> bool:
        return self.stopping or monotonic() - self._turned_at < blame.STANDS_STILL_S

    def _at_work(self) -> set[str]:
        return _at_work() | set(_listed(self.lateness.fields))

    def _tell(self, raw: bytes, reason: str) -> None:
        if self.app is None:
            return
        try:
            parking.tell(self.app, raw, reason)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's message does to the backend, the worker goes on
            logs.log().warning("a caller was not told", said=type(error).__name__)


def _at_work() -> set[str]:
    """The fields of all messages whose tasks run, wait for a thread or for their time.

    Several messages may have one task id, of a job that was sent twice: Celery's table by id knows one of them. Its
    sets know each, but are emptied when a connection breaks.
    """
    by_id, *sets = _state.requests, _state.reserved_requests, _state.active_requests, _state.scheduled_requests
    at_work = [request for requests in (by_id.values(), *sets) for request in _listed(requests)]
    return {request.message.delivery_tag for request in at_work}


def _listed(requests: Any) -> list[Any]:
    """What is in a set to which another thread adds meanwhile."""
    while True:
        with suppress(RuntimeError):
            return list(requests)
