"""Writes multilingual-e5-small for ONNX Runtime, from the package's four-bit weights, without torch."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.encoders.e5_weights import FINGERPRINT, MULTILINGUAL, PER_BLOCK, Weights, halves, path

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

OPSET = 20
PREFIX = "query: "  # what the model was taught that questions begin with
MARKS = 2  # tokens around a text
MICROSOFT = "com.microsoft"  # operators of ONNX Runtime's own


def tokenizer(weights: Weights) -> Any:
    """Its SentencePiece vocabulary as `tokenizers` reads it; what looks like a mark in a text is no mark."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    marks = {weights.begins: "<s>", weights.ends: "</s>", weights.pads: "<pad>", weights.unknown: "<unk>"}
    vocabulary = [
        (f"\0{piece}" if number in marks else piece, score)
        for number, (piece, score) in enumerate(zip(weights.pieces, weights.scores, strict=True))
    ]
    found = Tokenizer(models.Unigram(vocabulary, unk_id=weights.unknown, byte_fallback=False))
    found.normalizer = normalizers.Sequence(
        [
            *(normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()),
            normalizers.Prepend(PREFIX),
        ]
    )
    found.pre_tokenizer = pre_tokenizers.Metaspace("\u2581", prepend_scheme="always", split=True)
    found.post_processor = processors.TemplateProcessing(
        single="\0<s> $A \0</s>", special_tokens=[("\0<s>", weights.begins), ("\0</s>", weights.ends)]
    )
    return found


def export(home: Path, model: str, facts: str, vocabulary: str) -> None:
    """Write the model, its tokenizer and what must be known of both; raises EncoderUnavailable or OSError."""
    import onnx

    weights, part = Weights(path()), (home / model).with_suffix(".part")
    made = tokenizer(weights)
    onnx.save(_Graph(weights, np.zeros(weights.shape.width, dtype=np.float32)).model(), str(part))
    onnx.save(_Graph(weights, _centre(part, made)).model(), str(part))
    part.replace(home / model)
    (home / vocabulary).write_text(made.to_str(), encoding="utf-8")
    said = {
        "fingerprint": FINGERPRINT,
        "dimensions": weights.shape.width,
        "window": weights.shape.longest - MARKS,
        "unknown": weights.unknown,
    }
    (home / facts).write_text(json.dumps(said) + "\n", encoding="utf-8")


