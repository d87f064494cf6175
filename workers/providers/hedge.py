"""Hedging: a second provider is asked beside the first, whose first word is later than nineteen of twenty were."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
MOST_THREADS = 128  # calls of this process that may be hedged, and those beside them

_pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="hedge")


@dataclass(frozen=True, slots=True)
class Race(Generic[T]):
    """``first`` is told what to call with its first word; ``second`` gives None where nobody may be asked beside it.

    ``answers`` says whether an outcome is an answer; ``late`` is called with what came after another had answered: it
    is paid for too.
    """

    first: Callable[[Callable[[], object]], T]
    second: Callable[[], T | None]
    answers: Callable[[T], bool]
    late: Callable[[T], None]

    def run(self, slow_s: float) -> T:
        """The first answer, else the first's outcome; raises what the first raised."""
        began = threading.Event()
        first: Future[T] = _pool.submit(contextvars.copy_context().run, self.first, began.set)
        first.add_done_callback(lambda _: began.set())
        if began.wait(slow_s):
            return first.result()
        second: Future[T | None] = _pool.submit(contextvars.copy_context().run, self.second)
        both: set[Future[Any]] = {first, second}
        wait(both, return_when=FIRST_COMPLETED)
        for one, other in ((first, second), (second, first)):
            if one.done() and self._answered(one):
                other.add_done_callback(self._late)
                return one.result()  # type: ignore[return-value]  # an answer is not None
        # One is over without an answer: the other's is waited for.
        wait(both)
        if not self._answered(first) and self._answered(second):
            return second.result()  # type: ignore[return-value]  # likewise
        return first.result()

    def _answered(self, future: Future[T] | Future[T | None]) -> bool:
        found = None if future.exception() is not None else future.result()
        return found is not None and self.answers(found)

    def _late(self, future: Future[T] | Future[T | None]) -> None:
        try:
            found = None if future.exception() is not None else future.result()
            if found is not None:
                self.late(found)
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread, and no job may fail for it
            counters.count("provider.late_unbilled")
            logs.log().warning("a late answer is not on the bill", error=type(error).__name__)
