"""What waited past its deadline is told so, without taking a worker's time, and none of it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

from pipelines.errors import DeadlineExceeded
from tests.integration.broker.taker import Taker, put
from tests.waiting import until
from workers.broker import envelope
from workers.broker.lateness import Lateness

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    app = Celery("late", broker=redis_url, backend=redis_url, set_as_current=False)
    app.conf.update(task_serializer="json", result_serializer="json", accept_content=["json"])
    yield app
    app.close()


def test_each_caller_is_told_and_its_message_dropped(broker: Any, app: Celery) -> None:
    put(broker, *(f"late-{n}" for n in range(50)))
    taker = Taker(broker, "one")
    lateness = Lateness(taker.hand)
    for field, message in taker.fetch(50)[2]:
        lateness.tell(app, field, envelope.read(message), 5.0)
    for n in range(50):
        with pytest.raises(DeadlineExceeded, match="deadline of 5 s passed at cache-lookup"):
            app.AsyncResult(f"late-{n}").get(timeout=20)
        assert "/" not in app.backend.get_traceback(f"late-{n}")
    until(lambda: not lateness.fields)
    taker.hand.settle()
    assert taker.in_redis() == set()


def test_what_cannot_be_told_is_given_back(broker: Any) -> None:
    nobody = Celery("late", backend="redis://127.0.0.1:1/0", set_as_current=False)
    nobody.conf.result_backend_transport_options = {"retry_policy": {"max_retries": 0, "timeout": 0.1}}
    put(broker, "late")
    taker = Taker(broker, "one")
    ((field, message),) = taker.fetch(1)[2]
    lateness = Lateness(taker.hand)
    lateness.tell(nobody, field, envelope.read(message), 5.0)
    until(lambda: not lateness.fields)
    taker.hand.settle()
    ((_, again),) = Taker(broker, "two").fetch(1)[2]
    assert envelope.read(again).message["headers"]["redelivered"]
