"""The one table of queues: which tasks each carries and how its workers are started."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines import journey


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue and its worker's defaults.

    ``concurrency`` is threads per process; ``prefetch`` is how many messages each thread may hold unacknowledged.
    """

    name: str
    tasks: tuple[str, ...]
    concurrency: int
    prefetch: int
    waits_on: str

    def command(self) -> tuple[str, ...]:
        """The Celery arguments that start one worker process of this queue."""
        return (
            *("-A", "workers.app", "worker", "-Q", self.name, "-n", f"{self.name}@%h"),
            *("--pool", "threads", "--concurrency", str(self.concurrency)),
            *("--prefetch-multiplier", str(self.prefetch), "--without-gossip", "--without-mingle"),
        )


# Lookups are short and share micro-batches: many threads, and the next message at hand. No more: what is in hand is
# answered before another tenant's turn comes. A model call lasts seconds: it takes one message a thread, so that a busy
# worker never sits on jobs that an idle one could answer.
QUEUES: tuple[Queue, ...] = (
    Queue("cache-lookup", (journey.LOOKUP,), concurrency=8, prefetch=2, waits_on="encoder and cache Redis"),
    Queue("classify", (journey.CLASSIFY,), concurrency=4, prefetch=4, waits_on="the rules' databases"),
    Queue("compress-context", (journey.COMPRESS,), concurrency=8, prefetch=4, waits_on="the encoder"),
    Queue("model-call", (journey.MODEL_CALL,), concurrency=32, prefetch=1, waits_on="providers"),
    Queue("write-back", (journey.WRITE_BACK,), concurrency=4, prefetch=4, waits_on="cache Redis"),
    Queue("maintenance", (journey.MAINTAIN, journey.FEEDBACK), concurrency=2, prefetch=1, waits_on="cache Redis"),
)

QUEUE_OF: dict[str, str] = {task: queue.name for queue in QUEUES for task in queue.tasks}
