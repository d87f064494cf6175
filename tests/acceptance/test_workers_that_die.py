"""Workers that are killed, poisoned, cut off, changed: real processes on a real Redis, beside kombu's own transport."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery import Celery

from tests.unit.workers.broker.test_envelope import BAD
from tests.waiting import until
from workers.fleet.embedded_redis import EmbeddedRedis, find_server, free_port
from workers.store import lists

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

APP = """
import os, time
from celery import Celery
app = Celery("shop", broker=os.environ["URL"], backend=os.environ["URL"])
app.conf.update(
    task_acks_late=True, task_default_queue="shop", broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 3, "unacked_restore_throttle": 1, "unacked_restore_interval": 1,
        "unacked_mutex_expire": 3,  # kombu's lock, which a killed worker may hold
    },
    include=["workers.broker.install"] if os.environ["TRANSPORT"] == "ours" else [],
)
@app.task(name="shop.work")
def work(name, seconds=0.0):
    with open(os.environ["RAN"], "a") as file:
        print(name, os.getpid(), file=file)
    time.sleep(seconds)
    return name
@app.task(name="shop.die")
def die():
    work("killer")
    os.kill(os.getpid(), 9)
"""


class Shop:
    """A Celery application of somebody's, and workers of it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.processes = folder, url, []
        (folder / "shop.py").write_text(APP, encoding="utf-8")
        self.redis: Any = redis.Redis.from_url(url)
        self.app = Celery("sender", broker=url, backend=url, set_as_current=False)
        self.app.conf.task_default_queue = "shop"
        self.processes: list[subprocess.Popen[bytes]] = []

    def worker(
        self, transport: str = "ours", concurrency: int = 4, prefetch: int = 4, *, events: bool = False
    ) -> subprocess.Popen[bytes]:
        name = f"w{len(self.processes)}"
        command = [sys.executable, "-m", "celery", "-A", "shop", "worker", "-n", f"{name}@%h", "--pool", "threads"]
        command += ["--concurrency", str(concurrency), "--prefetch-multiplier", str(prefetch), "-l", "WARNING"]
        command += ["--task-events"] if events else []
        given = {"URL": self.url, "TRANSPORT": transport, "RAN": str(self.folder / "ran")}
        path = os.pathsep.join([str(self.folder), str(Path.cwd())])
        with (self.folder / f"{name}.log").open("wb") as log:
            made = subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle"],
                cwd=self.folder, env={**os.environ, "PYTHONPATH": path, **given}, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(made)
        until(lambda: name in self.answering(), within_s=40)
        return made

    def answering(self) -> set[str]:
        found = self.app.control.inspect(timeout=0.5).ping() or {}
        return {node.partition("@")[0] for node in found}

    def send(self, name: str, seconds: float = 0.0, **options: Any) -> Any:
        return self.app.send_task("shop.work", [name, seconds], **options)

    def ran(self) -> list[str]:
        path = self.folder / "ran"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def done(self) -> set[str]:
        """Ids whose result says success."""
        found = {key.decode().removeprefix("celery-task-meta-"): key for key in self.redis.keys("celery-task-meta-*")}
        return {task_id for task_id, key in found.items() if b'"SUCCESS"' in (self.redis.get(key) or b"")}

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        gc.collect()  # a result that nobody holds tells its backend, while there is one
        self.app.close()
        self.redis.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with EmbeddedRedis() as server:
        made = Shop(tmp_path, server.url)
        yield made
        made.close()


def test_what_a_killed_worker_had_is_done_by_another_within_seconds(shop: Shop) -> None:
    doomed = shop.worker()
    sent = [shop.send(f"job-{n}", 1.0) for n in range(12)]  # four run, eight wait in its hand
    until(lambda: len(shop.ran()) >= 4)
    doomed.kill()
    began = time.monotonic()
    shop.worker()
    assert sorted(one.get(timeout=30) for one in sent) == sorted(f"job-{n}" for n in range(12))
    assert time.monotonic() - began < 25
    twice = len(shop.ran()) - len(set(shop.ran()))
    assert twice <= 4, "what ran when it was killed, and no more"
    until(lambda: shop.redis.keys("farthing:hand:*") == [])


def test_a_message_that_kills_its_worker_is_put_aside_and_its_caller_told(shop: Shop) -> None:
    first = shop.worker(concurrency=2, prefetch=2)
    killer = shop.app.send_task("shop.die")
    first.wait(20)
    innocents = [shop.send(f"job-{n}", 0.2) for n in range(6)]
    second = shop.worker(concurrency=2, prefetch=2)
    second.wait(20)
    third = shop.worker(concurrency=2, prefetch=2)
    third.wait(20)
    shop.worker(concurrency=2, prefetch=2)
    assert sorted(one.get(timeout=30) for one in innocents) == sorted(f"job-{n}" for n in range(6))
    with pytest.raises(Exception, match="its worker died of it"):
        killer.get(timeout=10)
    assert shop.ran().count("killer") == 3
    assert shop.redis.llen(lists.DEAD) == 1


