"""The base of every task: what it logs, how it fails, and what monitors may see of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog
from celery import Task
from celery.exceptions import Ignore
from celery.worker.request import Request

from pipelines.errors import FarthingError, JobInvalid
from pipelines.journey import AFTER_A_MISS, LOOKUP, WRITE_BACK
from workers.broker import away
from workers.observability import counters, logs
from workers.sending import WITHHELD

if TYPE_CHECKING:
    from billiard.einfo import ExceptionInfo

AFTER_A_LOOKUP = frozenset({*AFTER_A_MISS, WRITE_BACK})  # stages that are handed what a stage before them made


class PrivateRequest(Request):
    """A request whose arguments no event, log or inspection shows: they hold what customers wrote."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A sender without our package puts the arguments' repr into the headers: Flower would show it.
        self._argsrepr = self._kwargsrepr = WITHHELD["argsrepr"]

    def info(self, safe: bool = False) -> Any:  # noqa: ARG002 - always safe, whatever is asked
        """What ``inspect active`` and Flower's worker page show."""
        return super().info(safe=True)

    def on_failure(self, exc_info: ExceptionInfo, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """A stage that could not hand its job on, or its answer over, has not failed: it is done again.

        Whether the broker is away, full or failing over: the message goes back, and is taken again within seconds.
        """
        error = exc_info.exception
        error = getattr(error, "exc", error)  # behind Celery's own wrapper
        if away.is_away(error):
            return away.again(self, error)
        return super().on_failure(exc_info, send_failed_event, return_ok)


class ChatTask(Task):  # type: ignore[type-arg]  # generic in the stubs only
    """One stage of a job. A failure is logged once, here, without message text, and reaches the caller."""

    abstract = True
    Request = PrivateRequest  # type: ignore[assignment]  # the stubs know only its import path
    resultrepr_maxsize = 0  # events and logs would show the answer's text

    @property  # type: ignore[misc]  # Celery's can be set, and nobody sets it
    def backend(self) -> Any:
        """The result backend, with patience."""
        return away.Results(self.app.backend)

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Bind the job's id to every log line of this thread."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(task=self.name, task_id=task_id)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and log one line: which job, which stage, what came of it, how long it took."""
        watch, outcome = Stopwatch(), "failed"
        try:
            done = self.run(*args, **kwargs)  # Celery's own __call__ would push a request without the sender's canvas
            outcome = done.get("source", "handed on") if isinstance(done, dict) else "done"
            return done
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:  # of this very call
                # Python's own words name the argument, which is a stranger's.
                raise JobInvalid("arguments", "others than this task takes", "one job, and nothing beside it") from None
            raise
        except Ignore:  # replaced by the stage after it
            outcome = "miss" if self.name == LOOKUP else "handed on"
            raise
        except away.Later:
            outcome = "put off"
            raise
        finally:
            logs.log().info("stage", job=_job_of(self, args), outcome=outcome, took_ms=watch.lap_ms())

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: ExceptionInfo) -> None:  # noqa: ARG002 - Celery's signature
        """Log the failure once: a sentence for what we can name, a traceback for what we cannot."""
        known = isinstance(exc, FarthingError)
        counters.count(f"failed.{type(exc).__name__}")
        # A foreign exception's message may quote its input; its type and the lines of code cannot.
        said = str(exc) if known else "unexpected; the traceback says where"
        trace = {} if known else {"lines": _lines(exc)}
        logs.log().error("task failed", error=type(exc).__name__, said=said, **trace)


def _job_of(task: Task[Any, Any], args: tuple[Any, ...]) -> str:
    """The job's id: that of the first stage, which the others carry along.

    What the first stage is sent is a stranger's: a field of that name in it may be anything that a customer wrote.
    """
    carried = args[0].get("job_id") if task.name in AFTER_A_LOOKUP and args and isinstance(args[0], dict) else None
    return carried if isinstance(carried, str) else str(task.request.id)


def _lines(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last: files, lines and functions, no values."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-8:]


class Stopwatch:
    """Measures the stages of one task in milliseconds."""

    def __init__(self) -> None:
        self._at = time.perf_counter()

    def lap_ms(self) -> float:
        """Milliseconds since the last lap."""
        now = time.perf_counter()
        took, self._at = (now - self._at) * 1000, now
        return round(took, 3)
