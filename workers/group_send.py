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


@dataclass(slots=True)
class _Letter:
    """One message on its way: ``due`` is set when it was sent, or failed, or when it is its sender's turn to send."""

    name: str
    options: dict[str, Any]
    due: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    error: BaseException | None = None


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
        if not turn:
            mine.due.wait()
        if not mine.done:
            self._take_turn()
        if mine.error is not None:
            raise mine.error

    def _take_turn(self) -> None:
        with self._lock:
            letters, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        try:
            if len(letters) > 1 and self._together(letters):
                return
            for one in letters:
                self._alone(one)
        finally:
            for one in letters:
                if not one.done:  # this thread was interrupted
                    one.done, one.error = True, InterruptedError("the thread that sent was interrupted")
                one.due.set()
            with self._lock:
                if self._waiting:
                    self._waiting[0].due.set()
                else:
                    self._busy = False

    def _together(self, letters: list[_Letter]) -> bool:
        """False where any of it failed: nobody knows then which were taken. Each is sent again, under its id."""
        try:
            with self._app.producer_or_acquire() as producer, producer.batch(len(letters)):
                for one in letters:
                    # The queues are the workers' to declare; a direct message needs no binding.
                    self._app.send_task(one.name, producer=producer, declare=[], retry=False, **one.options)
        except Exception:  # noqa: BLE001 - whatever it is, sending alone says it of whose message it is
            return False
        for one in letters:
            one.done = True
        return True

    def _alone(self, letter: _Letter) -> None:
        try:
            self._app.send_task(letter.name, **letter.options)
        except Exception as error:  # noqa: BLE001 - raised by whose message it is
            letter.error = error
        letter.done = True
