"""What the broker itself costs: a Celery app with the fleet's own settings and tasks that do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import chain

from workers.app import build
from workers.config.settings import Settings

if TYPE_CHECKING:
    from celery import Celery, Task

QUEUES = ("empty-1", "empty-2", "empty-3", "empty-4")
ONE, FOUR, NEXT = "empty.one", "empty.four", "empty.next"

app: Celery = build(Settings.from_env())
app.conf.update(include=[], task_routes={}, beat_schedule={})


@app.task(name=ONE, shared=False)
def one(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the argument."""
    return payload


@app.task(name=NEXT, shared=False)
def following(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the argument, as a link of the chain."""
    return payload


@app.task(name=FOUR, shared=False, bind=True)
def four(self: Task[Any, Any], payload: dict[str, Any]) -> Any:
    """Be replaced by three more tasks, each on a queue of its own, under the same id: the shape of a miss."""
    links = [app.signature(NEXT, args=(payload,) if not n else (), queue=q) for n, q in enumerate(QUEUES[1:])]
    return self.replace(chain(*links))
