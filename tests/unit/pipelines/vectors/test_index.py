"""The index and the vectors on their way: what goes in comes out, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.vectors import index as searching
from pipelines.vectors.encoder import compact, expand, pack, unpack
from pipelines.vectors.faiss_index import FlatIndex, GraphIndex
from pipelines.vectors.index import Index

DICE = np.random.default_rng(7)


def unit(dimensions: int = 16) -> np.ndarray:
    """Of length 1, in numbers that float16 has."""
    vector = DICE.normal(size=dimensions).astype(np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float16).astype(np.float32)


both = pytest.mark.parametrize("kind", [FlatIndex, GraphIndex])


def grown(index: Index) -> Index:
    """The index after every build that is due."""
    while (build := index.due()) is not None:
        while build.step() or not index.adopt(build):
            pass
    return index


@both
def test_the_nearest_come_first_with_their_cosines(kind: type) -> None:
    index = kind(16)
    vectors = {str(n): unit() for n in range(50)}
    for name, vector in vectors.items():
        index.add(name, vector)
    asked = unit()
    found = index.search(asked, 5)
    expected = sorted(((float(asked @ v), n) for n, v in vectors.items()), reverse=True)[:5]
    assert [n.id for n in found] == [n for _, n in expected]
    assert [n.similarity for n in found] == pytest.approx([c for c, _ in expected], abs=1e-5)


@both
def test_an_empty_index_finds_nothing_and_a_small_one_all_it_has(kind: type) -> None:
    index = kind(16)
    assert index.search(unit(), 5) == []
    index.add("a", unit())
    assert len(index.search(unit(), 5)) == 1


@both
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_adding_and_dropping_in_any_order_keeps_ids_and_vectors_together(
    kind: type, steps: list[tuple[bool, int]]
) -> None:
    index, model = kind(8), {}
    for add, number in steps:
        name = str(number)
        if add:
            model[name] = unit(8)
            index.add(name, model[name])
        else:
            assert index.drop(name) == (model.pop(name, None) is not None)
    assert len(index) == len(model)
    for name, vector in model.items():
        assert name in index
        assert index.search(vector, 1)[0].id == name
        assert index.vector(name) == pytest.approx(vector)
    assert dict(zip(index.ids(), index.vectors().tolist(), strict=True)) == pytest.approx(
        {name: pytest.approx(vector.tolist()) for name, vector in model.items()}
    )


def test_a_vector_of_the_wrong_length_is_refused_before_anything_is_lost() -> None:
    index = FlatIndex(16)
    index.add("a", unit())
    with pytest.raises(ValueError, match=r"expected \(16,\)"):
        index.add("a", unit(8))
    assert "a" in index


def test_a_flat_index_gives_memory_back() -> None:
    index = FlatIndex(16)
    for n in range(100):
        index.add(str(n), unit())
    before = index._index
    for n in range(60):
        index.drop(str(n))
    assert index._index is not before
    assert sorted(index.ids()) == sorted(str(n) for n in range(60, 100))


def test_what_grows_is_searched_by_a_graph_and_what_shrinks_is_exact_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FLAT_MOST", 100)
    index, vectors = Index(16), {str(n): unit() for n in range(150)}
    for name, vector in vectors.items():
        index.add(name, vector)
    assert index.exact
    flat_bytes = index.size_bytes
    assert not grown(index).exact
    assert index.size_bytes > flat_bytes
    assert all(index.search(vector, 1)[0].id == name for name, vector in vectors.items())
    for n in range(110):
        index.drop(str(n))
    assert len(index) == 40
    assert grown(index).exact
    assert index.size_bytes == 40 * 16 * 2
    assert all(index.search(vectors[str(n)], 1)[0].id == str(n) for n in range(110, 150))


def test_a_graph_full_of_dropped_vectors_is_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FLAT_MOST", 100)
    index, vectors = Index(16), {str(n): unit() for n in range(200)}
    for name, vector in vectors.items():
        index.add(name, vector)
    grown(index)
    for n in range(60):
        index.drop(str(n))
    assert {n.id for n in index.search(unit(), 140)} == {str(n) for n in range(60, 200)}
    full = index.size_bytes
    assert not grown(index).exact
    assert index.size_bytes < full
    assert {n.id for n in index.search(unit(), 140)} == {str(n) for n in range(60, 200)}


def test_what_changes_while_a_graph_is_built_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FLAT_MOST", 50)
    monkeypatch.setattr(searching, "STEP", 20)
    index, vectors = Index(16), {str(n): unit() for n in range(300)}
    for n in range(100):
        index.add(str(n), vectors[str(n)])
    build = index.due()
    assert build is not None
    assert index.due() is None  # one at a time
    at = 100
    while build.step() or not index.adopt(build):
        for _ in range(30 if at < 250 else 0):
            index.add(str(at), vectors[str(at)])
            index.drop(str(at - 100))
            at += 1
    assert not index.exact
    assert sorted(map(int, index._index.ids())) == list(range(at - 100, at))
    assert all(index.search(vectors[str(n)], 1)[0].id == str(n) for n in range(at - 100, at))


def test_a_graph_finds_nearly_all_that_are_nearest() -> None:
    flat, graph = FlatIndex(32), GraphIndex(32)
    middles = [unit(32) for _ in range(50)]
    for n in range(3_000):
        vector = middles[n % 50] + 0.4 * unit(32)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        for index in (flat, graph):
            index.add(str(n), vector)
    for n in range(0, 3_000, 10):
        flat.drop(str(n))
        graph.drop(str(n))
    hits = 0
    for middle in middles:
        near = {n.id for n in flat.search(middle, 16)}
        hits += len(near & {n.id for n in graph.search(middle, 16)})
    assert hits >= 0.99 * 50 * 16


def test_a_packed_vector_keeps_its_direction() -> None:
    vector = unit(384)
    back = unpack(pack(vector), 384)
    assert float(vector @ back) > 0.9999
    assert back.dtype == np.float32


@pytest.mark.parametrize("data", [b"", b"\x00" * 32, b"\xff" * 32, b"\x00" * 31])
def test_bytes_that_are_no_vector_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="vector"):
        unpack(data, 16)


def test_a_vector_with_holes_is_never_packed() -> None:
    with pytest.raises(ValueError, match="finite"):
        pack(np.array([np.nan, 1.0], dtype=np.float32))


def test_a_compact_vector_takes_half_the_room_and_is_nearly_the_same() -> None:
    vectors = np.random.default_rng(7).normal(size=(200, 384)).astype(np.float32)
    vectors[0, 3] = 40.0  # one coordinate beside which the others are small
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    packed = [pack(vector) for vector in vectors]
    back = np.stack([unpack(expand(compact(one)), 384) for one in packed])
    assert len(compact(packed[0])) < len(packed[0]) / 1.9
    assert (1 - (vectors * back).sum(axis=1)).max() < 0.005
    among, among_back = vectors[1:] @ vectors[1:].T, vectors[1:] @ back[1:].T
    assert np.abs(among - among_back).max() < 0.005


@pytest.mark.parametrize("data", [b"", b"abc", compact(pack(np.zeros(16, dtype=np.float32)))])
def test_what_is_no_compact_vector_is_named(data: bytes) -> None:
    with pytest.raises(ValueError, match="vector: got"):
        unpack(expand(data), 16)
