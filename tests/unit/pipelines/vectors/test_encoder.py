"""Which texts are encoded together."""

from __future__ import annotations

from pipelines.vectors.encoder import batches


def test_texts_are_encoded_together_where_that_is_cheaper() -> None:
    assert batches([], start=20, most=32) == []
    assert batches([10, 11, 12], start=20, most=32) == [[0, 1, 2]]
    assert sorted(map(sorted, batches([10, 120, 11, 121], start=20, most=32))) == [[0, 2], [1, 3]]
    found = batches([10] * 70, start=5, most=32)
    assert sorted(n for batch in found for n in batch) == list(range(70))
    assert max(map(len, found)) <= 32
