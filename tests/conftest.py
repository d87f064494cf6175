"""What every test has: sockets that reach loopback only, a Redis server of the run's own, and one in-process fleet."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from pipelines.cache.judge import Budget
from tests.fleet import InProcess
from workers.demo import shop
from workers.demo.standin import StandIn
from workers.fleet.embedded_redis import EmbeddedRedis

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nothing of the developer's own installation may reach a test.
for name in [name for name in os.environ if name.startswith(("FARTHING_", "OPENAI_", "CELERY_"))]:
    del os.environ[name]
# What is exported once serves every test, and every process that one starts.
os.environ["FARTHING_ENCODER_DIR"] = str(Path(".pytest_cache/encoders").absolute())


# Hypothesis builds its table of Unicode on first use, which is no fault of a test's; no test is about its speed.
settings.register_profile("farthing", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("farthing")


def _loopback_only(connect: Any) -> Any:
    def checked(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test wanted to reach {address[0]}")
        return connect(self, address)

    return checked


socket.socket.connect = _loopback_only(socket.socket.connect)  # type: ignore[method-assign]
socket.socket.connect_ex = _loopback_only(socket.socket.connect_ex)  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with EmbeddedRedis() as server:
        yield server.url
        # A result that nobody holds any more says so to its backend when it is collected: while there is one.
        gc.collect()


@pytest.fixture(scope="session")
def model() -> Iterator[StandIn]:
    """A stand-in model that answers at once."""
    with StandIn(speed=0.0) as started:
        yield started


@pytest.fixture(scope="session")
def home(redis_url: str, model: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """The environment that the in-process fleet reads, once: Redis, the stand-in model, a shop's rules and database."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "farthing.toml").write_text(Path("workers/demo/demo.toml").read_text(encoding="utf-8"), encoding="utf-8")
    environ = {
        "FARTHING_BROKER_URL": redis_url,
        "FARTHING_CONFIG": str(folder / "farthing.toml"),
        "FARTHING_STATE_DIR": str(folder),
        "DEMO_MODEL_URL": model.url,
        "DEMO_DATABASE_URL": shop.seed(folder / "shop.sqlite"),
    }
    os.environ.update(environ)
    from workers.config.settings import Settings
    from workers.runtime import Runtime, using

    with using(Runtime(Settings.from_env())) as held:  # whatever a test before this one made of its own environment
        yield model
    held.lookup.replicas.close()
    for name in environ:
        del os.environ[name]


@pytest.fixture(scope="module")
def fleet(home: StandIn) -> Iterator[InProcess]:
    """The fleet in this process: every queue on real Redis. Of the module's own: Celery's stop signal is one for all
    workers of a process, and other modules start workers too."""
    with InProcess(home) as started:
        yield started


@pytest.fixture
def unjudged(fleet: InProcess) -> Iterator[InProcess]:
    """The fleet without money for a judge."""
    with fleet.instead(judge_budget=Budget(0.0)):
        yield fleet


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> str:
    """A tenant of the test's own: its cache is empty."""
    return f"t-{abs(hash(request.node.nodeid)):x}"
