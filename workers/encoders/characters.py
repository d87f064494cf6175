"""The encoder that knows characters, not words: for text that the configured one cannot read, Chinese above all."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import verifier
from pipelines.errors import EncoderUnavailable
from pipelines.text.han import HAN, simplified
from pipelines.vectors import ngrams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Vectors

SHIPPED = Path(__file__).parent / "characters_model"
NAME = "characters"
TABLE, FACTS, MODULES = "table.npy", "characters.json", "modules.json"
# What sentence-transformers loads the folder by.
LOADED_AS = [{"idx": 0, "name": "0", "path": "", "type": "workers.encoders.characters_module.CharacterModule"}]
RECIPE = 2  # raised when text is prepared in another way


class CharacterEncoder:
    """A learned vector for each character and each pair of them, added up. 0.05 ms a question, no torch."""

    kind = verifier.CHARACTERS

    def __init__(self, folder: Path = SHIPPED) -> None:
        try:
            self._table: NDArray[np.int8] = np.load(folder / TABLE, allow_pickle=False)
            self._pair_weight = float(json.loads((folder / FACTS).read_text(encoding="utf-8"))["pair_weight"])
        except (OSError, ValueError, KeyError) as error:
            raise EncoderUnavailable(NAME, f"{folder}: {error!s:.120}; reinstall farthing") from None
        if self._table.ndim != 2 or self._table.dtype != np.int8:
            raise EncoderUnavailable(
                NAME, f"{folder}: got {self._table.dtype} {self._table.shape}, expected int8 (n, d)"
            )
        self.dimensions = int(self._table.shape[1])
        digest = hashlib.sha256(self._table.tobytes()).hexdigest()
        self.fingerprint = f"{NAME}-{digest[:16]}-{RECIPE}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1; raises EncoderUnavailable for a text that it does not read."""
        try:
            return np.stack([ngrams.embed(simplified(text), self._table, self._pair_weight) for text in texts])
        except ValueError as error:
            raise EncoderUnavailable(NAME, str(error)) from None

    def cost_usd(self, text: str) -> Decimal:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return Decimal(0)

    def reads(self, text: str) -> float:
        """1 for text with Han characters, no longer than a question may be; else 0: it was taught nothing else."""
        return float(HAN.search(text) is not None and len(text) <= ngrams.MOST_CHARS)


def save(folder: Path, vectors: NDArray[np.float32], pair_weight: float, about: dict[str, Any]) -> None:
    """Write a table (n, d) as whole numbers of eight bits, one scale for all: only directions count. Raises OSError."""
    scale = 127.0 / float(np.abs(vectors).max())
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / TABLE, np.rint(vectors * scale).astype(np.int8), allow_pickle=False)
    facts = {"pair_weight": pair_weight, "rows": len(vectors), "dimensions": int(vectors.shape[1]), **about}
    for name, said in ((FACTS, facts), (MODULES, LOADED_AS)):
        (folder / name).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
