"""A lookup worker holds what was written last before it takes its first job."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.errors import StoreUnavailable
from pipelines.vectors.encoder import pack
from workers.cache.entries import CacheStore
from workers.cache.preload import preload
from workers.cache.replica import Replicas
from workers.fleet.embedded_redis import free_port
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

DICE = np.random.default_rng(5)


@pytest.fixture
def store(client: Any) -> CacheStore:
    return CacheStore(client)


@pytest.fixture
def replicas(store: CacheStore) -> Iterator[Replicas]:
    made = Replicas(store, max_scopes=3)
    yield made
    made.close()


def put(store: CacheStore, scope: str, tenant: str, *, at: float, dimensions: int = 8, ttl_s: float = 60.0) -> None:
    vector = DICE.normal(size=max(dimensions, 1)).astype(np.float32)
    answer = Answer(text="Yes.", source="model", cost_usd=Decimal("0.001"))
    made = Entry(f"e-{scope}", scope, "Is it?", answer, created_at=at, expires_at=at + ttl_s)
    packed = pack(vector / np.linalg.norm(vector)) if dimensions else None
    store.put(scope, f"k-{scope}", made, vector=packed, tenant=tenant)


def test_the_scopes_that_were_written_to_last_are_held(store: CacheStore, replicas: Replicas) -> None:
    now = time.time()
    for number in range(5):
        put(store, f"s{number}", f"t{number}", at=now + number)
    assert preload(replicas, store) == 3
    assert sorted(replicas.loaded()) == ["s2", "s3", "s4"]
    assert [replicas.size(scope) for scope in replicas.loaded()] == [1, 1, 1]


def test_each_is_loaded_as_its_own_encoder_has_it_and_what_has_no_vectors_is_left(
    store: CacheStore, replicas: Replicas
) -> None:
    now = time.time()
    put(store, "sentences", "t", at=now, dimensions=8)
    put(store, "characters", "t", at=now, dimensions=5)
    put(store, "words", "t", at=now, dimensions=0)
    assert preload(replicas, store) == 2
    for scope, dimensions in (("sentences", 8), ("characters", 5)):
        vector = np.zeros(dimensions, np.float32)
        assert [one.entry_id for one in replicas.search(scope, vector, 3, now).candidates] == [f"e-{scope}"]


def test_it_takes_no_longer_than_it_may_and_an_empty_cache_no_time(store: CacheStore, replicas: Replicas) -> None:
    assert preload(replicas, store) == 0
    put(store, "s", "t", at=time.time())
    assert preload(replicas, store, within_s=-1.0) == 0


def test_a_cache_that_is_away_is_said(replicas: Replicas) -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0") as nobody, pytest.raises(StoreUnavailable):
        preload(replicas, CacheStore(nobody))
