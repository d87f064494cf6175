"""The trap suite: what looks alike and is not, against a cache that holds it; rewordings beside it."""

from __future__ import annotations

import pathlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pipelines.evaluation import measures
from tests import traps
from workers.encoders import factory
from workers.evaluation import commands

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.traps import Pair

PAIRS = traps.pairs()


def test_the_suite_is_what_it_says() -> None:
    kinds = Counter(pair.kind for pair in PAIRS)
    assert len(PAIRS) >= 1_000
    assert len(kinds) == 9, "eight kinds of traps, and rewordings"
    assert {pair.language for pair in PAIRS if pair.kind != traps.REWORDED} == {"en", "zh"}
    assert min(kinds.values()) >= 30


@pytest.fixture(scope="module")
def measured() -> Any:
    from workers.encoders.factory import TransformerEncoder, packaged, readers

    return readers(TransformerEncoder(packaged(), latin=True), pathlib.Path())


def figures(readers: Sequence[Any], pairs: Sequence[Pair], judge_error: float | None) -> dict[str, Any]:
    first, second = [pair.a for pair in pairs], [pair.b for pair in pairs]
    same = [pair.kind == traps.REWORDED for pair in pairs]
    similar, kinds = commands.cosines(first, second, readers)
    return measures.pairs(first, second, same, similar, kinds, judge_error=judge_error, seed=1)


def test_no_trap_is_served_without_a_judge(measured: Any) -> None:
    found = figures(measured, PAIRS, None)
    assert found["wrong"] == 0
    assert found["served"] >= 0.2 * found["same"]


def test_a_judge_that_errs_serves_most_rewordings_and_hardly_a_trap(measured: Any) -> None:
    found = figures(measured, PAIRS, 0.05)
    assert found["wrong"] <= 0.01 * (found["pairs"] - found["same"])
    assert found["recall"] >= 0.85
    for language in ("en", "zh"):
        mine = figures(measured, [pair for pair in PAIRS if pair.language == language], 0.05)
        assert mine["recall"] >= 0.85, language


def test_encoders_are_what_the_fleet_has(measured: Any) -> None:
    assert [encoder.kind for encoder in measured] == ["sentences", "characters"]
    assert factory.readers(None, pathlib.Path()) == ()
