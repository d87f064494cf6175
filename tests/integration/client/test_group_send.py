"""What many threads send at once arrives once each; one message's fault is its sender's alone."""

from __future__ import annotations

import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery.signals import after_task_publish, before_task_publish

from tests.waiting import until
from workers.group_send import GroupSender
from workers.sending import sender

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS, EACH = 32, 20


@pytest.fixture
def queue(redis_url: str) -> Iterator[tuple[Any, str]]:
    name = f"group-{uuid.uuid4().hex}"
    with redis.Redis.from_url(redis_url) as client:
        yield client, name
        client.delete(name)


def ids(queue: tuple[Any, str]) -> list[str]:
    client, name = queue
    return sorted(json.loads(message)["headers"]["id"] for message in client.lrange(name, 0, -1))


def test_each_arrives_once_and_monitors_see_each(redis_url: str, queue: tuple[Any, str]) -> None:
    app = sender(redis_url)
    group = GroupSender(app)
    before, after = [], []

    def seen_before(headers: dict[str, Any], **_: Any) -> None:
        before.append(headers["id"])

    def seen_after(headers: dict[str, Any], **_: Any) -> None:
        after.append(headers["id"])

    before_task_publish.connect(seen_before)
    after_task_publish.connect(seen_after)
    with redis.Redis.from_url(redis_url) as client:
        trips = client.info()["total_reads_processed"]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda n: group.send("t", task_id=f"{n:04}", queue=queue[1]), range(THREADS * EACH)))
        trips = client.info()["total_reads_processed"] - trips
    app.close()
    wanted = [f"{n:04}" for n in range(THREADS * EACH)]
    assert ids(queue) == sorted(before) == sorted(after) == wanted
    assert trips < len(wanted) / 2


def test_one_that_cannot_be_sent_fails_alone(redis_url: str, queue: tuple[Any, str]) -> None:
    app = sender(redis_url)
    group = GroupSender(app)

    def send(n: int) -> str | None:
        try:
            group.send("t", task_id=f"{n:03}", queue=queue[1], args=[{1, 2}] if n % 10 == 0 else [n])
        except Exception as error:  # noqa: BLE001 - what it says is looked at
            return str(error)
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        said = list(pool.map(send, range(100)))
    app.close()
    assert [n for n, one in enumerate(said) if one] == list(range(0, 100, 10))
    assert all("not JSON serializable" in one for one in said if one)
    assert sorted(set(ids(queue))) == [f"{n:03}" for n in range(100) if n % 10]


def test_where_no_broker_is_all_are_told_at_the_same_time() -> None:
    app = sender("redis://127.0.0.1:1/0")
    app.conf.task_publish_retry_policy = {"max_retries": 2, "interval_start": 0.5}
    group = GroupSender(app)

    def send(n: int) -> float:
        began = time.monotonic()
        with pytest.raises(Exception, match="refused"):
            group.send("t", task_id=str(n), queue="q")
        return time.monotonic() - began

    with ThreadPoolExecutor(THREADS) as pool:
        took = list(pool.map(send, range(THREADS)))
    app.close()
    assert max(took) < 8 * min(took), "one after the other would take so many times as long"


class Interrupted(BaseException):
    """As a request's own timeout, or Ctrl-C, in whichever thread it strikes."""


@pytest.mark.parametrize("who", ["leader", "follower"])
def test_a_thread_that_is_interrupted_takes_nobody_along(
    redis_url: str, queue: tuple[Any, str], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = sender(redis_url)
    group, entered, go = GroupSender(app), threading.Event(), threading.Event()
    send_task = app.send_task

    def slow(name: str, **options: Any) -> Any:
        if options["task_id"] == "first":
            entered.set()
            assert go.wait(20)
        if options["task_id"] == "struck" and who == "leader":
            raise Interrupted
        return send_task(name, **options)

    monkeypatch.setattr(app, "send_task", slow)
    wait = threading.Event.wait

    def struck(event: threading.Event, timeout: float | None = None) -> bool:
        done = wait(event, timeout)
        if threading.current_thread().name == "struck" and who == "follower":
            raise Interrupted
        return done

    def send(name: str) -> None:
        with suppress(Interrupted):
            group.send("t", task_id=name, queue=queue[1])

    threads = [threading.Thread(target=send, args=(name,), name=name) for name in ("first", "struck", "next", "last")]
    monkeypatch.setattr(threading.Event, "wait", struck)
    threads[0].start()
    assert wait(entered, 20)
    for count, thread in enumerate(threads[1:], 1):
        thread.start()
        until(lambda count=count: len(group._waiting) == count)
    go.set()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    group.send("t", task_id="later", queue=queue[1])
    monkeypatch.undo()
    app.close()
    assert {"first", "next", "last", "later"} <= set(ids(queue))
