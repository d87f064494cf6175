"""A call whose worker died under way may have been paid for: it is asked again, and counted as ambiguous."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pipelines.errors import ProvidersExhausted
from pipelines.job import Job
from pipelines.journey import Progress
from tests.fleet import counts_heard
from tests.waiting import until
from workers.store import keys

if TYPE_CHECKING:
    import pytest

    from tests.fleet import InProcess


def job(question: str, tenant: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}], "tenant": tenant, "user": "u-1"}


def test_a_call_whose_worker_died_under_way_is_asked_again_and_counted(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, given = f"died-{tenant}", job("How do I oil a sewing machine?", tenant)
    progress = Progress(Job.decode(given), job_id, time.time())
    fleet.runtime.paid_once.begin(progress, ttl_s=60)  # and nothing more was heard of it
    heard = counts_heard(monkeypatch)
    answer = fleet.app.send_task("chat.cache_lookup", [given], queue="cache-lookup", task_id=job_id).get(timeout=30)
    assert answer["source"] == "model"
    assert fleet.tasks.AMBIGUOUS in answer["degraded"]
    assert heard["model_call.ambiguous"] == 1
    assert fleet.runtime.paid_once.begin(progress, ttl_s=60).answer is not None


def test_what_another_began_under_the_same_id_is_not_ambiguous(fleet: InProcess, tenant: str) -> None:
    mine, others = (Progress(Job.decode(job(text, tenant)), f"id-{tenant}", time.time()) for text in ("a?", "b?"))
    fleet.runtime.paid_once.begin(mine, ttl_s=60)
    assert not fleet.runtime.paid_once.begin(others, ttl_s=60).ambiguous
    assert fleet.runtime.paid_once.begin(mine, ttl_s=60).ambiguous


def test_a_call_that_failed_is_over(fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, given = f"failed-{tenant}", job("How do I wax a canoe?", tenant)

    def fails(*_: Any, **__: Any) -> Any:
        assert fleet.runtime.ledger_redis.exists(keys.paid(job_id))
        raise ProvidersExhausted(["away"])

    with monkeypatch.context() as patched:
        patched.setattr(fleet.tasks.calls, "call", fails)
        sent = fleet.app.send_task("chat.cache_lookup", [given], queue="cache-lookup", task_id=job_id)
        assert isinstance(sent.get(timeout=30, propagate=False), ProvidersExhausted)
    until(lambda: not fleet.runtime.ledger_redis.exists(keys.paid(job_id)))
