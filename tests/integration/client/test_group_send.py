"""What many threads send at once arrives once each; one message's fault is its sender's alone."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery.signals import after_task_publish, before_task_publish

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


def test_nobody_hangs_where_no_broker_is() -> None:
    app = sender("redis://127.0.0.1:1/0")
    app.conf.task_publish_retry_policy = {"max_retries": 1, "interval_start": 0.01}
    group = GroupSender(app)

    def send(n: int) -> str:
        with pytest.raises(Exception, match="refused"):
            group.send("t", task_id=str(n), queue="q")
        return "told"

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(16), timeout=60)) == ["told"] * 16
    app.close()
