"""Characters, alone and in pairs, as numbers: what an encoder that knows no words sees of a text."""

from __future__ import annotations

import unicodedata
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Vector

MOST_CHARS = 500  # a longer text is no question


def characters(text: str) -> str:
    """Letters, digits and Han characters; width and case do not matter. Traditional ones are simplified before."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def grams(text: str, rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows, each in [0, rows), of the text's single characters and of its pairs; both empty for a text of none."""
    plain = characters(text)
    singles = [_row(c, rows) for c in plain]
    pairs = [_row(a + b, rows) for a, b in pairwise(plain)]
    return np.array(singles, dtype=np.int64), np.array(pairs, dtype=np.int64)


def _row(gram: str, rows: int) -> int:
    """CRC-32 of the UTF-8, so that it is the same on every machine."""
    return zlib.crc32(gram.encode()) % rows


def embed(text: str, table: NDArray[np.int8], pair_weight: float) -> Vector:
    """The unit vector (d,) of a text by a ``table`` (rows, d): its characters' and, less, its pairs' rows added up.

    Raises ValueError for a text without characters.
    """
    singles, pairs = grams(text, len(table))
    if not len(singles):
        raise ValueError("text: got no letters, digits or Han characters")
    summed = table[singles].astype(np.float32).sum(axis=0)
    if len(pairs):
        summed += np.float32(pair_weight) * table[pairs].astype(np.float32).sum(axis=0)
    length = np.linalg.norm(summed)
    if length < 1e-6:
        raise ValueError("text: its characters cancel each other out")
    found: Vector = summed / length
    return found
