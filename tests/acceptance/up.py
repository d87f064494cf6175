"""`farthing up` as a process, and the processes that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


FARTHING = [str(Path(sys.executable).with_name("farthing"))]


def fleet_environ(broker_url: str, folder: Path, model_url: str) -> dict[str, str]:
    """What a fleet of a test's own reads: this Redis, this model, and nothing that is set here."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FARTHING_", "OPENAI_"))}
    environ |= {"FARTHING_BROKER_URL": broker_url, "FARTHING_STATE_DIR": str(folder), "OPENAI_API_KEY": "x"}
    return environ | {"OPENAI_BASE_URL": model_url, "FARTHING_FLOWER_PASSWORD": "x"}


class Up:
    """`farthing up --stand-in` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {**os.environ, "FARTHING_STATE_DIR": str(folder / "state"), "FARTHING_FLOWER_PORT": "0"}

    def __enter__(self) -> Up:
        self.log = self.folder / "up.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*FARTHING, "up", "--stand-in"], env=self.environ, stdout=out, stderr=subprocess.STDOUT
            )
        until(lambda: "stop    Ctrl-C" in self.said() or self.process.poll() is not None, within_s=150, every_s=0.2)
        assert self.process.poll() is None, self.said()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def said(self) -> str:
        return self.log.read_text()

    def run(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [*FARTHING, *arguments], env=self.environ, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))


def children_of(pid: int) -> set[int]:
    found = {int(stat.parent.name): int(stat.read_text().rsplit(")", 1)[1].split()[1]) for stat in _stats()}
    mine, grown = {pid}, True
    while grown:
        more = {child for child, parent in found.items() if parent in mine} - mine
        grown = bool(more)
        mine |= more
    return mine - {pid}


def _stats() -> Iterator[Path]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            path.read_text()
        except OSError:
            continue
        yield path


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists() and "Z" not in _state(pid)}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
