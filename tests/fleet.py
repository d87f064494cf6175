"""The fleet inside the test's process: one Celery worker thread that serves every queue."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from tests.waiting import until
from workers.client import Farthing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    import pytest

    from pipelines.answer import Answer, Usage
    from workers.demo.standin import StandIn
    from workers.runtime import Runtime


def counts_heard(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is counted from now on: the counters themselves may be handed over to the ledger between two lines."""
    from workers.observability import counters

    heard: Counter[str] = Counter()
    count = counters.count

    def counted(event: str, amount: int = 1) -> None:
        heard[event] += amount
        count(event, amount)

    monkeypatch.setattr(counters, "count", counted)
    return heard


def says_yes(_judge: Any, _asking: Any, _offers: Any, count: int, **_: Any) -> Any:
    """In place of ``Judge._ask``: a judge that says yes to each question, for nothing."""
    from decimal import Decimal

    from pipelines.answer import Usage
    from workers.stages.judge import Verdicts

    return Verdicts((True,) * count, Usage(), Decimal(0))


class InProcess:
    """``ask`` a question; ``settled`` waits until its answer is in the cache of this process's replica."""

    def __init__(self, model: StandIn) -> None:
        self.model = model

    def __enter__(self) -> Self:
        # The app reads its settings when it is imported, as a worker's process does.
        from celery.contrib.testing.worker import start_worker

        from workers import tasks
        from workers.app import app
        from workers.queues import QUEUES

        self.tasks, self.app = tasks, app
        self._stack = ExitStack()
        queues = [queue.name for queue in QUEUES]
        self._stack.enter_context(
            start_worker(app, pool="threads", concurrency=16, queues=queues, perform_ping_check=False)
        )
        self.client = self._stack.enter_context(Farthing())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def runtime(self) -> Runtime:
        """What the tasks run on at this moment."""
        from workers.runtime import runtime

        return runtime()

    @contextmanager
    def instead(self, **parts: Any) -> Iterator[Runtime]:
        """Run on these parts until the block ends, the stages built anew of them."""
        from workers.runtime import using

        before = self.runtime
        with using(before.with_(**parts)) as other:
            yield other
        if other.made.get("lookup") not in (None, before.made.get("lookup")):
            other.lookup.replicas.close()

    def ask(self, messages: Any, **fields: Any) -> Answer:
        return self.client.ask(messages, timeout_s=30, **fields)

    def priced(self, model: str, usage: Usage) -> Decimal:
        """What a usage costs at a model of the stand-in's."""
        return self.runtime.configuration.prices.cost("openai", model, usage, datetime.now(UTC))

    def settled(self, answer: Answer) -> Answer:
        """Wait for write-back: the answer's entry is in Redis, and in the replica if the encoder reads it."""
        store, record = self.runtime.store, self.runtime.records.recall(str(answer.job_id))
        assert record is not None
        assert record.scope is not None
        scope, members = record.scope, self.runtime.members
        until(lambda: store.get(scope, members.entry_of(record) or ""))
        asked = store.phrasing(scope, record.key or "")
        if asked is not None and asked.vector is not None:
            replicas = self.runtime.lookup.replicas
            until(lambda: scope not in replicas.loaded() or replicas.size(scope) > 0)
        return answer
