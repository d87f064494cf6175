"""compose.yaml's own commands, run as processes: what the containers would run works together, and scales by queue."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
import yaml

from tests.waiting import until
from workers.client import Farthing
from workers.demo.standin import StandInProcess
from workers.fleet.children import Children
from workers.fleet.embedded_redis import find_server, free_port
from workers.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

GIVEN = {"BROKER_PASSWORD": "b-pass", "CACHE_PASSWORD": "c-pass", "FLOWER_PASSWORD": "f-pass", "FARTHING_SECRET": "s"}
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")


class Composed:
    """The services as child processes: container paths become folders, service names become loopback ports."""

    def __init__(self, folder: Path, model_url: str) -> None:
        self.folder = folder
        self.services = yaml.safe_load(Path("compose.yaml").read_text(encoding="utf-8"))["services"]
        self.given = {**GIVEN, "OPENAI_API_KEY": "stand-in", "OPENAI_BASE_URL": model_url}
        self.ports = {"broker": free_port(), "cache": free_port(), "flower": free_port()}
        self.processes: dict[tuple[str, int], subprocess.Popen[bytes]] = {}
        self.children = Children(grace_s=3, removes=folder / "private")

    def filled(self, text: str) -> str:
        return VARIABLE.sub(lambda found: self.given.get(found[1]) or (found[2] or ""), text).replace("$$", "$")

    def environ(self, service: Mapping[str, Any], own: Path) -> dict[str, str]:
        named = {name: self.filled(str(value)) for name, value in service.get("environment", {}).items()}
        local = {
            name: value.replace("@broker:6379", f"@127.0.0.1:{self.ports['broker']}")
            .replace("@cache:6379", f"@127.0.0.1:{self.ports['cache']}")
            .replace("/tmp/", f"{own}/")  # noqa: S108 - the container's path
            for name, value in named.items()
        }
        scripts = f"{Path(sys.executable).parent}:{find_server().parent}:{os.environ['PATH']}"
        # What was in a worker's hands when the broker died comes again after this time: seconds, for the test's sake.
        image = {"FARTHING_ENCODER_DIR": os.environ["FARTHING_ENCODER_DIR"]}
        return {"PATH": scripts, "HOME": str(own), "FARTHING_VISIBILITY_TIMEOUT_S": "15", **image, **local}

    def start(self, name: str, replica: int = 1) -> Path:
        service = self.services[name]
        own = self.folder / f"{name}-{replica}"
        own.mkdir(exist_ok=True)
        command = [self.filled(part).replace("/tmp/", f"{own}/") for part in service["command"]]  # noqa: S108
        if name in ("broker", "cache"):
            mounted = Path(service["volumes"][0].split(":")[0]).resolve()
            local = f"{own}/mounted.conf"
            shutil.copy(mounted, local)
            with Path(local).open("a", encoding="utf-8") as out:
                out.write(f"\nport {self.ports[name]}\ndir {own}\nbind 127.0.0.1\n")
            command = [part.replace("cat /redis.conf", f"cat {local}") for part in command]
        if name == "flower":
            command = [part.replace("5555", str(self.ports["flower"])) for part in command]
        command = [part.replace("@%h", f"-{replica}@%h") for part in command]  # a container has a host name of its own
        self.processes[name, replica] = self.children.start(command, own / "log", environ=self.environ(service, own))
        return own

    def supervise(self, stop: threading.Event) -> None:
        """`restart: unless-stopped`: Celery's worker may end while it loses its broker; the engine starts it again."""
        while not stop.wait(0.5):
            for (name, replica), process in list(self.processes.items()):
                ended = process.poll() is not None and self.services[name]["restart"] == "unless-stopped"
                if ended and name not in ("broker", "cache"):  # those are the tests' own to kill
                    self.start(name, replica)

    def client(self) -> Farthing:
        return Farthing(f"redis://:b-pass@127.0.0.1:{self.ports['broker']}/0", environ={})


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    with ExitStack() as stack:
        model = stack.enter_context(StandInProcess(speed=0.0))
        made = Composed(tmp_path_factory.mktemp("compose"), model.url)
        stack.callback(made.children.stop, 20.0)
        for name in ("broker", "cache"):
            made.start(name)
            until(lambda name=name: _pong(made, name), within_s=20)
        for name in made.services:
            if name not in ("broker", "cache"):
                made.start(name)
        made.start("model-call", replica=2)
        stop = threading.Event()
        supervisor = threading.Thread(target=made.supervise, args=(stop,), daemon=True)
        supervisor.start()
        yield made
        stop.set()
        supervisor.join()


