"""The Celery application: every policy of the fleet's, each with its reason."""

from __future__ import annotations

from celery import Celery

from pipelines.journey import MAINTAIN
from workers.config import addresses
from workers.config.settings import Settings
from workers.queues import QUEUE_OF
from workers.store import lists

# Wire settings that a sender shares with the workers; the client uses them too.
JSON_ONLY = {
    # Pickle would let whoever reaches the broker run code in the workers.
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "result_accept_content": ["json"],
}


def build(settings: Settings) -> Celery:
    """The fleet's Celery app. Importing it connects to nothing."""
    broker, broker_options = addresses.for_celery(settings.broker_url)
    backend, backend_options = addresses.for_celery(settings.result_url)
    app = Celery(
        "farthing",
        broker=broker,
        backend=backend,
        include=["workers.tasks", "workers.fleet.lifecycle", "workers.broker.install"],
    )
    app.conf.update(
        JSON_ONLY,
        # A worker that dies mid-task loses nothing: the message is acknowledged after the work. So every task is
        # safe to run twice.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # A task that raised is done: its error is the caller's answer. Redelivering it would ask (and pay) again.
        task_acks_on_failure_or_timeout=True,
        # One message a thread unless the queue's table says more (see queues.py): no worker hoards jobs.
        worker_prefetch_multiplier=1,
        # Enforced by prefork pools only; threads bound their own work by socket timeouts and the job's deadline.
        task_soft_time_limit=840,
        task_time_limit=900,
        # Above the longest task, else Redis delivers a running task a second time (celery #5935).
        broker_transport_options=_transport(settings)
        | broker_options
        | {"priority_steps": [*lists.STEPS, *lists.LANES]},
        result_backend_transport_options=_transport(settings) | backend_options,
        redis_socket_keepalive=True,
        redis_retry_on_timeout=True,
        # A dead peer behind a silent network is noticed within this many seconds.
        redis_backend_health_check_interval=25,
        # A job's priority is its stages' too.
        task_inherit_parent_priority=True,
        # Workers wait for a broker that starts later or restarts, for ever; senders have short limits of their own.
        broker_connection_retry_on_startup=True,
        broker_connection_retry=True,
        broker_connection_max_retries=None,
        # A finished model call is paid for: let it finish and store its answer, even if its message comes again.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # SIGTERM finishes running tasks. A cold stop (SIGQUIT) grants this long first; keep it below the platform's
        # kill delay (compose: stop_grace_period).
        worker_soft_shutdown_timeout=20.0,
        worker_enable_soft_shutdown_on_idle=False,
        # Results hold personal data: kept only as long as a caller may still come for them.
        result_expires=settings.result_expires_s,
        # A STARTED write per task costs a round trip on the hot path and tells nobody anything.
        task_track_started=False,
        # Flower needs the workers' events; a "sent" event would come from web backends and carry nothing more.
        worker_send_task_events=True,
        task_send_sent_event=False,
        # An event nobody read for this long is worthless; without a bound Flower's queue could fill Redis.
        event_queue_ttl=10.0,
        event_queue_expires=60.0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        task_default_queue="cache-lookup",
        task_create_missing_queues=True,
        task_routes={task: {"queue": queue} for task, queue in QUEUE_OF.items()},
        timezone="UTC",
        enable_utc=True,
        beat_schedule={
            # A missed sweep is made good by the next: one that waited longer than its period is dropped.
            "sweep": {"task": MAINTAIN, "schedule": 60.0, "options": {"expires": 55}},
        },
    )
    return app


def _transport(settings: Settings) -> dict[str, object]:
    return {
        "visibility_timeout": settings.visibility_timeout_s,
        # kombu's lock over what its own workers left, five minutes of a killed worker's by default.
        "unacked_mutex_expire": 10,
        "socket_keepalive": True,
        "socket_connect_timeout": 5,
        "health_check_interval": 25,
        "retry_on_timeout": True,
    }


app = build(Settings.from_env())
