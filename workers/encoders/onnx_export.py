"""Exports a sentence-transformers model for ONNX Runtime: ``python -m workers.encoders.onnx_export MODEL FOLDER``.

A program of its own: a worker that asks for it never loads torch itself.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EncoderUnavailable
from workers.encoders import e5_export
from workers.encoders.e5_weights import MULTILINGUAL
from workers.encoders.sentence import TransformerEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

OPSET = 17
RECIPE = 1  # raised when the export changes: folders of another one are left alone
MODEL, EIGHT_BITS, FACTS, TOKENIZER = "model.onnx", "model-int8.onnx", "facts.json", "tokenizer.json"


def main(given: Sequence[str]) -> int:
    """Write what is missing in the folder; 1 after saying on stderr what was wrong."""
    name_or_path, home = given[0], Path(given[1])
    try:
        if name_or_path == MULTILINGUAL:  # in four bits already
            e5_export.export(home, MODEL, FACTS, TOKENIZER)
            return 0
        if not (home / FACTS).exists():
            _export(name_or_path, home)
        if not (home / EIGHT_BITS).exists():
            _quantise(home / MODEL, home / EIGHT_BITS)
    except (EncoderUnavailable, OSError) as error:
        print(getattr(error, "reason", error), file=sys.stderr)  # noqa: T201 - a program says it there
        return 1
    return 0


def _export(name_or_path: str, home: Path) -> None:
    """Write the model, its tokenizer and what must be known of both."""
    import torch

    whole = TransformerEncoder(name_or_path)
    transformer, pooling = whole.parts()
    transformer.set_attn_implementation("eager")  # a tenth faster there than the fused one, which is for torch
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
    """Eight-bit weights with a scale for each channel; what they are multiplied with is rounded as it comes.

    Of the weights' eight bits seven are used: processors without VNNI add products up in 16 bits, which would overflow,
    and the same text would get another vector there.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    part = file.with_suffix(".part")
    quantize_dynamic(str(model), str(part), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    part.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
