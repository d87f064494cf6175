"""Group send: what many threads send at once goes to the broker together, in one round trip and one thread's work.

Celery's `send_task` takes a connection, a client and a round trip for each message, and many threads at it take turns
at the interpreter: with sixty-four of them a send cost twice what it costs alone. Whoever comes first sends what is
there by then, and hands the turn to one of those who came meanwhile.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celery import Celery

MOST_TOGETHER = 100  # messages: the first of them waits for the last


@dataclass(slots=True, eq=False)
class _Letter:
    """One message on its way. ``due``: it was sent, or its sender sends it alone, or it is its sender's turn."""

    name: str
    options: dict[str, Any]
    due: threading.Event = field(default_factory=threading.Event)
    sent: bool = False
    alone: bool = False


class GroupSender:
    """Sends tasks of one Celery app; for any number of threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._waiting: list[_Letter] = []
        self._busy = False
        self._lock = threading.Lock()

    def send(self, name: str, **options: Any) -> None:
        """As `Celery.send_task`: returns when the broker has the message, and raises what the send raised."""
        mine = _Letter(name, options)
        with self._lock:
            self._waiting.append(mine)
            turn, self._busy = not self._busy, True
        try:
            if not turn:
                mine.due.wait()
            if not (mine.sent or mine.alone):
                self._take_turn(mine)
        except BaseException:  # this thread was interrupted: nobody waits for it
            self._leave(mine, turn=turn)
            raise
        if not mine.sent:
            self._app.send_task(mine.name, **mine.options)

    def _take_turn(self, mine: _Letter) -> None:
        """Send what is there by now. What could not be sent together, each sends alone, in its own thread."""
        letters: list[_Letter] = []
        sent = False
        try:
            with self._lock:
                letters, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            if letters == [mine]:
                self._app.send_task(mine.name, **mine.options)
                sent = True
            else:
                sent = self._together(letters)
        finally:
            for one in letters:
                one.sent, one.alone = sent, not sent
                if one is not mine:
                    one.due.set()
            self._pass_on()

    def _together(self, letters: list[_Letter]) -> bool:
        """False where any of it failed: nobody knows then which were taken. Each is sent again, under its id."""
        try:
            with self._app.producer_or_acquire() as producer, producer.batch(len(letters)):
                for one in letters:
                    # The queues are the workers' to declare; a direct message needs no binding.
                    self._app.send_task(one.name, producer=producer, declare=[], retry=False, **one.options)
        except Exception:  # noqa: BLE001 - whatever it is, sending alone says it of whose message it is
            return False
        return True

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].due.set()
            else:
                self._busy = False

    def _leave(self, mine: _Letter, *, turn: bool) -> None:
        with self._lock:
            waited = mine in self._waiting
            if waited:
                self._waiting.remove(mine)
        if waited and (turn or mine.due.is_set()):
            self._pass_on()
