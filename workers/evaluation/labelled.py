"""What files of labelled questions and pairs hold, as the measures want it, and their vectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.evaluation import measures
from pipelines.vectors.encoder import reader
from workers.evaluation import datasets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Encoder

BATCH = 256  # texts encoded at once
QUESTION = ("question", "text")  # names of the column with a labelled question
PAIR = ("question_a", "cached", "sentence_a")
OUT_OF_SCOPE = "oos"  # each such question is its own meaning


@dataclass(frozen=True, slots=True)
class Labelled:
    """Questions and the number of each one's meaning, (n,); ``unlike``: meanings that somebody said are different."""

    texts: list[str]
    labels: NDArray[np.int64]
    unlike: frozenset[tuple[int, int]] = field(default_factory=frozenset)

    def with_twins(self) -> Labelled:
        """Only those whose meaning another one has too."""
        numbers, counts = np.unique(self.labels, return_counts=True)
        chosen = np.flatnonzero(np.isin(self.labels, numbers[counts > 1])).tolist()
        return Labelled([self.texts[i] for i in chosen], self.labels[chosen], self.unlike)

    def part(self, limit: int | None) -> Labelled:
        """At most so many of them, the same each time."""
        chosen = datasets.part(list(range(len(self.texts))), limit)
        return Labelled([self.texts[i] for i in chosen], self.labels[chosen], self.unlike)


def is_pairs(rows: Sequence[dict[str, Any]]) -> bool:
    """Are they labelled pairs, and no labelled questions?"""
    return not set(QUESTION) & set(rows[0]) and bool(set(PAIR) & set(rows[0]))


def questions(path: Path, rows: list[dict[str, Any]]) -> Labelled:
    """Questions and their meanings; of labelled pairs each question, what they call the same being one meaning."""
    if is_pairs(rows):
        first, second, same = pairs(path, rows)
        texts, groups = measures.meanings(first, second, same)
        labels = dict(zip(texts, groups, strict=True))
        return Labelled(texts, np.array(groups, dtype=np.int64), measures.unlike(first, second, same, labels))
    texts = datasets.column(path, rows, *QUESTION)
    names = datasets.column(path, rows, "intent", "intents", "label")
    names = [f"{name} {i}" if name == OUT_OF_SCOPE else name for i, name in enumerate(names)]
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return Labelled(texts, np.array([known[name] for name in names], dtype=np.int64))


def pairs(path: Path, rows: list[dict[str, Any]]) -> tuple[list[str], list[str], list[bool]]:
    """The questions of labelled pairs, and whether each pair means the same."""
    first = datasets.column(path, rows, *PAIR)
    second = datasets.column(path, rows, "question_b", "query", "sentence_b")
    same = datasets.truth(path, datasets.column(path, rows, "same_meaning", "expect_hit"))
    return first, second, same


def read_by(encoders: Sequence[Encoder], texts: Sequence[str]) -> list[tuple[Encoder, list[int]]]:
    """Which texts each encoder reads first, by number; those that none reads are in nobody's list."""
    readers = [reader(encoders, text) for text in texts]
    found = [(encoder, [i for i, reader in enumerate(readers) if reader is encoder]) for encoder in encoders]
    return [(encoder, mine) for encoder, mine in found if mine]


def vectors(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """(n, d) float32 rows of unit length."""
    # Texts of one length fill a batch without padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        out[chosen] = encoder.encode([texts[i] for i in chosen])
    return out
