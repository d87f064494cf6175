"""What workers do at the word of whoever reaches the broker: cancel a job, say what they are at, no more.

Celery's remote control knows no roles: a web backend that may cancel a job could stop every worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery.worker.control import Panel

if TYPE_CHECKING:
    from workers.config.settings import Settings

ALL = "all"
# Beside what looks: a job is cancelled, Flower hears of events.
CONTROLS = frozenset({"revoke", "enable_events", "disable_events", "heartbeat", "election"})
LOOKS = frozenset(
    (
        "active",
        "active_queues",
        "clock",
        "hello",
        "ping",
        "query_task",
        "registered",
        "reserved",
        "revoked",
        "scheduled",
        "stats",
    )
)


def restrict(settings: Settings) -> None:
    """Forget every other command; Celery answers them as unknown."""
    if settings.remote_control == ALL:
        return
    for name in set(Panel.data) - CONTROLS - LOOKS:
        del Panel.data[name]
