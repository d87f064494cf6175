"""One Redis server, and a Redis Cluster, for what must live in either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.nodes import Nodes
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with Nodes(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(params=["server", "cluster"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An empty database of the test's own."""
    if request.param == "server":
        url = f"{request.getfixturevalue('redis_url')[:-1]}9"
    else:
        url = request.getfixturevalue("nodes").url
    with connect(url) as made:
        made.flushdb()
        yield made
        made.flushdb()
