"""Makes worker processes, and only them, take their messages by this transport: senders and Flower keep kombu's own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from celery import bootsteps
from celery.signals import celeryd_init, task_internal_error, worker_shutdown
from kombu.transport import TRANSPORT_ALIASES

from workers.broker import away
from workers.broker.worker import Worker
from workers.observability import tracebacks
from workers.store import lists

if TYPE_CHECKING:
    from celery.apps.worker import Worker as CeleryWorker

OURS = {
    "redis": "workers.broker.transport:Transport",
    "rediss": "workers.broker.transport:Transport",
    "sentinel": "workers.broker.transport:SentinelTransport",
}
PATIENCE: dict[str, Any] = {
    "max_retries": 120,
    "interval_start": 0.1,
    "interval_step": 0.2,
    "interval_max": 1.0,
}


class LastEvents(bootsteps.StartStopStep):
    """What this worker's tasks did since events were last sent is told before it stops."""

    requires = ("celery.worker.consumer.events:Events",)

    def stop(self, parent: Any) -> None:
        """Before Celery closes what sends them."""
        if parent.event_dispatcher:
            with suppress(Exception):  # whatever the broker says: a worker that stops is not held up by what it tells
                parent.event_dispatcher.flush()


@celeryd_init.connect
def take_over(instance: CeleryWorker, **_: Any) -> None:
    """Before the worker's first connection."""
    TRANSPORT_ALIASES.update(OURS)
    task_internal_error.connect(away.internal_error)
    # A stage that cannot hand its job on would fail it: while the broker is away, it waits for it.
    conf = instance.app.conf
    conf.task_publish_retry_policy = PATIENCE
    # Lanes are for Flower to count. A worker's own events would renew the expiry of each, of every queue that expires.
    conf.broker_transport_options = {**conf.broker_transport_options, "priority_steps": list(lists.STEPS)}
    Worker.app = instance.app
    instance.app.steps["consumer"].add(LastEvents)
    tracebacks.lean()


@worker_shutdown.connect
def give_back(**_: Any) -> None:
    """What is not done goes to others at once, and nobody is taken for dead."""
    Worker.end_here()
