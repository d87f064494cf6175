"""The index and the vectors on their way: what goes in comes out, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.encoding import pack, unpack
from pipelines.similarity import FlatIndex

DICE = np.random.default_rng(7)


def unit(dimensions: int = 16) -> np.ndarray:
    vector = DICE.normal(size=dimensions).astype(np.float32)
    return vector / np.linalg.norm(vector)


def test_the_nearest_come_first_with_their_cosines() -> None:
    index = FlatIndex(16)
    vectors = {str(n): unit() for n in range(50)}
    for name, vector in vectors.items():
        index.add(name, vector)
    asked = unit()
    found = index.search(asked, 5)
    expected = sorted(((float(asked @ v), n) for n, v in vectors.items()), reverse=True)[:5]
    assert [n.id for n in found] == [n for _, n in expected]
    assert [n.similarity for n in found] == pytest.approx([c for c, _ in expected], abs=1e-5)


def test_an_empty_index_finds_nothing_and_a_small_one_all_it_has() -> None:
    index = FlatIndex(16)
    assert index.search(unit(), 5) == []
    index.add("a", unit())
    assert len(index.search(unit(), 5)) == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_adding_and_dropping_in_any_order_keeps_ids_and_vectors_together(steps: list[tuple[bool, int]]) -> None:
    index, model = FlatIndex(8), {}
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


def test_a_vector_of_the_wrong_length_is_refused_before_anything_is_lost() -> None:
    index = FlatIndex(16)
    index.add("a", unit())
    with pytest.raises(ValueError, match=r"expected \(16,\)"):
        index.add("a", unit(8))
    assert "a" in index


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
