"""A fleet on a Redis that Sentinels watch over: its master dies, another takes its place, and jobs are answered."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis

from pipelines.errors import StoreUnavailable
from tests.acceptance.up import fleet_environ
from tests.waiting import until
from workers.client import Farthing
from workers.demo.standin import StandIn
from workers.fleet.embedded_redis import find_server, free_port
from workers.fleet.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]


class Watched:
    """A master, its replica, and three Sentinels."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self.ports = [free_port() for _ in range(5)]
        for number, port in enumerate(self.ports[:2]):
            replica = f"replicaof 127.0.0.1 {self.ports[0]}\n" if number else ""
            self._start(f"server{number}", f"port {port}\nappendonly yes\nmaxmemory-policy noeviction\n{replica}")
        for number, port in enumerate(self.ports[2:]):
            watch = f"port {port}\nsentinel monitor jobs 127.0.0.1 {self.ports[0]} 2\n"
            watch += "sentinel down-after-milliseconds jobs 1000\nsentinel failover-timeout jobs 5000\n"
            self._start(f"sentinel{number}", watch, "--sentinel")
        self.url = f"sentinel://{','.join(f'127.0.0.1:{port}' for port in self.ports[2:])}/0?master=jobs"
        sentinel: Any = redis.Redis(port=self.ports[2])
        until(lambda: self._sees(sentinel), within_s=30)
        sentinel.close()

    def _sees(self, sentinel: Any) -> bool:
        try:
            known = sentinel.sentinel_master("jobs")
        except redis.RedisError:
            return False
        return bool(known["num-slaves"] >= 1 and known["num-other-sentinels"] >= 2)

    def _start(self, name: str, configuration: str, *more: str) -> None:
        home = self.folder / name
        home.mkdir()
        (home / "redis.conf").write_text(
            f"bind 127.0.0.1\ndir {home}\nsave ''\n{configuration}".replace("save ''", 'save ""')
        )
        with (home / "log").open("wb") as log:
            command = [find_server(), str(home / "redis.conf"), *more]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.close()


@contextmanager
def supervised(fleet: Fleet) -> Iterator[None]:
    """What ends is started again, as `farthing up` and compose do: a consumer that missed the failover ends itself."""
    stop = threading.Event()

    def mend() -> None:
        while not stop.wait(0.5):
            fleet.mend()

    thread = threading.Thread(target=mend)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_jobs_are_answered_when_the_master_dies_and_another_takes_its_place(watched: Watched, tmp_path: Path) -> None:
    with StandIn(speed=0.0) as model:
        environ = fleet_environ(watched.url, tmp_path, model.url)
        with (
            Fleet(environ, folder=tmp_path / "logs") as fleet,
            supervised(fleet),
            Farthing(watched.url, environ={}) as client,
        ):
            assert client.ask("Do you sell lamps?", timeout_s=60).source == "model"
            watched.processes[0].kill()
            sent, began = [], time.monotonic()
            while len(sent) < 10:
                assert time.monotonic() - began < 60
                try:
                    sent.append(client.submit(f"Do you sell lamp {len(sent)}x?"))
                except StoreUnavailable:
                    time.sleep(0.2)  # a caller who tries again; what is waited for is the failover
            for job_id in sent:
                assert client.result(job_id, 90.0).text
            assert fleet.dead() == [] or fleet.mend()
