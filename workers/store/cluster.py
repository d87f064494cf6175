"""A Redis Cluster as if it were one server, and as late: it is looked for when something is first asked of it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from workers.config.addresses import Nodes

AWAY_S = 2.0  # a cluster of which no node answered is not looked for again so long: others wait for whoever looks
LOOK_AGAIN_S = 0.05  # between two looks at the streams of several nodes, where one cannot wait for all of them


class Cluster:
    """Every command of redis-py's own client, which asks the nodes for their slots as soon as it is made: this one is
    made without them, so that a worker starts while they are away. All errors are redis-py's.
    """

    def __init__(self, nodes: Nodes, **given: Any) -> None:
        self._nodes, self._given = nodes, given
        self._lock = threading.Lock()
        self._client: Any = None
        self._away_until = float("-inf")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    @property
    def client(self) -> Any:
        """Connected; raises redis-py's RedisClusterException where no node can be reached."""
        if (client := self._client) is not None:
            return client
        if time.monotonic() < self._away_until:
            raise RedisClusterException("no node could be reached a moment ago")
        with self._lock:
            if self._client is None and time.monotonic() >= self._away_until:
                try:
                    self._client = RedisCluster(**self.arguments)
                except Exception:
                    self._away_until = time.monotonic() + AWAY_S
                    raise
            if self._client is None:
                raise RedisClusterException("no node could be reached a moment ago")
            return self._client

    @property
    def arguments(self) -> dict[str, Any]:
        """What redis-py's client is made with."""
        node: Any = ClusterNode
        nodes = [node(host, port) for host, port in self._nodes.hosts]
        return {"startup_nodes": nodes, **self._nodes.login, **self._given}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections; what is asked next connects again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def servers(self) -> list[Any]:
        """A client of each node that holds slots."""
        return [self.client.get_redis_connection(node) for node in self.client.get_primaries()]

    def xread(
        self, streams: Mapping[str, str], count: int | None = None, block: int | None = None
    ) -> list[tuple[bytes, Any]]:
        """As redis-py's, of streams that lie on several nodes: they are looked at in turn, for ``block`` ms."""
        ends = time.monotonic() + (block or 0) / 1000
        while True:
            pipe = self.client.pipeline(transaction=False)
            for name, position in streams.items():
                pipe.xrange(name, min=f"({position}", count=count)
            found = [(name.encode(), items) for name, items in zip(streams, pipe.execute(), strict=True) if items]
            left = ends - time.monotonic()
            if found or left <= 0:
                return found
            time.sleep(min(LOOK_AGAIN_S, left))


def servers(client: Any) -> list[Any]:
    """The servers behind a client: itself, or each node that holds slots."""
    return client.servers() if isinstance(client, Cluster) else [client]
