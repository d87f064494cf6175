"""Encoders: the packaged offline one, any sentence-transformers model, or a provider's embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.cache import verifier
from pipelines.errors import EncoderUnavailable, PriceUnknown, ProviderFailed
from pipelines.text import language, tokens
from workers.encoders import characters, onnx
from workers.encoders.characters import CharacterEncoder
from workers.encoders.e5_weights import MULTILINGUAL
from workers.encoders.onnx import OnnxEncoder
from workers.encoders.sentence import PACKAGED, PROBE, RECIPE, TransformerEncoder, packaged
from workers.observability import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from pipelines.vectors.encoder import Encoder, Vectors

    Embed = Callable[[Sequence[str]], list[list[float]]]
    Price = Callable[[int], Decimal]

RUNTIMES = ("torch:", "onnx:", "int8:")
MAX_EMBEDDING_CHARS = 24_000  # OpenAI's embedding models read 8,191 tokens; three characters each is on the safe side


def load(spec: str, provider: Callable[[str], tuple[Embed, Price]], folder: Path) -> Encoder | None:
    """The encoder that ``spec`` names, or None for ``none``; raises EncoderUnavailable.

    ``packaged``, ``multilingual``, ``characters`` or ``characters:<folder>`` (from `farthing train characters`),
    ``openai:<model>``, or a sentence-transformers hub name or path. ``provider`` makes, for a model's name, what embeds
    texts with it and what a number of tokens costs there. ``onnx:`` or ``int8:`` before one of ours exports it into
    ``folder`` and runs it there, ``torch:`` never does; the packaged one without either is exported where ONNX Runtime
    is installed.
    """
    if spec == "none":
        return None
    if spec == "characters" or spec.startswith("characters:"):
        characters_in = spec.removeprefix("characters").removeprefix(":")
        return CharacterEncoder(Path(characters_in) if characters_in else characters.SHIPPED)
    if spec.startswith("openai:"):
        model = spec.removeprefix("openai:")
        return ProviderEncoder(model, *provider(model))
    if spec == MULTILINGUAL:
        return OnnxEncoder(MULTILINGUAL, folder)
    runtime, _, name = spec.partition(":") if spec.startswith(RUNTIMES) else ("", "", spec)
    latin = name == PACKAGED
    if runtime in ("onnx", "int8"):
        return OnnxEncoder(name, folder, int8=runtime == "int8", latin=latin)
    if not runtime and latin and onnx.installed():
        try:
            return OnnxEncoder(name, folder, latin=latin)
        except EncoderUnavailable as error:
            logs.log().warning("torch encodes, at half the speed", said=str(error))
    return TransformerEncoder(packaged() if latin else name, latin=latin)


def readers(encoder: Encoder | None, folder: Path) -> tuple[Encoder, ...]:
    """The encoders that a question is put to, in order: the configured one, then the characters' for what it can't.

    Before the multilingual one the packaged, for what is English: it tells English questions apart better and faster,
    and what is cached under it stays. None at all without a configured one. Raises EncoderUnavailable.
    """
    if encoder is None:
        return ()
    if encoder.kind == verifier.CHARACTERS:
        return (encoder,)
    if encoder.kind == verifier.MULTILINGUAL:
        packaged_one = load(PACKAGED, _nobody, folder)
        return (*(() if packaged_one is None else (ForEnglish(packaged_one),)), encoder, CharacterEncoder())
    return (encoder, CharacterEncoder())


def _nobody(model: str) -> tuple[Embed, Price]:
    raise EncoderUnavailable(model, "no provider is asked for it")


class ForEnglish:
    """An encoder that reads what is English, and leaves everything else to others."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.kind, self.fingerprint, self.dimensions = encoder.kind, encoder.fingerprint, encoder.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder does."""
        return self._encoder.encode(texts)

    def cost_usd(self, text: str) -> Decimal:
        """As the encoder's."""
        return self._encoder.cost_usd(text)

    def reads(self, text: str) -> float:
        """As much as the encoder does, of English; else nothing."""
        return self._encoder.reads(text) if language.english(text) else 0.0


class ProviderEncoder:
    """A provider's embedding model. It reads every language, and each call costs money and a round trip."""

    kind = verifier.OTHERS

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
