"""What rides along from one stage of a job to the next: whose it is, how urgent, and what its sender said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from pipelines.delivery import labels
from pipelines.journey import TENANT
from workers.observability import counters
from workers.sending import WITHHELD

if TYPE_CHECKING:
    from celery import Task

    from pipelines.job import Job

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
