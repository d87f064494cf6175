"""Encoders: the packaged offline one, any sentence-transformers model, or a provider's embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines import tokens, verify
from pipelines.errors import EncoderUnavailable, PriceUnknown, ProviderFailed
from workers import characters
from workers.characters import CharacterEncoder
from workers.onnx_encoder import OnnxEncoder
from workers.sentence_encoder import PROBE, RECIPE, TransformerEncoder, packaged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from pipelines.encoding import Encoder, Vectors

    Embed = Callable[[Sequence[str]], list[list[float]]]
    Price = Callable[[int], Decimal]

MAX_EMBEDDING_CHARS = 24_000  # OpenAI's embedding models read 8,191 tokens; three characters each is on the safe side


def load(spec: str, provider: Callable[[str], tuple[Embed, Price]], state: Path) -> Encoder | None:
    """The encoder that ``spec`` names, or None for ``none``; raises EncoderUnavailable.

    ``packaged``, ``characters`` or ``characters:<folder>`` (from `farthing train characters`), ``openai:<model>``, or
    a sentence-transformers hub name or path. ``provider`` makes, for a model's name, what embeds texts with it and what
    a number of tokens costs there. ``onnx:`` or ``int8:`` before one of ours exports it into the folder ``state``.
    """
    if spec == "none":
        return None
    if spec == "characters" or spec.startswith("characters:"):
        folder = spec.removeprefix("characters").removeprefix(":")
        return CharacterEncoder(Path(folder) if folder else characters.SHIPPED)
    if spec.startswith("openai:"):
        model = spec.removeprefix("openai:")
        return ProviderEncoder(model, *provider(model))
    for prefix, int8 in (("onnx:", False), ("int8:", True)):
        if spec.startswith(prefix):
            name = spec.removeprefix(prefix)
            path = packaged() if name == "packaged" else name
            return OnnxEncoder(path, state / "encoders", int8=int8, latin=name == "packaged")
    return TransformerEncoder(packaged(), latin=True) if spec == "packaged" else TransformerEncoder(spec)


def readers(encoder: Encoder | None) -> tuple[Encoder, ...]:
    """The encoders that a question is put to, in order: the configured one, then the characters' for what it can't.

    None at all without a configured one. Raises EncoderUnavailable.
    """
    if encoder is None:
        return ()
    return (encoder,) if encoder.kind == verify.CHARACTERS else (encoder, CharacterEncoder())


class ProviderEncoder:
    """A provider's embedding model. It reads every language, and each call costs money and a round trip."""

    kind = verify.SENTENCES

    def __init__(self, model: str, embed: Embed, price: Price) -> None:
        self._embed, self._price = embed, price
        self._name = f"openai:{model}"
        try:
            price(1_000)  # an encoder that costs nobody knows what is not used
        except PriceUnknown as error:
            raise EncoderUnavailable(self._name, str(error)) from None
        self.fingerprint = f"{self._name}-{RECIPE}"
        self.dimensions = int(self.encode([PROBE]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1."""
        try:
            vectors = np.asarray(self._embed(list(texts)), dtype=np.float32)
        except (ProviderFailed, ValueError) as error:
            raise EncoderUnavailable(self._name, str(error)) from None
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise EncoderUnavailable(self._name, f"got shape {vectors.shape} for {len(texts)} texts")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths < 1e-6).any():
            raise EncoderUnavailable(self._name, "got a vector without length")
        scaled: Vectors = vectors / lengths
        return scaled

    def cost_usd(self, text: str) -> Decimal:
        """By the price map and an estimate of the tokens: the provider counts a whole batch, not each text."""
        return self._price(tokens.estimate(text))

    def reads(self, text: str) -> float:
        """1, or 0 when the text may exceed the model's window."""
        return float(0 < len(text) <= MAX_EMBEDDING_CHARS)
