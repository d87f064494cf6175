"""A sentence-transformers model in ONNX Runtime: the same vectors without torch, or faster ones of eight bits.

The model is exported once, with torch, into the encoders' folder; from then on torch is not loaded.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import EncoderUnavailable
from pipelines.vectors import encoder
from workers.encoders import onnx_export
from workers.encoders.e5_weights import FINGERPRINT, MULTILINGUAL
from workers.encoders.onnx_export import EIGHT_BITS, FACTS, MODEL, TOKENIZER
from workers.encoders.sentence import PACKAGED, PACKAGED_SHA256, RECIPE, Reading, kind, packaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.vectors.encoder import Vectors

MISSING = "onnx and onnxruntime are not installed: pip install 'farthing[worker]'"
# Threads for a batch; a queue is scaled by processes.
THREADS = min(2, os.cpu_count() or 1)
MOST_TEXTS = 32  # of a batch
# What starting a batch costs, in tokens: exact weights come from memory each time, those of eight bits stay in a cache.
START_TOKENS, START_TOKENS_INT8 = 20, 5
LOCK = "lock"


class OnnxEncoder:
    """``name_or_path`` as sentence-transformers takes it, or ``packaged``; what was exported is kept in ``folder``.

    Raises EncoderUnavailable.

    ``int8``: weights of eight bits. Their vectors are others, though near (`python -m tests.benchmarks encoding` says
    how near), so that they have an index of their own.
    """

    def __init__(self, name_or_path: str, folder: Path, *, int8: bool = False, latin: bool = False) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError:
            raise EncoderUnavailable(name_or_path, MISSING) from None
        home = folder / _digest(name_or_path)
        try:
            file = home / (EIGHT_BITS if int8 else MODEL)
            # A folder that holds all may be read-only.
            if not ((home / FACTS).exists() and file.exists()):
                _make(packaged() if name_or_path == PACKAGED else name_or_path, home)
            facts = json.loads((home / FACTS).read_text(encoding="utf-8"))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = THREADS
            # Threads that wait for work in a loop take the core that Redis and the other workers need.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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
        self._tokenizer.no_padding()
        self.kind = kind(str(facts["fingerprint"]))
        self._start = START_TOKENS_INT8 if int8 else START_TOKENS
        self.dimensions = int(facts["dimensions"])
        self.fingerprint = f"{facts['fingerprint']}-int8" if int8 else str(facts["fingerprint"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1. Texts of about one length are encoded together."""
        tokens = [one.ids for one in self._tokenizer.encode_batch(list(texts))]
        found = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for batch in encoder.batches([len(ids) for ids in tokens], start=self._start, most=MOST_TEXTS):
            ids = np.zeros((len(batch), len(tokens[batch[-1]])), dtype=np.int64)
            mask = np.zeros_like(ids)
            for row, number in enumerate(batch):
                ids[row, : len(tokens[number])] = tokens[number]
                mask[row, : len(tokens[number])] = 1
            found[batch] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return found

    def cost_usd(self, text: str) -> Decimal:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return Decimal(0)

    def reads(self, text: str) -> float:
        """As :meth:`Reading.share`."""
        return self._reading.share(text)


def installed() -> bool:
    """Can an exported model run here?"""
    return find_spec("onnxruntime") is not None


def _digest(name_or_path: str) -> str:
    """Of the weights and the vocabulary of a folder; of its name for a model from a hub.

    Of the packaged model's weights as they must be: an image carries what was exported of it, and not the model.
    """
    known = {PACKAGED: PACKAGED_SHA256, MULTILINGUAL: FINGERPRINT}
    name = known.get(name_or_path, name_or_path)
    digest = hashlib.sha256(f"{name} {RECIPE} {onnx_export.RECIPE}".encode())
    for file_name in ("model.safetensors", "tokenizer.json"):
        path = Path(name_or_path) / file_name
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _make(name_or_path: str, home: Path) -> None:
    """Export what is missing. Workers that start together share the folder: the first one does, the others wait."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / LOCK).open("w")
    except OSError as error:
        said = f"{home}: {error.strerror}; set FARTHING_ENCODER_DIR to a folder that can be written"
        raise EncoderUnavailable(name_or_path, said) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        program = [sys.executable, "-m", "workers.encoders.onnx_export", name_or_path, str(home)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"the export ended with {done.returncode}"]
        raise EncoderUnavailable(name_or_path, lines[-1][:200])
