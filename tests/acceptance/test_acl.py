"""The access lists of deploy/ on a real server: workers work, senders send, and read nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.acceptance.up import fleet_environ
from tests.waiting import until
from workers.client import Farthing
from workers.demo.standin import StandIn
from workers.fleet.embedded_redis import find_server, free_port
from workers.fleet.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    found = free_port()
    rules = [line for line in Path("deploy/redis-broker.acl").read_text().splitlines() if not line.startswith("#")]
    (tmp_path / "users.acl").write_text("\n".join(rules) + "\n")
    configuration = f'bind 127.0.0.1\nport {found}\ndir {tmp_path}\nsave ""\naclfile {tmp_path}/users.acl\n'
    (tmp_path / "redis.conf").write_text(configuration)
    with (tmp_path / "redis.log").open("wb") as log:
        server = subprocess.Popen([find_server(), str(tmp_path / "redis.conf")], stdout=log, stderr=log)
    until(lambda: _answers(found))
    yield found
    server.kill()
    server.wait()


def _answers(port: int) -> bool:
    with redis.Redis(port=port, username="worker", password="worker-password") as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def test_each_role_does_its_work_and_no_more(port: int, tmp_path: Path) -> None:
    worker, sender = (f"redis://{role}:{role}-password@127.0.0.1:{port}/0" for role in ("worker", "sender"))
    with StandIn(speed=0.0) as model:
        environ = fleet_environ(worker, tmp_path, model.url)
        with Fleet(environ, folder=tmp_path / "logs"), Farthing(sender, environ={}) as client:
            answer = client.ask("Do you sell lamps?", timeout_s=60)
            assert answer.source == "model"
            assert client.feedback(answer.job_id, rating="right", wait_s=30.0)["known"]
            client.cancel("nobody's")
            assert not [log for log in (tmp_path / "logs").iterdir() if "NOPERM" in log.read_text()]
        other: Any = redis.Redis.from_url(sender)
        for command in (
            ("LRANGE", "model-call", 0, -1),
            ("LRANGE", "cache-lookup", 0, -1),
            ("KEYS", "*"),
            ("FLUSHALL",),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                other.execute_command(*command)
        other.close()
