"""The fleet on one machine: a worker process per queue, beat and Flower, as children of this process."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from pipelines.errors import FleetFailed
from workers.config import addresses
from workers.config.settings import Settings
from workers.fleet.children import Children, last_lines
from workers.fleet.embedded_redis import free_port
from workers.queues import QUEUES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

START_S = 120.0  # the first start reads torch and the encoder from a cold disk
STOP_S = 30.0  # running model calls finish; what does not is delivered again
GRACE_S = 5  # when this process was killed
POLL_S = 0.5
ENDED_AT_MOST, ENDED_WITHIN_S = 3, 120.0  # more often than that, starting again mends nothing

# `-P` and the imports keep modules of the current folder (`workers` is a common name) from being taken for ours;
# Celery puts that folder first in the path.
_CELERY = (sys.executable, "-P", "-c", "import pipelines, workers; from celery.__main__ import main; main()")


class Fleet:
    """Starts with ``with``, and is ready then: every worker and Flower answered.

    ``environ`` is the children's environment; their logs are files in ``folder``. ``flower_port`` 0 takes a free
    one. Raises FleetFailed when a process ends early or does not answer in time.
    """

    flower_url: str

    def __init__(self, environ: Mapping[str, str], *, folder: Path, flower_port: int = 0) -> None:
        self._settings = Settings.from_env(environ)
        self._environ, self._folder, self._flower_port = dict(environ), folder, flower_port
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._arguments: dict[str, tuple[str, ...]] = {}
        self._ended: dict[str, list[float]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._private = Path(tempfile.mkdtemp(prefix="farthing-fleet-"))
        self._children = Children(grace_s=GRACE_S, removes=self._private)
        try:
            self._start()
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let running tasks finish, for a while; then no process is left."""
        self._children.stop(STOP_S)
        shutil.rmtree(self._private, ignore_errors=True)

    def dead(self) -> list[str]:
        """Names of the processes that ended: a queue's name, ``beat`` or ``flower``."""
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def check(self) -> None:
        """Raise FleetFailed for the first process that ended."""
        for name in self.dead():
            self._fail(name, f"ended with status {self._processes[name].returncode}")

    def mend(self) -> list[str]:
        """Start again what ended, and say what; raises FleetFailed for a process that ends again and again."""
        said = []
        for name in self.dead():
            status, now = self._processes[name].returncode, time.monotonic()
            recent = [at for at in self._ended.get(name, []) if now - at < ENDED_WITHIN_S]
            if len(recent) >= ENDED_AT_MOST:
                self._fail(name, f"ended with status {status}, {len(recent) + 1} times in {ENDED_WITHIN_S:g} s")
            self._ended[name] = [*recent, now]
            self._add(name, *self._arguments[name])
            said.append(f"{name} ended with status {status}: started again")
        return said

    def _start(self) -> None:
        for queue in QUEUES:
            self._add(queue.name, *queue.command())
        schedule = str(self._private / "beat")
        self._add("beat", "-A", "workers.app", "beat", "--schedule", schedule, "--pidfile", "")
        port = self._flower_port or free_port()
        self.flower_url = f"http://127.0.0.1:{port}"
        self._add("flower", "-A", "workers.app", "flower", "--address=127.0.0.1", f"--port={port}")

    def _add(self, name: str, *arguments: str) -> None:
        log = self._log(name)
        if name not in self._arguments:
            log.unlink(missing_ok=True)  # the last lines must be of this fleet
        self._arguments[name] = arguments
        login = f"{self._settings.flower_user}:{self._settings.flower_password}"
        # In the environment, not among the arguments, which `ps` shows to every user.
        environ = {**self._environ, "FLOWER_BASIC_AUTH": login} if name == "flower" else self._environ
        self._processes[name] = self._children.start([*_CELERY, *arguments], log, environ=environ)

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        workers = {self._processes[queue.name].pid: queue.name for queue in QUEUES}
        address, options = addresses.for_celery(self._settings.broker_url)
        app = Celery("farthing-fleet", broker=address, set_as_current=False)
        app.conf.broker_transport_options = options
        with app:
            while workers:
                self._in_time(until, next(iter(workers.values())))
                # Asked by process id: a worker of an earlier fleet, or of another host, is not ours.
                with suppress(OperationalError, RedisError, OSError):
                    found = app.control.inspect(timeout=POLL_S, limit=len(QUEUES)).stats() or {}
                    for told in found.values():
                        workers.pop(told["pid"], None)
        while not self._flower_answers():
            self._in_time(until, "flower")
            time.sleep(POLL_S)

    def _flower_answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.flower_url}/healthcheck", timeout=POLL_S) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
        return False

    def _in_time(self, until: float, name: str) -> None:
        self.check()
        if time.monotonic() > until:
            self._fail(name, f"did not answer within {START_S:g} s")

    def _fail(self, name: str, said: str) -> None:
        log = self._log(name)
        raise FleetFailed(name, f"{said}; the last lines of {log}:\n{last_lines(log, 12)}")

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
