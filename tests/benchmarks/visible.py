"""How soon a write is seen by replicas: two followers of one Redis, 10,000 phrasings held."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.vectors.encoder import pack
from tests.benchmarks.measure import percentile
from workers.cache.entries import CacheStore
from workers.cache.replica import Replicas
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.store.connection import connect

D = 384
HELD, WRITES = 10_000, 200
WAIT_S = 5.0


def run() -> dict[str, Any]:
    """Milliseconds from the write's return until the slower of two replicas finds it."""
    dice = np.random.default_rng(0)
    with EmbeddedRedis() as server, connect(server.url) as client:
        store = CacheStore(client)
        for number in range(HELD):
            _put(store, f"held-{number}", _unit(dice))
        began = time.perf_counter()
        replicas = [Replicas(store), Replicas(CacheStore(client))]
        for replica in replicas:
            replica.search("bench", _unit(dice), 1, time.time())
        loaded_s = (time.perf_counter() - began) / 2
        took = []
        for number in range(WRITES):
            vector = _unit(dice)
            _put(store, f"new-{number}", vector)
            began = time.perf_counter()
            for replica in replicas:
                while _nearest(replica, vector) != f"new-{number}":
                    if time.perf_counter() - began > WAIT_S:
                        raise TimeoutError(f"write {number} was not seen within {WAIT_S:g} s")
            took.append((time.perf_counter() - began) * 1000)
        for replica in replicas:
            replica.close()
    seen = {f"write_seen_p{share}_ms": round(percentile(took, share / 100), 2) for share in (50, 99)}
    return {f"loads_{HELD}_phrasings_s": round(loaded_s, 2), **seen}


def _nearest(replica: Replicas, vector: Any) -> str | None:
    found = replica.search("bench", vector, 1, time.time()).candidates
    return found[0].entry_id if found else None


def _put(store: CacheStore, name: str, vector: Any) -> None:
    now = time.time()
    entry = Entry(name, "bench", name, Answer(text=name, source="model"), now, now + 600)
    store.put("bench", name, entry, vector=pack(vector), tenant="bench")


def _unit(dice: np.random.Generator) -> Any:
    vector = dice.normal(size=D).astype(np.float32)
    return vector / np.linalg.norm(vector)
