"""The stages after a miss, and what rides along from one to the next: whose it is, how urgent, what its sender said."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from celery import chain
from celery.canvas import Signature
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipelines import journey
from pipelines.delivery import labels
from pipelines.journey import TENANT
from workers.observability import counters
from workers.sending import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery import Celery, Task

    from pipelines.job import Job
    from pipelines.journey import Progress

HEADERS_OF_CELERY = frozenset({"stamps", "stamped_headers"})
OFF_PATH = 9  # kombu's priority of what no caller waits for


def rides_along(task: Task[Any, Any], job: Job) -> dict[str, Any]:
    """Options of the next stage: its priority, its sender's own headers, and the tenant whose turn it uses."""
    request = task.request
    headers = {k: v for k, v in (request.headers or {}).items() if k not in HEADERS_OF_CELERY}
    priority = (request.delivery_info or {}).get("priority") or labels.urgency(job.priority)
    return {"headers": {**headers, TENANT: job.tenant}, **({"priority": priority} if priority else {}), **WITHHELD}


def off_path(job: Job) -> dict[str, Any]:
    """Options of what no caller waits for: it waits for everything else in its queue."""
    return {**labelled(job), "priority": OFF_PATH}


def labelled(job: Job) -> dict[str, Any]:
    """Options of what uses the turn of the job's tenant."""
    return {"headers": {TENANT: job.tenant}, **WITHHELD}


def comes_again(task: Task[Any, Any]) -> bool:
    """Was its message delivered before?"""
    return bool((task.request.delivery_info or {}).get("redelivered"))


def until(task: Task[Any, Any]) -> dict[str, Any]:
    """The job's ``expires``: for the stages that run under its id, whose end the caller sees."""
    return {"expires": task.request.expires} if task.request.expires else {}


def send_off_path(work: Any, what: str) -> bool:
    """Send what no caller waits for. The broker refusing costs a later hit, not this caller's answer."""
    try:
        work.apply_async(retry=False)
    except (KombuError, RedisError):
        counters.count(f"{what}.unsent")
        return False
    return True


def to_send_again(task: Task[Any, Any], headers: Mapping[str, Any], *args: Any) -> str:
    """A task's message, to be kept: its sender's canvas, these headers, and ``args`` instead of its own, if given."""
    return json.dumps(task.signature_from_request(task.request, args=args or None, headers=headers))


def send_again(app: Celery, message: str) -> None:
    """Send what :func:`to_send_again` made."""
    Signature.from_dict(json.loads(message), app=app).apply_async()


def afresh(progress: Progress, what: str, **changes: Any) -> Progress:
    """The job again from now on, off its caller's path, under an id of its own: nobody waits for it."""
    return replace(
        progress,
        job_id=f"{progress.job_id}.{what}",
        started_at=time.time(),
        submitted_at=None,
        timings_ms={},
        spent_usd=Decimal(0),
        flight="",
        **changes,
    )


def after_a_miss(app: Celery, progress: Progress, task: Task[Any, Any] | None = None, *, ruled: bool = False) -> Any:
    """The rest of the journey, of which the last stage runs under the job's id.

    Where a rule's pattern matches, that is `classify`, which hands the job on where the rule does not answer. Elsewhere
    each stage has a task of its own, and monitors show each.
    """
    along = off_path(progress.job) if task is None else rides_along(task, progress.job)
    args = (progress.encode(),)
    if ruled and task is not None:
        return app.signature(journey.CLASSIFY, args=args, **along, **until(task))
    return app.signature(journey.CLASSIFY, args=args, **along, ignore_result=True) | to_the_model(
        app, None, along, task
    )


def to_the_model(app: Celery, progress: Progress | None, along: dict[str, Any], task: Task[Any, Any] | None) -> Any:
    """The stages after a route; without ``progress`` they are handed it by the stage before."""
    args = () if progress is None else (progress.encode(),)
    last = {} if task is None else until(task)
    return chain(
        app.signature(journey.COMPRESS, args=args, **along), app.signature(journey.MODEL_CALL, **along, **last)
    )
