"""Encoders: text to unit vectors, what they can read, and how vectors travel."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    Vector = NDArray[np.float32]  # (d,), of length 1
    Vectors = NDArray[np.float32]  # (n, d), rows of length 1

SCALE_BYTES = 4
TINY = 1e-30


class Encoder(Protocol):
    """Text in, unit vectors out. Implementations may be called by many threads at once."""

    @property
    def fingerprint(self) -> str:
        """Identifies weights and recipe: vectors of two fingerprints are never compared."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def kind(self) -> str:
        """Which of :func:`pipelines.cache.verifier.shipped`'s weights know what its cosines mean."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1; raises EncoderUnavailable."""

    def cost_usd(self, text: str) -> Decimal:
        """Dollars that encoding ``text`` costs; 0 for a model of our own."""

    def reads(self, text: str) -> float:
        """Share of the text's tokens that the encoder knows, in [0, 1]; 0 when the text exceeds its window."""


def readable(encoder: Encoder, text: str) -> bool:
    """May the encoder's vector stand for this text? Not if one token is unknown: it may be the one that matters."""
    return encoder.reads(text) >= 1.0


LEAST_READ = 0.8  # of a text's tokens


def mostly_readable(encoder: Encoder, text: str) -> bool:
    """May the vector help to rank the text? A rank decides nothing by itself, and bears an unknown name."""
    return encoder.reads(text) >= LEAST_READ


def reader(encoders: Sequence[Encoder], text: str) -> Encoder | None:
    """The first encoder that reads the text; None when there is none."""
    return next((encoder for encoder in encoders if readable(encoder, text)), None)


def batches(lengths: Sequence[int], *, start: int, most: int) -> list[list[int]]:
    """Numbers of texts of these lengths (tokens) that are encoded together, at most ``most``, the longest last.

    They cost the least where padding costs as much as text, and starting a batch as much as ``start`` tokens.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    costs, begins = [0], [0]  # of the first n texts: the least cost, and where its last batch begins
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        cost, begin = min(
            (costs[begin] + start + (end - begin) * longest, begin) for begin in range(max(0, end - most), end)
        )
        costs.append(cost)
        begins.append(begin)
    found, end = [], len(order)
    while end:
        found.append(order[begins[end] : end])
        end = begins[end]
    return found


def pack(vector: Vector) -> bytes:
    """A vector as little-endian float16: half the memory; cosines move by less than 0.001."""
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise ValueError(f"vector: got shape {vector.shape}, expected (d,) of finite numbers")
    return vector.astype("<f2").tobytes()


def compact(packed: bytes) -> bytes:
    """A packed vector in half the room, for where there are many: its scale, float32, then (d,) int8; cosines move by
    less than 0.005.
    """
    vector = np.frombuffer(packed, dtype="<f2").astype(np.float32)
    scale = np.float32(max(float(np.abs(vector).max(initial=0.0)), TINY) / 127)
    levels: bytes = np.rint(vector / scale).astype(np.int8).tobytes()
    return struct.pack("<f", scale) + levels


def expand(data: bytes) -> bytes:
    """What :func:`compact` made, packed again; raises ValueError when it cannot be one."""
    if len(data) < SCALE_BYTES:
        raise ValueError(f"vector: got {len(data)} bytes, expected {SCALE_BYTES} and more")
    (scale,) = struct.unpack("<f", data[:SCALE_BYTES])
    levels = np.frombuffer(data[SCALE_BYTES:], dtype=np.int8)
    packed: bytes = (levels.astype(np.float32) * np.float32(scale)).astype("<f2").tobytes()
    return packed


def unpack(data: bytes, dimensions: int) -> Vector:
    """A packed vector, (d,) float32 of length 1 again; raises ValueError when it cannot be one."""
    vector: Vector = unpack_all([data], dimensions)[0]
    return vector


def unpack_all(packed: Sequence[bytes], dimensions: int) -> Vectors:
    """Packed vectors, (n, d) float32 rows of length 1 again; raises ValueError when one cannot be."""
    sizes = set(map(len, packed)) - {2 * dimensions}
    if sizes:
        raise ValueError(f"vector: got {min(sizes)} bytes, expected {2 * dimensions}")
    found = np.frombuffer(b"".join(packed), dtype="<f2").astype(np.float32).reshape(len(packed), dimensions)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths >= 0.5)).all():
        raise ValueError(f"vector: got length {lengths.min()}, expected about 1")
    whole: Vectors = found / lengths
    return whole
