"""A Redis Cluster of real servers: three that hold slots, and as many that stand by."""

from __future__ import annotations

import random
import socket
import subprocess
from itertools import islice
from typing import TYPE_CHECKING, Any

import redis

from tests.waiting import until
from workers.fleet.embedded_redis import find_server

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

SLOTS, HOLDERS = 16_384, 3
BUS = 10_000  # above a node's port is the port where it speaks to the others
PORTS = range(10_000, 32_768 - BUS)  # with their buses' below those that Linux gives to outgoing connections
SILENT_MS = 1_000  # until a node is called dead


class Nodes:
    """``url`` names two of the nodes: the others are found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self.ports = _ports(2 * HOLDERS)
        self.clients: dict[int, Any] = {port: redis.Redis(port=port, socket_timeout=5) for port in self.ports}

    @property
    def url(self) -> str:
        return f"redis+cluster://127.0.0.1:{self.ports[0]},127.0.0.1:{self.ports[-1]}"

    def __enter__(self) -> Self:
        for port in self.ports:
            self._start(port)
        holders, standing_by = self.ports[:HOLDERS], self.ports[HOLDERS:]
        until(lambda: all(self._answers(port) for port in self.ports), within_s=30)
        for number, port in enumerate(holders):
            slots = range(number * SLOTS // HOLDERS, (number + 1) * SLOTS // HOLDERS)
            self._asked(port, "ADDSLOTS", *slots)
            self._asked(port, "SET-CONFIG-EPOCH", number + 1)
        for port in self.ports[1:]:
            self._asked(self.ports[0], "MEET", "127.0.0.1", port)
        until(lambda: all(self._says(port, "cluster_known_nodes", "6") for port in self.ports), within_s=30)
        for port, holder in zip(standing_by, holders, strict=True):
            self._asked(port, "REPLICATE", self._asked(holder, "MYID"))
        until(self._whole, within_s=30)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        for client in self.clients.values():
            client.close()

    def kill(self, port: int) -> None:
        """As a machine dies: with nobody told."""
        self.processes[port].kill()
        self.processes[port].wait()

    def holder_of(self, key: str) -> int:
        """The port of the node that holds a key, as a living one sees it."""
        living = next(port for port in self.ports if self.processes[port].poll() is None)
        slot = int(self._asked(living, "KEYSLOT", key))
        holders = [int(node[1]) for low, high, node, *_ in self._asked(living, "SLOTS") if low <= slot <= high]
        return holders[0]

    def _start(self, port: int) -> None:
        home = self.folder / str(port)
        home.mkdir()
        said = f"bind 127.0.0.1\nport {port}\ndir {home}\ncluster-enabled yes\ncluster-node-timeout {SILENT_MS}\n"
        (home / "redis.conf").write_text(f'{said}save ""\nrepl-diskless-sync-delay 0\n')
        with (home / "log").open("wb") as log:
            self.processes[port] = subprocess.Popen([find_server(), str(home / "redis.conf")], stdout=log, stderr=log)

    def _asked(self, port: int, *words: Any) -> Any:
        return redis.Redis.execute_command(self.clients[port], "CLUSTER", *words)

    def _answers(self, port: int) -> bool:
        try:
            return bool(self.clients[port].ping())
        except redis.RedisError:
            return False

    def _says(self, port: int, name: str, value: str) -> bool:
        info = self._asked(port, "INFO")
        return dict(info)[name] == value if isinstance(info, dict) else f"{name}:{value}" in info.decode()

    def _whole(self) -> bool:
        linked = all(self.clients[port].info("replication")["connected_slaves"] == 1 for port in self.ports[:HOLDERS])
        return linked and all(self._says(port, "cluster_state", "ok") for port in self.ports)


def _ports(count: int) -> list[int]:
    """Different ones, of which each and that of its bus are free, and from which no connection goes out by chance."""
    free = (port for port in random.sample(PORTS, len(PORTS)) if _is_free(port) and _is_free(port + BUS))
    return list(islice(free, count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