def _pong(made: Composed, name: str) -> bool:
    try:
        client = redis.Redis(port=made.ports[name], password=made.given[f"{name.upper()}_PASSWORD"])
        return bool(client.ping())
    except redis.RedisError:
        return False


def test_the_services_answer_a_job_and_show_that_they_live(composed: Composed) -> None:
    with composed.client() as farthing:
        first = farthing.ask("Do you sell gift cards?", timeout_s=120)
        assert (first.source, first.provider) == ("model", "openai")
        until(lambda: farthing.ask("Do you sell gift cards?", timeout_s=60).source == "exact", within_s=30)
    for queue in QUEUES:
        until(lambda name=queue.name: (composed.folder / f"{name}-1" / "alive").exists(), within_s=30)
    # Answers are in the evicting Redis, jobs and money in the one that never forgets.
    cache = redis.Redis(port=composed.ports["cache"], password="c-pass", decode_responses=True)
    broker_redis = redis.Redis(port=composed.ports["broker"], password="b-pass", decode_responses=True)
    assert any(":entry:" in key for key in cache.keys("farthing:*"))
    assert not any(":entry:" in key for key in broker_redis.keys("farthing:*"))
    assert any(key.startswith("farthing:ledger:") for key in broker_redis.keys("farthing:*"))
    policies = [server.config_get("maxmemory-policy")["maxmemory-policy"] for server in (broker_redis, cache)]
    assert policies == ["noeviction", "volatile-lfu"]


def test_a_queue_scales_on_its_own(composed: Composed) -> None:
    from celery import Celery

    with Celery("ops", broker=f"redis://:b-pass@127.0.0.1:{composed.ports['broker']}/0", set_as_current=False) as app:

        def serving() -> list[str]:
            found = app.control.inspect(timeout=2.0).active_queues() or {}
            return sorted(queue["name"] for queues in found.values() for queue in queues)

        until(lambda: serving().count("model-call") == 2 and len(serving()) == len(QUEUES) + 1, within_s=60)


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "deploy/Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_jobs_are_answered_while_the_cache_is_away_and_hit_again_once_it_is_back(composed: Composed) -> None:
    cache = composed.processes["cache", 1]
    with composed.client() as farthing:
        cache.kill()
        cache.wait()
        answer = farthing.ask("Do you repair shoes?", timeout_s=60)
        assert (answer.source, answer.degraded) == ("model", ("cache unavailable",))
        composed.start("cache")
        until(lambda: _pong(composed, "cache"))
        until(lambda: farthing.ask("Do you repair shoes?", timeout_s=60).source == "exact", within_s=60)


def test_no_job_is_lost_when_the_broker_dies_and_comes_back(composed: Composed) -> None:
    broker = composed.processes["broker", 1]
    with composed.client() as farthing:
        for round_of in range(2):
            # Acknowledged by an append-only Redis more than its second ago: on disk.
            jobs = [farthing.submit(f"Is item {round_of}-{number} in stock?", deadline_s=300) for number in range(20)]
            time.sleep(1.5)
            more = [farthing.submit(f"Is article {round_of}-{number} red?", deadline_s=300) for number in range(5)]
            broker.kill()
            broker.wait()
            composed.start("broker")
            broker = composed.processes["broker", 1]
            until(lambda: _pong(composed, "broker"))
            assert {farthing.result(job_id, 90).source for job_id in jobs} <= {"model", "exact"}
            # The last second may be lost; sending again under the same id makes it good, and is never paid twice.
            for number, job_id in enumerate(more):
                farthing.submit(f"Is article {round_of}-{number} red?", deadline_s=300, job_id=job_id)
            assert {farthing.result(job_id, 90).source for job_id in more} <= {"model", "exact"}


def test_callers_wait_through_seconds_without_the_result_backend(composed: Composed) -> None:
    broker = composed.processes["broker", 1]
    with composed.client() as farthing:
        job_id = farthing.submit("Do you engrave rings?", deadline_s=60)
        broker.send_signal(signal.SIGSTOP)
        threading.Timer(4.0, broker.send_signal, [signal.SIGCONT]).start()
        assert farthing.result(job_id, 90).text
