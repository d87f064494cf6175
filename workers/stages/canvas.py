"""A sender's own canvas: what it linked, chained or grouped goes on, whichever stage answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.app.task import Context

if TYPE_CHECKING:
    from celery import Task

HEADERS_OF_CELERY = frozenset({"stamps", "stamped_headers"})


def handed_on(task: Task[Any, Any], encoded: dict[str, Any]) -> dict[str, Any]:
    """A middle step's result goes to the next step alone: kept, it would hold the conversation for nobody."""
    task.request.ignore_result = True
    return encoded


def rides_along(task: Task[Any, Any]) -> dict[str, Any]:
    """What a sender said of its job that holds for every stage: its priority, its own headers."""
    request = task.request
    headers = {k: v for k, v in (request.headers or {}).items() if k not in HEADERS_OF_CELERY}
    options: dict[str, Any] = {"headers": headers} if headers else {}
    priority = (request.delivery_info or {}).get("priority")
    return {**options, "priority": priority} if priority else options


def ended_early(task: Task[Any, Any], job_id: str, encoded: dict[str, Any]) -> dict[str, Any]:
    """End the job in the middle of its journey: the caller's id gets the answer, the stages that are left are skipped.

    What the sender hung on the job is on the last of them: links and the rest of a chain go on, a chord is told.
    """
    request = task.request
    chain: list[Any] = list(request.chain or ())  # the next step last
    at = next((i for i, step in enumerate(chain) if (step.get("options") or {}).get("task_id") == job_id), None)
    options = {} if at is None else dict(chain[at].get("options") or {})
    task.backend.store_result(job_id, encoded, "SUCCESS", request=None)
    if options.get("chord"):
        part = Context(id=job_id, group=options.get("group_id"), group_index=options.get("group_index"))
        part.chord = options["chord"]
        task.backend.on_chord_part_return(part, "SUCCESS", encoded)
    request.callbacks = options.get("link")
    request.chain = chain[:at] if at else None  # type: ignore[assignment]  # the stubs know it as text
    return handed_on(task, encoded)
