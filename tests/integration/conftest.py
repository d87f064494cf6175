"""One Redis server, and a Redis Cluster, for what must live in either; a provider with a Batch API."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.routing.catalog import Catalog
from tests.lane import HALF, Lane
from tests.nodes import Nodes
from workers.demo.standin_batches import DONE_AFTER_S
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess


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


@pytest.fixture
def lane(fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    monkeypatch.setattr("pipelines.routing.lanes.is_due", lambda *_: True)
    configuration = fleet.runtime.configuration
    offers = tuple(replace(offer, batch_price=HALF) for offer in configuration.catalog.offers)
    fleet.model.batches.done_after_s = 0.0
    with fleet.instead(configuration=replace(configuration, catalog=Catalog(offers))):
        made = Lane(fleet, tenant)
        fleet.runtime.batches.tended("", time.time())
        yield made
        left = made.parked()
        fleet.runtime.batches.forget(left)
        for job in left:  # nobody waits for them any more
            fleet.runtime.flight.land(fleet.app, job.flight, job.job_id)
        fleet.runtime.providers.close()
    fresh = fleet.model.batches
    fresh.done_after_s, fresh.refuses, fresh.loses = DONE_AFTER_S, 0, lambda _: False
