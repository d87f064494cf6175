"""Where a running `farthing up` can be found by the other commands of the same user."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from workers.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workers.client import Farthing
    from workers.runtime import Runtime


def _file(state: Path) -> Path:
    return state / "running.json"


@contextmanager
def announced(settings: Settings, environ: Mapping[str, str]) -> Iterator[None]:
    """Tell this user's other commands how to reach the fleet, until the block ends. It holds passwords: 0600."""
    path = _file(settings.state)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({"pid": os.getpid(), "environ": dict(environ)}, out)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _announced(settings: Settings) -> dict[str, Any] | None:
    """What the fleet that runs on this state told of itself: ``pid``, ``environ``; None without one that lives."""
    try:
        said: dict[str, Any] = json.loads(_file(settings.state).read_text())
        os.kill(said["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None  # no fleet, or one that was killed
    return said


def running_fleet(settings: Settings) -> int | None:
    """The process id of another process's fleet that runs on this state, if one does."""
    said = _announced(settings)
    return None if said is None or said["pid"] == os.getpid() else int(said["pid"])


def environ_of_fleet(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ``, completed by what a fleet of this user's announced, unless it names a broker itself."""
    given = dict(environ)
    if given.get("FARTHING_BROKER_URL"):
        return given
    said = _announced(Settings.from_env(given))
    return given if said is None else {**said["environ"], **given}


def client_of_fleet() -> Farthing:
    """A client of the fleet that runs here, or of the environment's."""
    from workers.client import Farthing

    return Farthing(environ=environ_of_fleet(os.environ))


def runtime_of_fleet() -> Runtime:
    """What a worker of that fleet holds."""
    from workers.runtime import Runtime

    environ = environ_of_fleet(os.environ)
    return Runtime(Settings.from_env(environ), environ)
