"""The characters' encoder as a module of sentence-transformers, which loads its folder when it may run our code."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from sentence_transformers.base.modules.input_module import InputModule

from workers.encoders.characters import FACTS, MODULES, TABLE, CharacterEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence


class CharacterModule(InputModule):
    """Texts to unit vectors: ``SentenceTransformer(folder).encode(["怎么退款"])`` is what CharacterEncoder gives."""

    def __init__(self, folder: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        self._folder = Path(folder)
        self._encoder = CharacterEncoder(self._folder)

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """``vectors`` (n, d) float32; raises EncoderUnavailable for a text that it does not read."""
        return {"vectors": torch.from_numpy(self._encoder.encode([(prompt or "") + text for text in inputs]))}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Adds ``sentence_embedding``."""
        return {**features, "sentence_embedding": features["vectors"]}

    def get_embedding_dimension(self) -> int:
        """Length of a vector."""
        return self._encoder.dimensions

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Copy the folder's files."""
        for name in (TABLE, FACTS, MODULES):
            shutil.copy(self._folder / name, output_path)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", *_: Any, **__: Any) -> Self:
        """From a folder that `farthing train characters` wrote."""
        return cls(str(Path(model_name_or_path) / subfolder))
