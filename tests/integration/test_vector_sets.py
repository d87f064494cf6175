"""Scopes that outgrew the workers, on a real Redis 8 (REDIS8_SERVER names its redis-server, or one is on the PATH)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.vectors.encoder import pack, unpack
from workers.cache.clusters import Membership
from workers.cache.entries import CacheStore
from workers.cache.replica import Replicas
from workers.cache.vector_sets import BUILDING, READY, VectorSets
from workers.fleet import embedded_redis
from workers.store import keys
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

D, SCOPE, MANY = 32, "5c0be", 400
DICE = np.random.default_rng(3)


def _server() -> str | None:
    for named in (os.environ.get("REDIS8_SERVER"), shutil.which("redis-server")):
        if named:
            said = subprocess.run([named, "--version"], capture_output=True, text=True, check=True).stdout
            version = re.search(r"v=(\d+)", said)
            if version and int(version[1]) >= 8:
                return named
    return None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = _server()
    if server is None:
        pytest.skip("no Redis 8 here: REDIS8_SERVER names no redis-server, and the one on the PATH is older")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(embedded_redis, "find_server", lambda: server)
        with embedded_redis.EmbeddedRedis() as started:
            yield started.url


class Cache:
    """A scope with some phrasings, searched by vector sets from ten on, and a replica to compare with."""

    def __init__(self, client: Any) -> None:
        self.client, self.store, self.members = client, CacheStore(client), Membership(client)
        self.sets = VectorSets(client, self.store, least=10)
        self.replicas = Replicas(self.store)
        self.outgrown = Replicas(self.store, outgrown=VectorSets(client, self.store, least=10))
        self.vectors: dict[str, np.ndarray] = {}

    def put(self, number: int, *, entry: str | None = None, ttl_s: float = 60.0) -> np.ndarray:
        vector = DICE.normal(size=D).astype(np.float32)
        packed = pack(vector / np.linalg.norm(vector))
        now, name, key = time.time(), entry or f"e{number}", f"k{number}"
        made = Entry(name, SCOPE, f"question {number}", Answer(text="x", source="model"), now, now + ttl_s)
        (self.store.join if entry else self.store.put)(SCOPE, key, made, vector=packed, tenant="t")
        self.vectors[key] = unpack(packed, D)
        return self.vectors[key]

    def keys(self, vector: np.ndarray, k: int = 5) -> list[str]:
        return [one.key for one in self.outgrown.search(SCOPE, vector, k, time.time()).candidates]


@pytest.fixture
def cache(url: str) -> Iterator[Cache]:
    with connect(url) as client:
        client.flushdb()
        made = Cache(client)
        yield made
        made.replicas.close()
        made.outgrown.close()


def test_what_outgrew_the_workers_is_found_as_a_replica_finds_it(cache: Cache) -> None:
    for number in range(MANY):
        cache.put(number)
    assert cache.sets.tend(time.time()) == 1
    assert not cache.outgrown.loaded()
    same = 0
    for _ in range(50):
        vector = DICE.normal(size=D).astype(np.float32)
        vector /= np.linalg.norm(vector)
        ours = cache.outgrown.search(SCOPE, vector, 8, time.time())
        theirs = cache.replicas.search(SCOPE, vector, 8, time.time())
        cosines = {one.key: one.similarity for one in theirs.candidates}
        same += len({one.key for one in ours.candidates} & set(cosines))
        for one in ours.candidates:
            assert one.similarity == pytest.approx(cosines.get(one.key, one.similarity), abs=1e-3)
            assert one.question == f"question {one.key[1:]}"
        nearest = ours.candidates[0]
        assert ours.centroids[nearest.entry_id] == pytest.approx(nearest.similarity, abs=1e-3)
    assert same >= 0.99 * 50 * 8
    assert not cache.outgrown.loaded(), "no worker holds it"


def test_writes_during_and_after_the_build_are_there_and_a_small_scope_stays_in_the_workers(cache: Cache) -> None:
    for number in range(9):
        cache.put(number)
    assert cache.sets.tend(time.time()) == 0, "too small"
    cache.put(9)
    cache.client.set(keys.vectors_state(SCOPE), BUILDING)
    during = cache.put(10)
    assert not cache.sets.serve(SCOPE), "not before all of it is there"
    assert cache.client.vset().vcard(keys.vectors(SCOPE)) == 1
    assert cache.client.ttl(keys.vectors_state(SCOPE)) == -1, "a write prolongs no build: one that died is to be seen"
    cache.client.delete(keys.vectors_state(SCOPE))
    assert cache.sets.tend(time.time()) == 1
    after = cache.put(11)
    assert cache.keys(during)[0] == "k10"
    assert cache.keys(after)[0] == "k11"
    assert 0 < cache.client.ttl(keys.vectors(SCOPE)) <= 62
    assert 0 < cache.client.ttl(keys.vectors_state(SCOPE)) <= 62


def test_what_is_dropped_merged_or_expired_is_so_at_once(cache: Cache) -> None:
    for number in range(20):
        cache.put(number)
    near = cache.put(20)
    brief = cache.put(21, ttl_s=0.4)
    cache.sets.tend(time.time())
    assert cache.keys(near)[0] == "k20"
    assert cache.members.merge(SCOPE, "e1", "e20")
    (found, *_) = cache.outgrown.search(SCOPE, near, 1, time.time()).candidates
    assert (found.key, found.entry_id) == ("k20", "e1")
    assert cache.store.drop(SCOPE, "e1")
    assert "k20" not in cache.keys(near)
    assert cache.client.vset().vcard(keys.vectors(SCOPE)) <= 21, "it left the set when it was found to be gone"
    later = time.time() + 1
    assert all(c.key != "k21" for c in cache.outgrown.search(SCOPE, brief, 5, later).candidates)


def test_the_mean_of_an_entry_is_that_of_its_phrasings_in_sight(cache: Cache) -> None:
    for number in range(12):
        cache.put(number)
    cache.put(12, entry="e0")
    cache.sets.tend(time.time())
    vector = cache.vectors["k0"]
    mean = cache.vectors["k0"] + cache.vectors["k12"]
    seen = cache.outgrown.search(SCOPE, vector, 13, time.time())
    assert seen.centroids["e0"] == pytest.approx(float(vector @ mean / np.linalg.norm(mean)), abs=1e-3)


def test_the_mark_lives_as_long_as_the_set_and_a_vector_that_is_none_is_left_out(cache: Cache) -> None:
    for number in range(12):
        cache.put(number)
    cache.sets.tend(time.time())
    cache.put(12, ttl_s=600)
    assert cache.sets.tend(time.time()) == 1
    marks = [cache.client.expiretime(name(SCOPE)) for name in (keys.vectors, keys.vectors_state)]
    assert marks[0] == marks[1] > time.time() + 500
    cache.client.hset(keys.phrasing(SCOPE, "k3"), "vector", b"\x00" * 8)
    assert "k3" not in cache.keys(cache.vectors["k3"], 12)
    cache.client.delete(keys.vectors_state(SCOPE))
    assert cache.sets.tend(time.time()) == 1, "nor does it stop a build"


def test_a_scope_that_shrank_goes_back_to_the_workers(cache: Cache) -> None:
    for number in range(12):
        cache.put(number)
    assert cache.sets.tend(time.time()) == 1
    assert cache.client.get(keys.vectors_state(SCOPE)) == READY
    for number in range(9):
        cache.store.drop(SCOPE, f"e{number}")
    assert cache.sets.tend(time.time()) == 0
    assert cache.client.exists(keys.vectors(SCOPE), keys.vectors_state(SCOPE)) == 0


def test_without_vector_sets_every_scope_stays_in_the_workers(redis_url: str) -> None:
    with connect(f"{redis_url[:-1]}8") as client:
        sets = VectorSets(client, CacheStore(client), least=1)
        if client.execute_command("COMMAND INFO", "VSIM")[0]:
            pytest.skip("this Redis has them")
        assert not sets.serve(SCOPE)
        assert sets.tend(time.time()) == 0
