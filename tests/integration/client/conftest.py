"""A worker with a stand-in for the journey, on a Redis of its own, and a client of it."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery, current_app
from celery.contrib.testing.worker import start_worker

from pipelines.answer import Answer, Route, Usage
from pipelines.errors import (
    DeadlineExceeded,
    JobInvalid,
    PriceUnknown,
    ProviderFailed,
    ProvidersExhausted,
    StoreUnavailable,
    UnknownModel,
)
from workers.client import Farthing
from workers.fleet.embedded_redis import EmbeddedRedis

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS: dict[str, Exception] = {
    "deadline": DeadlineExceeded(30.0, "classify"),
    "provider": ProviderFailed("openai", "rate limited", 429, True, 2.5),
    "exhausted": ProvidersExhausted(["a: 上游超时", "b: 503"]),
    "price": PriceUnknown("gpt-x", "openai"),
    "model": UnknownModel("gpt-x", ["gpt-4o"]),
    "job": JobInvalid("messages[0].role", "'bot'", "one of user"),
    "store": StoreUnavailable("cache", "timed out"),
    "foreign": LookupError("nothing here"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as started:
        yield started


@pytest.fixture(scope="module")
def seen() -> list[dict[str, Any]]:
    """What the worker received."""
    return []


@pytest.fixture(scope="module")
def _worker(server: EmbeddedRedis, seen: list[dict[str, Any]]) -> Iterator[None]:
    before = current_app._get_current_object()
    app = Celery("stand-in", broker=server.url, backend=server.url)
    app.conf.update(accept_content=["json"], task_serializer="json", result_serializer="json", result_expires=600)

    @app.task(name="chat.cache_lookup", bind=True, shared=False)
    def cache_lookup(self: Any, job: dict[str, Any]) -> dict[str, Any]:
        seen.append({"job": job, "id": self.request.id, "headers": self.request.headers})
        told = job["metadata"]
        if "raises" in told:
            raise ERRORS[told["raises"]]
        if "slow_s" in told:
            self.update_state(state="PROGRESS", meta={"half": "way"})
            time.sleep(told["slow_s"])
        return Answer(
            text=f"re: {job['messages'][-1]['content']}",
            source="model",
            usage=Usage(41, 0, 88),
            cost_usd=Decimal("0.000059"),
            route=Route("economy", 0.12, "short"),
            job_id=self.request.id,
        ).encode()

    @app.task(name="cache.feedback", shared=False)
    def feedback(job_id: str, rating: str, correction: str | None) -> dict[str, Any]:
        return {"job_id": job_id, "rating": rating, "correction": correction}

    queues = ["cache-lookup", "maintenance"]
    with start_worker(app, pool="threads", concurrency=8, queues=queues, perform_ping_check=False):
        yield
    before.set_current()


@pytest.fixture
def farthing(server: EmbeddedRedis, _worker: None) -> Iterator[Farthing]:
    with Farthing(server.url) as made:
        yield made
