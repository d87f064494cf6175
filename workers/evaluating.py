"""`farthing evaluate` and `farthing train`: files in, the same decisions as the fleet's, figures out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines import encoding, measures, training, verify
from pipelines.errors import ConfigurationInvalid
from pipelines.evaluate import Channel, Replay
from workers import datasets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.encoding import Encoder

BATCH = 256  # texts encoded at once
QUESTION = ("question", "text")  # names of the column with a labelled question
OUT_OF_SCOPE = "oos"  # each such question is its own meaning


def stream(
    path: Path,
    encoder: Encoder,
    *,
    answer_error: float,
    judge_error: float | None,
    target: float,
    seed: int,
    limit: int | None,
) -> dict[str, Any]:
    """Labelled questions in shuffled order against an empty cache."""
    texts, labels = _labelled(path, datasets.rows(path), limit)
    try:
        channel = Channel(answer_error, judge_error)
        replay = Replay(texts, _vectors(encoder, texts), labels, channel=channel, target=target, seed=seed)
    except ValueError as error:
        raise ConfigurationInvalid([str(error)]) from error
    return replay.run()


def pairs(path: Path, encoder: Encoder, *, judge_error: float | None, seed: int) -> dict[str, Any]:
    """Would the second question be served from a cache that holds the first?"""
    first, second, same, vectors = _pairs(path, datasets.rows(path), encoder)
    readable = [
        encoding.readable(encoder, a) and encoding.readable(encoder, b) for a, b in zip(first, second, strict=True)
    ]
    return measures.pairs(first, second, same, vectors, readable, judge_error=judge_error, seed=seed)


def followups(path: Path) -> dict[str, Any]:
    """Which turns cannot stand alone?"""
    rows = datasets.rows(path)
    last = datasets.column(path, rows, "last_turn")
    rewrites = datasets.column(path, rows, "standalone_rewrite")
    turns = []
    for row, turn, rewrite in zip(rows, last, rewrites, strict=True):
        said = row.get("user_turns") or row.get("history") or [c for k, c in row.items() if k.startswith("context")]
        earlier = [text for text in said if text and text != turn]
        if earlier:
            depends = row.get("depends_on_context")
            turns.append((turn, rewrite, depends if isinstance(depends, bool) else None))
    return measures.followups(turns)


def privacy(path: Path) -> dict[str, Any]:
    """Which personal data is found, against marked spans?"""
    rows = datasets.rows(path)
    texts = datasets.column(path, rows, "text")
    marked = []
    for number, row in enumerate(rows, 1):
        spans = row.get("spans")
        try:
            spans = json.loads(spans) if isinstance(spans, str) else spans
            if not isinstance(spans, list):
                raise TypeError("expected a list of spans")
            marked.append([_span(span) for span in spans])
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationInvalid([f"{path}: row {number}: spans: {error!s:.80}"]) from error
    return measures.privacy(texts, marked)


def train_verify(paths: Sequence[Path], encoder: Encoder, out: Path) -> dict[str, Any]:
    """Weights from labelled questions and labelled pairs, written to ``out``."""
    weights = training.bare()
    questions, fixed = [], []
    for path in paths:
        rows = datasets.rows(path)
        if set(QUESTION) & set(rows[0]):
            texts, labels = _labelled(path, rows, None)
            questions.append((texts, _vectors(encoder, texts), labels))
        else:
            first, second, same, vectors = _pairs(path, datasets.part(rows, training.MOST_PAIRS), encoder)
            fixed.append(training.from_pairs(first, second, vectors, same))
    for _ in range(training.ROUNDS if questions else 1):
        learned = [
            make(*found, weights)
            for found in questions
            for make in (training.from_questions, training.from_small_tenants)
        ]
        weights = training.fit([*learned, *fixed])
    made = {"made_by": "farthing train verify " + " ".join(path.name for path in paths), **weights.encode()}
    try:
        out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationInvalid([f"{out}: cannot be written: {error.strerror}"]) from error
    return {
        "out": str(out),
        "files": len(paths),
        "weights": dict(zip(verify.FEATURES, made["weights"][1:], strict=True)),
    }


def _span(raw: dict[str, Any]) -> tuple[int, int, str]:
    start = raw["start_position"] if "start_position" in raw else raw["start"]
    end = raw["end_position"] if "end_position" in raw else raw["end"]
    return int(start), int(end), str(raw["entity_type"] if "entity_type" in raw else raw["type"])


def _labelled(path: Path, rows: list[dict[str, Any]], limit: int | None) -> tuple[list[str], NDArray[np.int64]]:
    texts = datasets.column(path, rows, *QUESTION)
    names = datasets.column(path, rows, "intent", "intents", "label")
    names = [f"{name} {i}" if name == OUT_OF_SCOPE else name for i, name in enumerate(names)]
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    texts, names = datasets.part(texts, limit), datasets.part(names, limit)
    return texts, np.array([known[name] for name in names], dtype=np.int64)


def _pairs(
    path: Path, rows: list[dict[str, Any]], encoder: Encoder
) -> tuple[list[str], list[str], list[bool], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    first = datasets.column(path, rows, "question_a", "cached", "sentence_a")
    second = datasets.column(path, rows, "question_b", "query", "sentence_b")
    same = datasets.truth(path, datasets.column(path, rows, "same_meaning", "expect_hit"))
    return first, second, same, (_vectors(encoder, first), _vectors(encoder, second))


def _vectors(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    # Texts of one length fill a batch without padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        out[chosen] = encoder.encode([texts[i] for i in chosen])
    return out
