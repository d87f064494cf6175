"""100,000 lookups of mixed traffic: how many answers crossed a scope (none may)."""

from __future__ import annotations

from typing import Any

from tests.isolation import fuzz
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.store.connection import connect

LOOKUPS = 100_000


def run() -> dict[str, Any]:
    """Counts of one run."""
    with EmbeddedRedis() as server, connect(server.url) as client:
        return dict(fuzz(client, LOOKUPS, seed=1))
