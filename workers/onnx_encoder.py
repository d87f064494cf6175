"""A sentence-transformers model in ONNX Runtime: the same vectors without torch, or faster ones of eight bits.

The model is exported once, with torch, into the state folder; from then on torch is not loaded.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import warnings
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines import verify
from pipelines.errors import EncoderUnavailable
from workers.sentence_encoder import RECIPE, Reading, TransformerEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pipelines.encoding import Vectors

OPSET = 17
MISSING = "onnx and onnxruntime are not installed: pip install 'farthing[onnx]'"
MODEL, EIGHT_BITS, FACTS, TOKENIZER = "model.onnx", "model-int8.onnx", "facts.json", "tokenizer.json"
LOCK = "lock"


class OnnxEncoder:
    """``name_or_path`` as sentence-transformers takes it; what was exported is kept in ``folder``.

    Raises EncoderUnavailable.

    ``int8``: weights of eight bits. Their vectors are others (cosine 0.96 to the exact ones at the least, of 50
    questions), so that they have an index and a verifier of their own.
    """

    def __init__(self, name_or_path: str, folder: Path, *, int8: bool = False, latin: bool = False) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError:
            raise EncoderUnavailable(name_or_path, MISSING) from None
        self.kind = verify.EIGHT_BITS if int8 else verify.SENTENCES
        home = folder / _digest(name_or_path)
        try:
            file = home / (EIGHT_BITS if int8 else MODEL)
            with _alone(home):
                if not (home / FACTS).exists():
                    _export(name_or_path, home)
                if not file.exists():
                    _quantise(home / MODEL, file)
            facts = json.loads((home / FACTS).read_text(encoding="utf-8"))
            options = onnxruntime.SessionOptions()
            # One thread a process: lookups run in parallel, and a queue is scaled by processes.
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self._session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
            own = Tokenizer.from_file(str(home / TOKENIZER))
            self._reading = Reading(own, window=int(facts["window"]), unknown=facts["unknown"], latin=latin)
            self._tokenizer: Any = Tokenizer.from_file(str(home / TOKENIZER))
        except EncoderUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - onnxruntime's and tokenizers' errors have no common class of their own
            said = f"{home}: {type(error).__name__}: {error!s:.200}; remove the folder to export anew"
            raise EncoderUnavailable(name_or_path, said) from None
        self._tokenizer.enable_truncation(self._reading.window + 2)
        self._tokenizer.enable_padding()
        self.dimensions = int(facts["dimensions"])
        self.fingerprint = f"{facts['fingerprint']}-int8" if int8 else str(facts["fingerprint"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1."""
        tokens = self._tokenizer.encode_batch(list(texts))
        inputs: dict[str, NDArray[np.int64]] = {
            "input_ids": np.array([one.ids for one in tokens], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in tokens], dtype=np.int64),
        }
        found: Vectors = self._session.run(None, inputs)[0]
        return found

    def cost_usd(self, text: str) -> Decimal:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return Decimal(0)

    def reads(self, text: str) -> float:
        """As :meth:`Reading.share`."""
        return self._reading.share(text)


def _digest(name_or_path: str) -> str:
    """Of the weights and the vocabulary of a folder; of its name for a model from a hub."""
    digest = hashlib.sha256(f"{name_or_path} {RECIPE}".encode())
    for name in ("model.safetensors", "tokenizer.json"):
        path = Path(name_or_path) / name
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _export(name_or_path: str, home: Path) -> None:
    """Write the model, its tokenizer and what must be known of both."""
    import torch

    whole = TransformerEncoder(name_or_path)
    transformer, pooling = whole.parts()
    if pooling != "mean":
        raise EncoderUnavailable(name_or_path, f"got {pooling} pooling, expected mean: name it without onnx:")

    class Sentence(torch.nn.Module):
        """Token ids to unit vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            """Mean of the tokens' vectors, padding left out."""
            states = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    sentence = Sentence().eval()
    for weight in sentence.parameters():
        weight.requires_grad_(False)
    example = torch.ones((2, 8), dtype=torch.int64)
    rows = {0: "texts"}
    with warnings.catch_warnings():
        # The exporter that needs no further package is called legacy, and traces a model written for other shapes too.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            sentence,
            (example, example),
            str(home / MODEL),
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={"input_ids": {**rows, 1: "tokens"}, "attention_mask": {**rows, 1: "tokens"}, "vectors": rows},
            opset_version=OPSET,
            dynamo=False,
        )
    reading = whole.reading
    facts = {
        "fingerprint": whole.fingerprint,
        "dimensions": whole.dimensions,
        "window": reading.window,
        "unknown": reading.unknown,
    }
    (home / TOKENIZER).write_text(reading.tokenizer.to_str(), encoding="utf-8")
    # Last: where the facts are, all is.
    (home / FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")


def _quantise(model: Path, file: Path) -> None:
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError:
        raise EncoderUnavailable(str(model), MISSING) from None
    part = file.with_suffix(".part")
    quantize_dynamic(str(model), str(part), weight_type=QuantType.QInt8)
    part.replace(file)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Workers that start together share the folder: the first one exports, the others wait for it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        yield