def _centre(model: Path, made: Any) -> NDArray[np.float32]:
    """The mean vector of questions in many languages, (width,): e5's vectors all lie close to it, and what tells them
    apart is what is left.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    asked = (files("workers.encoders") / "e5_questions.txt").read_text(encoding="utf-8").splitlines()
    ids = [np.array([made.encode(question).ids]) for question in asked]
    found = [session.run(None, {"input_ids": one, "attention_mask": np.ones_like(one)})[0][0] for one in ids]
    mean: NDArray[np.float32] = np.mean(found, axis=0).round(4)
    return mean


class _Graph:
    """Token ids (texts, tokens) and their mask to unit vectors (texts, width)."""

    def __init__(self, weights: Weights, centre: NDArray[np.float32]) -> None:
        from onnx import TensorProto, helper, numpy_helper

        self._types, self._helper, self._numpy = TensorProto, helper, numpy_helper
        self._weights, self._centre = weights, centre
        self._nodes: list[Any] = []
        self._held: list[Any] = []
        self._count = 0

    def model(self) -> Any:
        """The whole network."""
        make, types, shape = self._helper, self._types, self._weights.shape
        states = self._words()
        mask = self._node("Cast", "attention_mask", to=types.INT32)
        for layer in range(shape.layers):
            states = self._layer(states, mask, f"l{layer}.")
        floats = self._node("Cast", "attention_mask", to=types.FLOAT)
        wide = self._node("Unsqueeze", floats, self._constant(np.array([2])))
        tokens = self._constant(np.array([1]))
        total = self._node("ReduceSum", self._node("Mul", states, wide), tokens, keepdims=0)
        mean = self._node("Div", total, self._node("ReduceSum", floats, tokens, keepdims=1))
        around = self._node("Sub", self._unit(mean), self._constant(self._centre))
        self._nodes.append(make.make_node("Identity", [self._unit(around)], ["vectors"]))
        rows: list[str | int] = ["texts", "tokens"]
        given = [make.make_tensor_value_info(name, types.INT64, rows) for name in ("input_ids", "attention_mask")]
        made = [make.make_tensor_value_info("vectors", types.FLOAT, ["texts", shape.width])]
        graph = make.make_graph(self._nodes, MULTILINGUAL, given, made, self._held)
        uses = [make.make_opsetid("", OPSET), make.make_opsetid(MICROSOFT, 1)]
        return make.make_model(graph, opset_imports=uses, ir_version=9)

    def _words(self) -> str:
        """Each token's vector and its place's, normed. The words stay in four bits: they are most of the model."""
        weights, shape = self._weights, self._weights.shape
        blocks = weights.blocks("emb.word", shape.words)
        nibbles = halves(blocks).reshape(shape.words, shape.width)
        packed, scales = nibbles[:, 0::2] | (nibbles[:, 1::2] << 4), blocks["scale"].astype(np.float32)
        words = self._node(
            *("GatherBlockQuantized", self._constant(packed), "input_ids", self._constant(scales)),
            domain=MICROSOFT, gather_axis=0, quantize_axis=1, block_size=PER_BLOCK, bits=4,
        )  # fmt: skip
        places = (
            weights.tensor("emb.pos").reshape(shape.longest, shape.width) + weights.tensor("emb.type")[: shape.width]
        )
        nothing = self._constant(np.array([0]))
        long = self._node("Gather", self._node("Shape", "input_ids"), self._constant(np.array([1])))
        here = self._node("Slice", self._constant(places), nothing, long, nothing)
        return self._norm(self._node("Add", words, here), "emb.ln")

    def _layer(self, states: str, mask: str, name: str) -> str:
        """Attention and what follows it (J. Devlin et al., 2018)."""
        shape = self._weights.shape
        asked = [self._linear(states, name + part, shape.width) for part in ("q", "k", "v")]
        seen = self._node("MultiHeadAttention", *asked, "", mask, domain=MICROSOFT, num_heads=shape.heads)
        states = self._norm(self._node("Add", states, self._linear(seen, f"{name}ao", shape.width)), f"{name}aln")
        inner = self._node("Gelu", self._linear(states, f"{name}fi", shape.inner), approximate="none")
        return self._norm(self._node("Add", states, self._linear(inner, f"{name}fo", shape.width)), f"{name}oln")

    def _linear(self, states: str, name: str, width: int) -> str:
        matrix = np.ascontiguousarray(self._weights.matrix(f"{name}.w", width).T)
        product = self._node("MatMul", states, self._constant(matrix))
        return self._node("Add", product, self._constant(self._weights.tensor(f"{name}.b")))

    def _norm(self, states: str, name: str) -> str:
        by, plus = (self._constant(self._weights.tensor(f"{name}.{part}")) for part in "wb")
        return self._node("LayerNormalization", states, by, plus, axis=-1, epsilon=self._weights.shape.epsilon)

    def _unit(self, vectors: str) -> str:
        length = self._node("ReduceL2", vectors, self._constant(np.array([1])), keepdims=1)
        return self._node("Div", vectors, length)

    def _constant(self, value: NDArray[Any]) -> str:
        self._count += 1
        self._held.append(self._numpy.from_array(np.ascontiguousarray(value), f"c{self._count}"))
        return f"c{self._count}"

    def _node(self, kind: str, *given: str, domain: str = "", **how: Any) -> str:
        self._count += 1
        self._nodes.append(self._helper.make_node(kind, list(given), [f"n{self._count}"], domain=domain, **how))
        return f"n{self._count}"
