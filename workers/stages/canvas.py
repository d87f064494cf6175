"""What rides along from one stage of a job to the next: what its sender said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celery import Task

HEADERS_OF_CELERY = frozenset({"stamps", "stamped_headers"})


def rides_along(task: Task[Any, Any]) -> dict[str, Any]:
    """What a sender said of its job that holds for every stage: its priority, its own headers."""
    request = task.request
    headers = {k: v for k, v in (request.headers or {}).items() if k not in HEADERS_OF_CELERY}
    options: dict[str, Any] = {"headers": headers} if headers else {}
    priority = (request.delivery_info or {}).get("priority")
    return {**options, "priority": priority} if priority else options


def until(task: Task[Any, Any]) -> dict[str, Any]:
    """The job's ``expires``: for the stages that run under its id, whose end the caller sees."""
    return {"expires": task.request.expires} if task.request.expires else {}