def test_rubbish_stops_nobody(shop: Shop) -> None:
    worker = shop.worker()
    for message in BAD.values():
        shop.redis.lpush("shop", message[:1_000_000])
    shop.app.send_task("no.such.task", ["a secret"])
    began = time.monotonic()
    assert shop.send("good").get(timeout=20) == "good"
    assert time.monotonic() - began < 5
    assert worker.poll() is None
    until(lambda: shop.redis.llen(lists.DEAD) == len(BAD) + 1)
    assert shop.redis.llen("shop") == 0
    assert "a secret" not in (shop.folder / "w0.log").read_text()


def test_an_unknown_tasks_caller_is_told(shop: Shop) -> None:
    shop.worker()
    with pytest.raises(Exception, match="no such task here"):
        shop.app.send_task("no.such.task").get(timeout=10)


def test_cut_connections_lose_nothing_and_run_nothing_twice(shop: Shop) -> None:
    shop.worker()
    sent = [shop.send(f"job-{n}", 0.3) for n in range(40)]
    for _ in range(4):
        time.sleep(0.7)
        shop.redis.client_kill_filter(_type="normal", skipme=True)
        shop.redis.client_kill_filter(_type="pubsub")
    until(lambda: len(set(shop.ran())) == 40, within_s=60)
    until(lambda: all(one.ready() for one in sent), within_s=30)
    assert len(shop.ran()) == 40


def test_a_broker_that_dies_takes_no_task_along(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "redis"
    folder.mkdir()
    command = [str(find_server()), "--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "yes"]

    def start() -> subprocess.Popen[bytes]:
        made = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(lambda: _pong(port))
        return made

    server = start()
    shop = Shop(tmp_path, f"redis://127.0.0.1:{port}/0")
    try:
        worker = shop.worker(concurrency=16, prefetch=1)
        sent = {shop.send(f"job-{n}", 0.3).id for n in range(100)}
        time.sleep(1.2)  # the append-only file is on disk by then
        server.kill()  # sixteen tasks end while nobody takes their results
        server.wait()
        time.sleep(1.0)
        server = start()
        until(lambda: shop.done() == sent, within_s=60)
        until(lambda: shop.redis.keys("farthing:hand:*") == [])
        assert worker.poll() is None
    finally:
        shop.close()
        server.kill()
        server.wait()


def test_a_full_broker_takes_no_task_along(shop: Shop) -> None:
    worker = shop.worker(concurrency=4, prefetch=1)
    sent = {shop.send(f"job-{n}", 0.2).id for n in range(40)}
    until(shop.ran)
    shop.redis.config_set("maxmemory", 1)
    time.sleep(2.0)
    shop.redis.config_set("maxmemory", 0)
    until(lambda: shop.done() == sent, within_s=60)
    assert worker.poll() is None


def _pong(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.RedisError:
        return False


def test_a_fleet_changes_from_kombus_own_transport_while_it_works(shop: Shop) -> None:
    old = shop.worker("kombu")
    before = [shop.send(f"before-{n}", 4.0) for n in range(8)]
    until(shop.ran)
    shop.worker()
    between = [shop.send(f"between-{n}", 0.2, priority=(0, 3)[n % 2]) for n in range(10)]
    # What kombu has popped and not recorded is lost with its worker: that is why there is another transport.
    until(lambda: shop.redis.llen("shop") + shop.redis.llen(f"shop{lists.PRIORITY}3") == 0)
    time.sleep(1.0)
    assert shop.redis.hlen("unacked") > 0
    old.kill()  # its messages are where kombu keeps them: ours looks there too
    old.wait()
    time.sleep(1.0)  # Redis hands what comes now to a dead worker's open BRPOP, another reason for another transport
    after = [shop.send(f"after-{n}") for n in range(5)]
    for one in (*before, *between, *after):
        assert one.get(timeout=60)
    assert shop.redis.hlen("unacked") == 0


def test_back_to_kombus_own_transport_loses_nothing(shop: Shop) -> None:
    ours = shop.worker()
    sent = [shop.send(f"job-{n}", 0.3) for n in range(20)]
    until(shop.ran)
    ours.terminate()  # a deploy: what is not done is given back
    ours.wait(30)
    shop.worker("kombu")
    assert sorted(one.get(timeout=30) for one in sent) == sorted(f"job-{n}" for n in range(20))
    assert len(shop.ran()) == 20


def test_a_worker_that_waits_is_woken_at_once(shop: Shop) -> None:
    for _ in range(3):  # two of them are woken by the list
        shop.worker(concurrency=1, prefetch=1)
    took = []
    for n in range(30):
        began = time.monotonic()
        assert shop.send(f"job-{n}", task_id=str(uuid.uuid4())).get(timeout=10)
        took.append(time.monotonic() - began)
    assert sorted(took)[15] < 0.3, "a poll would take half a second"
