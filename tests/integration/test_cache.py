"""The cache in a real Redis: entries, their log, and the replicas that follow it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.cache.scope import exact_key
from pipelines.errors import StoreUnavailable
from pipelines.vectors import index
from pipelines.vectors.encoder import pack
from tests.waiting import until
from workers.cache import entries, replica
from workers.cache.entries import CacheStore
from workers.cache.eviction import Evictor
from workers.cache.replica import Replicas
from workers.fleet.embedded_redis import EmbeddedRedis, free_port
from workers.store import keys
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

D = 16
DICE = np.random.default_rng(11)
SCOPE = "5c0be"


def unit() -> np.ndarray:
    vector = DICE.normal(size=D).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def store(client: Any) -> CacheStore:
    return CacheStore(client)


@pytest.fixture
def replicas(store: CacheStore) -> Iterator[Replicas]:
    made = Replicas(store)
    yield made
    made.close()


def entry(name: str = "e1", text: str = "Use the link.", ttl_s: float = 60.0, scope: str = SCOPE) -> Entry:
    now = time.time()
    return Entry(name, scope, f"question of {name}", Answer(text=text, source="model"), now, now + ttl_s)


def put(store: CacheStore, key: str = "k1", vector: np.ndarray | None = None, tenant: str = "t", **facts: Any) -> Entry:
    made = entry(**facts)
    store.put(made.scope, key, made, vector=None if vector is None else pack(vector), tenant=tenant)
    return made


def found(replicas: Replicas, vector: np.ndarray, k: int = 3, scope: str = SCOPE) -> list[str]:
    return [c.entry_id for c in replicas.search(scope, vector, k, time.time()).candidates]


def test_an_entry_is_found_by_its_exact_key_alone(store: CacheStore) -> None:
    made = put(store)
    for again in (store.find(SCOPE, "k1")[0], store.get(SCOPE, "e1")):
        assert again is not None
        assert (again.id, again.answer.text, again.expires_at) == (made.id, made.answer.text, made.expires_at)
    assert store.find(SCOPE, "k2")[0] is None
    assert store.find("other", "k1")[0] is None


def test_a_question_is_counted_however_it_is_answered(store: CacheStore) -> None:
    assert store.find(SCOPE, "k9")[0] is None
    assert store.ask_count(SCOPE, "k9") == 1
    made = entry("e1")
    key = exact_key(SCOPE, made.question)
    store.put(SCOPE, key, made, vector=None, tenant="t")
    store.find(SCOPE, key)[0]
    served = store.serve(SCOPE, "e1")  # a rewording was answered
    assert served is not None
    assert served[1] == 1
    assert store.ask_count(SCOPE, key) == 2
    assert store.serve(SCOPE, "gone") is None


def test_everything_of_ours_expires_with_the_entry(store: CacheStore, client: Any) -> None:
    put(store, vector=unit(), ttl_s=1.0)
    assert all(client.pttl(key) > 0 for key in client.keys("*"))
    until(lambda: store.get(SCOPE, "e1") is None, within_s=5)
    assert store.find(SCOPE, "k1")[0] is None


def test_a_hit_does_not_prolong_a_life(store: CacheStore, client: Any) -> None:
    put(store)
    left = client.pttl(keys.entry(SCOPE, "e1"))
    for _ in range(5):
        store.find(SCOPE, "k1")[0]
    assert client.pttl(keys.entry(SCOPE, "e1")) <= left


def test_a_question_asked_again_leaves_its_old_entry(store: CacheStore) -> None:
    put(store, name="old")
    put(store, name="new")
    found_now = store.find(SCOPE, "k1")[0]
    assert found_now is not None
    assert found_now.id == "new"
    assert store.get(SCOPE, "old") is None


def test_a_write_is_seen_by_every_replica(store: CacheStore, replicas: Replicas) -> None:
    other = Replicas(store)
    vector = unit()
    assert found(replicas, vector) == found(other, vector) == []
    put(store, vector=vector)
    for each in (replicas, other):
        until(lambda each=each: found(each, vector) == ["e1"], within_s=5)
    store.drop(SCOPE, "e1")
    for each in (replicas, other):
        until(lambda each=each: found(each, vector) == [], within_s=5)
    other.close()


def test_a_replica_that_starts_later_loads_what_is_there(store: CacheStore) -> None:
    vectors = {f"e{n}": unit() for n in range(20)}
    for name, vector in vectors.items():
        put(store, key=f"k-{name}", vector=vector, name=name)
    late = Replicas(store)
    assert all(found(late, vector, 1) == [name] for name, vector in vectors.items())
    late.close()


def test_a_replica_that_slept_through_a_trimmed_log_loads_again(
    store: CacheStore, replicas: Replicas, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = unit(), unit()
    put(store, key="k0", vector=first, name="e0")
    assert found(replicas, first) == ["e0"]
    # The follower sleeps while the log is trimmed behind it.
    real = store.changes
    monkeypatch.setattr(store, "changes", lambda *_: time.sleep(0.05) or {})
    time.sleep(0.2)
    put(store, key="k1", vector=last, name="e1")
    client.xtrim(keys.log(SCOPE), maxlen=0)
    put(store, key="k2", vector=unit(), name="e2")
    monkeypatch.setattr(store, "changes", real)
    until(lambda: found(replicas, last, 1) == ["e1"], within_s=5)


def test_a_flush_empties_one_tenant_and_no_other(store: CacheStore, replicas: Replicas) -> None:
    mine, theirs = unit(), unit()
    put(store, vector=mine, tenant="a", scope="5a")
    put(store, vector=theirs, tenant="b", scope="5b")
    assert found(replicas, mine, scope="5a") == ["e1"]
    assert store.flush("a") == 1
    until(lambda: found(replicas, mine, scope="5a") == [], within_s=5)
    assert found(replicas, theirs, scope="5b") == ["e1"]
    assert store.stats() == {"tenants": 2, "scopes": 2, "entries": 1, "phrasings": 1}


def test_a_replica_searches_one_scope_only(store: CacheStore, replicas: Replicas) -> None:
    vector = unit()
    put(store, vector=vector, scope="5a", tenant="a")
    assert found(replicas, vector, scope="5b") == []


def test_expired_phrasings_leave_the_replica_and_the_sweep_forgets_them(store: CacheStore, replicas: Replicas) -> None:
    short, long = unit(), unit()
    put(store, key="k1", vector=short, name="e1", ttl_s=0.3)
    put(store, key="k2", vector=long, name="e2", ttl_s=2.0)
    assert found(replicas, short, 1) == ["e1"]
    until(lambda: found(replicas, short) == ["e2"], within_s=5)
    assert store.sweep(time.time()) == {"entries": 1, "scopes": 0}
    assert store.stats()["entries"] == 1
    until(lambda: found(replicas, short) == [], within_s=5)
    store.sweep(time.time())
    assert store.stats() == {"tenants": 0, "scopes": 0, "entries": 0, "phrasings": 0}


def test_only_so_many_scopes_are_held(store: CacheStore) -> None:
    small = Replicas(store, max_scopes=2)
    for scope in ("5a", "5b", "5c"):
        put(store, vector=unit(), scope=scope)
        found(small, unit(), scope=scope)
    assert small.loaded() == ["5b", "5c"]
    small.close()


def test_only_so_much_memory_is_held_and_the_scope_in_use_stays(store: CacheStore) -> None:
    for scope in ("5a", "5b"):
        for n in range(3):
            put(store, key=f"k{n}", name=f"e{n}", vector=unit(), scope=scope)
    small = Replicas(store, max_bytes=4 * replica.PHRASING_BYTES)
    for scope in ("5a", "5b"):
        assert len(found(small, unit(), scope=scope)) == 3
    assert small.loaded() == ["5b"]
    assert len(found(small, unit(), scope="5a")) == 3
    assert small.loaded() == ["5a"]
    small.close()


def test_a_scope_that_many_ask_for_at_once_is_loaded_once(store: CacheStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, vector=unit())
    replicas, real, loads = Replicas(store), store.phrasings, []
    monkeypatch.setattr(store, "phrasings", lambda *given: loads.append(given) or real(*given))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: found(replicas, unit()), range(8))) == [["e1"]] * 8
    assert len(loads) == 1
    replicas.close()


def test_a_large_scope_is_searched_by_a_graph_that_follows_its_log(
    store: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "FLAT_MOST", 50)
    vectors = {f"e{n}": unit() for n in range(120)}
    for name, vector in list(vectors.items())[:40]:
        put(store, key=f"k-{name}", vector=vector, name=name)
    replicas = Replicas(store)
    found(replicas, unit())
    partition = replicas._partitions[SCOPE]
    assert partition.index.exact
    for name, vector in list(vectors.items())[40:]:
        put(store, key=f"k-{name}", vector=vector, name=name)
    until(lambda: replicas.size(SCOPE) == 120 and not partition.index.exact, within_s=10)
    store.drop(SCOPE, "e7")
    until(lambda: replicas.size(SCOPE) == 119, within_s=5)
    assert found(replicas, vectors["e7"], 1) != ["e7"]
    assert all(found(replicas, vector, 1) == [name] for name, vector in vectors.items() if name != "e7")
    replicas.close()


def test_a_vector_of_another_length_is_left_out_and_loses_nothing(store: CacheStore, replicas: Replicas) -> None:
    good = unit()
    put(store, key="k1", vector=good, name="e1")
    put(store, key="k2", vector=np.ones(4, dtype=np.float32) / 2, name="e2")
    assert found(replicas, good) == ["e1"]


def test_a_tenant_keeps_what_saves_most(store: CacheStore, replicas: Replicas, client: Any) -> None:
    vectors = {f"e{n}": unit() for n in range(6)}
    for n, (name, vector) in enumerate(vectors.items()):
        now = time.time()
        answer = Answer(text=name, source="model", cost_usd=Decimal(n + 1) / 1000)
        made = Entry(name, SCOPE, name, answer, now, now + 60)
        store.put(SCOPE, f"k{n}", made, vector=pack(vector), tenant="full")
    put(store, key="other", name="other", tenant="small", scope="5b")
    for _ in range(9):
        store.find(SCOPE, "k0")  # the cheapest, asked most often
    evictor = Evictor(client, store, lambda tenant: {"full": 4}.get(tenant, 100))
    assert evictor.evict() == 3
    assert evictor.evict() == 0
    assert {name for name in vectors if store.get(SCOPE, name)} == {"e0", "e4", "e5"}
    assert store.get("5b", "other") is not None
    until(lambda: sorted(found(replicas, vectors["e1"], 6)) == ["e0", "e4", "e5"], within_s=5)


def test_an_answer_that_nobody_can_read_is_as_if_it_were_not_there(store: CacheStore, client: Any) -> None:
    put(store, key="k1", name="e1")
    for name in (keys.entry(SCOPE, "e1"), keys.phrasing(SCOPE, "k1")):
        client.hset(name, "answer", "{}")
    assert store.find(SCOPE, "k1").entry is None
    assert store.get(SCOPE, "e1") is None
    assert store.serve(SCOPE, "e1") is None
    assert list(store.of_tenant("t")) == []


def test_an_answer_that_cost_nothing_is_weighed_like_others(store: CacheStore, client: Any) -> None:
    now = time.time()
    for n in range(5):
        said = Answer(text="a person's", source="curated")
        store.put(SCOPE, f"k{n}", Entry(f"e{n}", SCOPE, "q", said, now, now + 60), vector=None, tenant="full")
    assert Evictor(client, store, lambda _: 4).evict() == 2


def test_followers_survive_a_redis_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "CHUNK", 2)
    with EmbeddedRedis() as server, connect(server.url) as client:
        store, vector = CacheStore(client), unit()
        replicas = Replicas(store)
        found(replicas, vector)
        for _ in range(3):
            client.client_kill_filter(skipme=True, _type="normal")
            time.sleep(0.05)
        put(store, vector=vector)
        until(lambda: found(replicas, vector) == ["e1"], within_s=10)
        replicas.close()


@pytest.mark.parametrize(("where", "says"), [("down", "ConnectionError"), ("password", "wrong or missing password")])
def test_a_cache_that_cannot_be_used_is_named_without_its_password(redis_url: str, where: str, says: str) -> None:
    bad = {"down": f"redis://:hunter2@127.0.0.1:{free_port()}/0", "password": redis_url.replace("//:", "//:hunter2")}
    with connect(bad[where]) as client, pytest.raises(StoreUnavailable, match=says) as caught:
        CacheStore(client).find(SCOPE, "k1")
    assert "hunter2" not in str(caught.value)
