"""Which phrasing belongs to which entry: joins, merges, elections and expulsions in a real Redis, seen by replicas."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.errors import StoreUnavailable
from pipelines.vectors.encoder import pack
from tests.waiting import until
from workers.cache import evidence
from workers.cache.clusters import Membership
from workers.cache.entries import CacheStore
from workers.cache.evidence import Evidence
from workers.cache.replica import Replicas
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

D, SCOPE = 8, "5c0be"
DICE = np.random.default_rng(3)


def unit() -> np.ndarray:
    vector = DICE.normal(size=D).astype(np.float32)
    return vector / np.linalg.norm(vector)


class Cache:
    """A store, its membership and one replica."""

    def __init__(self, client: Any) -> None:
        self.store, self.members = CacheStore(client), Membership(client)
        self.replicas = Replicas(self.store)

    def entry(self, name: str, text: str, ttl_s: float = 60.0) -> Entry:
        now = time.time()
        return Entry(name, SCOPE, f"asked {text}", Answer(text=text, source="model"), now, now + ttl_s)

    def put(self, key: str, name: str, text: str, ttl_s: float = 60.0, known_s: float = 60.0) -> np.ndarray:
        vector = unit()
        made = self.entry(name, text, ttl_s)
        self.store.put(SCOPE, key, made, vector=pack(vector), tenant="t", known_until=time.time() + known_s)
        return vector

    def join(self, key: str, name: str, text: str, ttl_s: float = 60.0) -> bool:
        self.vector = unit()
        made = self.entry(name, text, ttl_s)
        return self.store.join(SCOPE, key, made, vector=pack(self.vector), tenant="t", known_until=time.time() + 60)

    def nearest(self, vector: np.ndarray) -> tuple[str, str] | None:
        found = self.replicas.search(SCOPE, vector, 1, time.time()).candidates
        return (found[0].key, found[0].entry_id) if found else None


@pytest.fixture
def cache(client: Any) -> Iterator[Cache]:
    made = Cache(client)
    yield made
    made.replicas.close()


def test_a_phrasing_joins_and_the_entrys_answer_stays_while_it_lives(cache: Cache) -> None:
    cache.put("k1", "e1", "first")
    assert cache.join("k2", "e1", "second")
    found, held = cache.store.find(SCOPE, "k2")[0], cache.store.get(SCOPE, "e1")
    assert found is not None
    assert (found.id, found.answer.text) == ("e1", "second"), "a question is told what it was told"
    assert held is not None
    assert held.answer.text == "first"
    assert cache.members.answers(SCOPE, ["k1", "k2", "k3"]) == {"k1": "first", "k2": "second"}
    assert cache.members.homes(SCOPE, ["k1", "k2", "k3"]) == {"k1": "e1", "k2": "e1"}
    until(lambda: cache.nearest(cache.vector) == ("k2", "e1"), within_s=5)
    assert cache.store.stats()["phrasings"] == 2
    assert not cache.join("k4", "gone", "third")


def test_a_join_brings_an_entry_back_whose_answer_had_expired(cache: Cache) -> None:
    cache.put("k1", "e1", "old", ttl_s=0.2)
    until(lambda: cache.store.get(SCOPE, "e1") is None, within_s=5)
    assert not cache.members.lives(SCOPE, "e1")
    over = cache.store.find(SCOPE, "k1")[0]
    assert over is None or over.expires_at <= time.time(), "its answer is not served"
    assert cache.join("k2", "e1", "fresh")
    found = cache.store.get(SCOPE, "e1")
    assert found is not None
    assert found.answer.text == "fresh"


def test_a_phrasing_that_moves_leaves_its_old_entry(cache: Cache) -> None:
    cache.put("k1", "e1", "first")
    cache.put("k2", "e2", "second")
    assert cache.join("k2", "e1", "second")
    assert cache.store.get(SCOPE, "e2") is None
    assert sorted(cache.members.more(SCOPE, "e1", 9)) == ["k1", "k2"]
    assert cache.members.more(SCOPE, "e1", 9, ["k1"]) == ["k2"]


def test_what_a_person_corrected_is_left_for_no_model_s_answer(cache: Cache) -> None:
    cache.put("k1", "e1", "a model's")
    right = replace(cache.entry("e2", "a person's"), curated=True)
    assert cache.store.put(SCOPE, "k2", right, vector=None, tenant="t")
    assert not cache.join("k2", "e1", "a model's again")
    assert not cache.store.put(SCOPE, "k2", cache.entry("e3", "a model's"), vector=None, tenant="t")
    found = cache.store.find(SCOPE, "k2")[0]
    assert found is not None
    assert found.answer.text == "a person's"


def test_merged_entries_are_one_everywhere(cache: Cache) -> None:
    one = cache.put("k1", "e1", "first")
    cache.join("k2", "e1", "also first")
    other = cache.put("k3", "e2", "the same in other words")
    assert cache.nearest(other) == ("k3", "e2")
    assert cache.members.merge(SCOPE, "e2", "e1") == "e1", "the larger one stays"
    until(lambda: cache.nearest(other) == ("k3", "e1"), within_s=5)
    assert cache.nearest(one) == ("k1", "e1")
    found = cache.store.get(SCOPE, "e1")
    assert found is not None
    assert found.answer.text == "first"
    assert cache.members.now(SCOPE, "e2") == "e1"
    assert cache.members.now(SCOPE, "e1") == "e1"
    assert cache.store.stats()["entries"] == 1
    assert cache.members.merge(SCOPE, "e1", "e2") is None
    late = Replicas(cache.store)
    assert late.search(SCOPE, other, 1, time.time()).candidates[0].entry_id == "e1"
    late.close()


def test_a_merge_keeps_the_only_answer_that_lives(cache: Cache) -> None:
    cache.put("k1", "e1", "old", ttl_s=0.2)
    cache.join("k2", "e1", "old too", ttl_s=0.2)
    until(lambda: not cache.members.lives(SCOPE, "e1"), within_s=5)
    cache.put("k3", "e2", "fresh")
    assert cache.members.merge(SCOPE, "e1", "e2") == "e1"
    found = cache.store.get(SCOPE, "e1")
    assert found is not None
    assert (found.id, found.answer.text) == ("e1", "fresh")


def test_an_elected_answer_is_served_and_lives_no_longer(cache: Cache) -> None:
    cache.put("k1", "e1", "wrong")
    cache.join("k2", "e1", "right")
    before = cache.store.get(SCOPE, "e1")
    assert cache.members.served(SCOPE, "e1") == "k1"
    assert cache.members.elect(SCOPE, "e1", "k2")
    after = cache.store.get(SCOPE, "e1")
    assert before is not None
    assert after is not None
    assert (after.question, after.answer.text, after.expires_at) == ("asked right", "right", before.expires_at)
    assert cache.members.served(SCOPE, "e1") == "k2"
    assert not cache.members.elect(SCOPE, "e1", "k9")


def test_a_phrasing_is_expelled_but_not_the_served_one_nor_the_last_two(cache: Cache) -> None:
    cache.put("k1", "e1", "a")
    cache.join("k2", "e1", "b")
    assert not cache.members.expel(SCOPE, "e1", "k2")
    cache.join("k3", "e1", "c")
    vector = cache.vector
    until(lambda: cache.nearest(vector) == ("k3", "e1"), within_s=5)
    assert not cache.members.expel(SCOPE, "e1", "k1")
    assert cache.members.expel(SCOPE, "e1", "k3")
    until(lambda: cache.nearest(vector) != ("k3", "e1"), within_s=5)
    assert cache.store.find(SCOPE, "k3")[0] is None


def test_trust_is_kept_by_name_and_forgotten_with_time(cache: Cache, client: Any) -> None:
    before = cache.members.evidence.trust(SCOPE, ["a", "b"])
    cache.members.evidence.write_trust(SCOPE, before, {"a": 1.5, "b": -2.0})
    assert cache.members.evidence.trust(SCOPE, ["a", "b", "c"]) == {"a": 1.5, "b": -2.0}
    cache.members.evidence.write_trust(SCOPE, {"a": 1.5, "b": -2.0}, {"a": 1.5})
    assert cache.members.evidence.trust(SCOPE, ["a", "b"]) == {"a": 1.5}
    assert all(client.pttl(key) > 0 for key in client.keys("*trust"))
    assert cache.members.evidence.trust(SCOPE, []) == {}


def test_evidence_that_nothing_adds_to_is_forgotten_as_a_whole(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known, at = Evidence(client), 7
    monkeypatch.setattr(evidence, "_generations", lambda: (at, at - 1))
    sums = {"pair:a|b": 1.25, "pair:a|c": -2.0, "served:a": 0.5, "member:k": 3.0}
    known.write_trust(SCOPE, {}, sums)
    assert known.not_compared(SCOPE, [("k1", "k2")]) == [("k1", "k2")]
    at = 8
    assert known.trust(SCOPE, [*sums, "pair:b|c"]) == sums
    assert known.not_compared(SCOPE, [("k2", "k1"), ("k1", "k3")]) == [("k1", "k3")]
    known.write_trust(SCOPE, {"served:a": 0.5, "pair:a|b": 1.25}, {"pair:a|b": 1.5})
    assert known.trust(SCOPE, sums) == {"pair:a|b": 1.5, "pair:a|c": -2.0, "member:k": 3.0}
    at = 9
    assert known.trust(SCOPE, sums) == {"pair:a|b": 1.5, "pair:a|c": -2.0}
    at = 10
    assert known.trust(SCOPE, sums) == {}


def test_an_entry_beside_many_keeps_what_is_believed_of_the_latest(client: Any) -> None:
    known = Evidence(client)
    for number in range(evidence.MOST_OTHERS + 10):
        known.write_trust(SCOPE, {}, {f"pair:a|b{number}": -50.0})
    held = known.trust(SCOPE, [f"pair:a|b{number}" for number in range(evidence.MOST_OTHERS + 10)])
    assert len(held) == evidence.MOST_OTHERS
    assert set(held.values()) == {-evidence.MOST}
    assert "pair:a|b0" not in held


def test_whoever_writes_at_once_the_books_agree(client: Any) -> None:
    caches = [Cache(client) for _ in range(4)]

    def work(number: int) -> None:
        dice, cache = np.random.default_rng(number), caches[number]
        for _ in range(150):
            key, name, other = f"k{dice.integers(6)}", f"e{dice.integers(4)}", f"e{dice.integers(4)}"
            match dice.integers(6):
                case 0 | 1:
                    cache.put(key, name, f"{key} of {name}")
                case 2 | 3:
                    cache.join(key, name, f"{key} of {name}")
                case 4 if name != other:
                    cache.members.merge(SCOPE, name, other)
                case 5:
                    cache.store.drop(SCOPE, name)
                case _:
                    cache.members.elect(SCOPE, name, key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    asks = {
        name: {raw.decode() for raw in client.hkeys(keys.asks(SCOPE, name))} for name in map("e{}".format, range(4))
    }
    held = {key: client.hget(keys.phrasing(SCOPE, key), "entry") for key in map("k{}".format, range(6))}
    assert {key: name for name, phrasings in asks.items() for key in phrasings} == {
        key: name.decode() for key, name in held.items() if name is not None
    }
    assert sum(map(len, asks.values())) == sum(name is not None for name in held.values())
    assert {raw.decode() for raw in client.zrange(keys.entries(SCOPE), 0, -1)} == {name for name in asks if asks[name]}
    assert client.xlen(keys.log(SCOPE)) == int(client.get(keys.seq(SCOPE)))


def test_what_changes_between_reading_and_writing_is_read_again(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(client)
    cache.put("k1", "e1", "one")
    cache.put("k2", "e2", "two")
    read, late = client.hkeys, iter([lambda: cache.join("k3", "e2", "three")])

    def slow(name: str) -> Any:
        found = read(name)
        next(late, lambda: None)()
        return found

    monkeypatch.setattr(client, "hkeys", slow)
    assert cache.members.merge(SCOPE, "e1", "e2") == "e1"
    assert cache.members.homes(SCOPE, ["k1", "k2", "k3"]) == {"k1": "e1", "k2": "e1", "k3": "e1"}


def test_what_changes_all_the_time_is_given_up(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(client)
    cache.put("k1", "e1", "one")
    monkeypatch.setattr(client, "hget", lambda *_: b"another")
    with pytest.raises(StoreUnavailable, match="changes all the time"):
        cache.put("k1", "e2", "two")


def test_a_phrasing_that_joined_wrongly_is_moved_with_its_own_answer(cache: Cache) -> None:
    cache.put("k1", "e1", "a")
    cache.join("k2", "e1", "b")
    vector = cache.vector
    cache.put("k3", "e3", "b")
    until(lambda: cache.nearest(vector) == ("k2", "e1"), within_s=5)
    assert not cache.members.move(SCOPE, "k1", "e3"), "its entry serves it"
    assert not cache.members.move(SCOPE, "k2", "gone")
    assert cache.members.move(SCOPE, "k2", "e3")
    until(lambda: cache.nearest(vector) == ("k2", "e3"), within_s=5)
    found = cache.store.find(SCOPE, "k2").entry
    assert found is not None
    assert (found.id, found.answer.text) == ("e3", "b")
    assert sorted(cache.members.more(SCOPE, "e3", 9)) == ["k2", "k3"]
    assert cache.members.more(SCOPE, "e1", 9) == ["k1"]
