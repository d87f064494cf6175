"""Late jobs and events in a real worker of this transport: told without a task each; sent together, and none lost."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.test_workers_that_die import Shop, shop
from tests.waiting import until
from workers.broker.transport import MOST_AT_ONCE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["shop"]  # a fixture
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]
LOOKUP = """
@app.task(name="chat.cache_lookup")
def look(job):
    return work(job["name"])
"""


def with_lookup(folder: Path) -> None:
    file = folder / "shop.py"
    file.write_text(file.read_text(encoding="utf-8") + LOOKUP, encoding="utf-8")


def send(shop: Shop, name: str, waited_s: float, **options: Any) -> Any:
    headers = {"farthing_submitted_at": time.time() - waited_s, "farthing_tenant": "acme"}
    return shop.app.send_task("chat.cache_lookup", [{"name": name, "deadline_s": 20}], headers=headers, **options)


def failed(shop: Shop) -> set[str]:
    found = {key.decode().removeprefix("celery-task-meta-"): key for key in shop.redis.keys("celery-task-meta-*")}
    return {task_id for task_id, key in found.items() if b"DeadlineExceeded" in (shop.redis.get(key) or b"")}


def test_late_jobs_are_told_and_do_not_run(shop: Shop, tmp_path: Path) -> None:
    with_lookup(tmp_path)
    late = {send(shop, f"late-{n}", 60).id for n in range(200)}
    fine = {send(shop, f"fine-{n}", 0).id for n in range(5)}
    revoked = send(shop, "revoked", 60, expires=datetime.now(UTC) - timedelta(seconds=10)).id
    shop.worker(concurrency=2, prefetch=1)
    until(lambda: failed(shop) == late)
    until(lambda: shop.done() == fine)
    assert sorted(set(shop.ran())) == [f"fine-{n}" for n in range(5)]
    until(lambda: b"REVOKED" in (shop.redis.get(f"celery-task-meta-{revoked}") or b""))
    until(lambda: shop.redis.llen("shop") == 0 and not shop.redis.keys("farthing:hand:*"))


def test_a_worker_that_dies_while_it_tells_leaves_nobody_untold(shop: Shop, tmp_path: Path) -> None:
    with_lookup(tmp_path)
    late = {send(shop, f"late-{n}", 60).id for n in range(2_000)}
    first = shop.worker(concurrency=2, prefetch=1)
    until(lambda: len(failed(shop)) > 20, every_s=0.01)
    first.kill()
    first.wait()
    assert failed(shop) < late, "it died in the middle"
    shop.worker(concurrency=2, prefetch=1)
    # What was in its hand is delivered again, and is its stage's to judge: here, a task that knows no deadline.
    until(lambda: failed(shop) | shop.done() == late, within_s=60)
    assert len(shop.done()) <= MOST_AT_ONCE
    assert not failed(shop) & shop.done()


def test_each_event_arrives_and_they_come_together(shop: Shop) -> None:
    done, batches, ready, stop = set[str](), [0], threading.Event(), threading.Event()

    def listen() -> None:
        with shop.app.connection() as connection:
            receiver = shop.app.events.Receiver(connection, handlers={"task-succeeded": lambda e: done.add(e["uuid"])})
            process = receiver._receive

            def counted(body: Any, message: Any) -> None:
                batches[0] += 1
                process(body, message)

            receiver._receive = counted
            with receiver.consumer_context() as (conn, *_):
                ready.set()
                while not stop.is_set():
                    try:
                        conn.drain_events(timeout=0.5)
                    except TimeoutError:
                        continue

    worker = shop.worker(concurrency=4, events=True)
    listening = threading.Thread(target=listen)
    listening.start()
    assert ready.wait(20)
    sent = {shop.send(f"job-{n}").id for n in range(100)}
    until(lambda: done == sent)
    assert batches[0] < 100, "three events of each task, a few times a second"
    last = shop.send("last").id
    until(lambda: last in shop.done())
    worker.terminate()
    until(lambda: last in done)
    stop.set()
    listening.join(20)
