"""`farthing evaluate` and `farthing train`: files in, the same decisions as the fleet's, figures out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import risk, verifier
from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import measures, training
from pipelines.evaluation.memory import Channel
from pipelines.evaluation.replay import Replay
from pipelines.vectors.encoder import reader
from workers.encoders import characters
from workers.encoders.train_characters import PAIR_WEIGHT
from workers.encoders.train_characters import train as train_table
from workers.evaluation import datasets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.cache.lessons import RawLesson
    from pipelines.vectors.encoder import Encoder
    from workers.encoders.verifiers import Verifiers

BATCH = 256  # texts encoded at once
QUESTION = ("question", "text")  # names of the column with a labelled question
PAIR = ("question_a", "cached", "sentence_a")
OUT_OF_SCOPE = "oos"  # each such question is its own meaning


def stream(
    path: Path,
    encoders: Sequence[Encoder],
    *,
    answer_error: float,
    answer_silence: float,
    judge_error: float | None,
    target: float,
    seed: int,
    limit: int | None,
    verifiers: Verifiers,
    judge_share: float,
) -> dict[str, Any]:
    """Labelled questions in shuffled order against an empty cache; each reader has a part of it for itself."""
    texts, labels = _labelled(path, datasets.rows(path), limit)
    try:
        channel = Channel(answer_error, judge_error, answer_silence)
        replays = [
            Replay(
                [texts[i] for i in mine],
                _vectors(encoder, [texts[i] for i in mine]),
                labels[mine],
                channel=channel,
                target=target,
                seed=seed,
                weights=verifiers(encoder.kind),
                judge_share=judge_share,
            )
            for encoder, mine in _read_by(encoders, texts)
        ]
    except ValueError as error:
        raise ConfigurationInvalid([str(error)]) from error
    return measures.together([replay.run() for replay in replays], requests=len(texts), target=target)


def pairs(
    path: Path, encoders: Sequence[Encoder], *, judge_error: float | None, seed: int, verifiers: Verifiers
) -> dict[str, Any]:
    """Would the second question be served from a cache that holds the first?"""
    first, second, same = _pairs(path, datasets.rows(path))
    similar, kinds = cosines(first, second, encoders)
    return measures.pairs(first, second, same, similar, kinds, judge_error=judge_error, seed=seed, verifiers=verifiers)


def cosines(
    first: Sequence[str], second: Sequence[str], encoders: Sequence[Encoder]
) -> tuple[list[float | None], list[str]]:
    """Each pair's cosine, None where no encoder reads both first of all; and the kind of the encoder that does."""
    similar: list[float | None] = [None] * len(first)
    kinds = [verifier.SENTENCES] * len(first)
    readers = [{i: encoder for encoder, mine in _read_by(encoders, side) for i in mine} for side in (first, second)]
    for encoder in encoders:
        mine = [i for i in range(len(first)) if readers[0].get(i) is encoder and readers[1].get(i) is encoder]
        ours, theirs = (_vectors(encoder, [side[i] for i in mine]) for side in (first, second))
        for i, cosine in zip(mine, (ours * theirs).sum(axis=1).tolist(), strict=True):
            similar[i], kinds[i] = cosine, encoder.kind
    return similar, kinds


def gates(path: Path) -> dict[str, Any]:
    """What does each gate refuse, and how often is it right?"""
    return measures.gates_table(*_pairs(path, datasets.rows(path)))


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
            turns.append((earlier, turn, rewrite, depends if isinstance(depends, bool) else None))
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


def train_verify(
    paths: Sequence[Path],
    encoder: Encoder,
    out: Path,
    *,
    streams: bool,
    learned_from: tuple[str, Sequence[RawLesson]] | None = None,
) -> dict[str, Any]:
    """Weights from labelled questions, labelled pairs, or a tenant's own lessons, written to ``out``.

    With ``streams``, pairs are read as questions too: what they call the same is one meaning. Lessons come with the
    tenant's name.
    """
    weights = _from_files(paths, encoder, streams=streams) if paths else verifier.shipped(encoder.kind)
    weights = replace(weights, kind=encoder.kind, encoder=encoder.fingerprint)
    made_by = " ".join(["farthing train verify", *(path.name for path in paths)])
    if learned_from is not None:
        tenant, taught = learned_from
        if len(taught) < risk.COLD_LESSONS:
            said = f"--tenant {tenant}: it has {len(taught)} lessons, expected at least {risk.COLD_LESSONS}"
            raise ConfigurationInvalid([said])
        weights = training.from_lessons(weights, [one.standardised(weights) for one in taught])
        made_by = f"{made_by} --tenant {tenant}"
    made = {"made_by": made_by, **weights.encode()}
    try:
        out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationInvalid([f"{out}: cannot be written: {error.strerror}"]) from error
    return {
        "out": str(out),
        "files": len(paths),
        "lessons": 0 if learned_from is None else len(learned_from[1]),
        "cold_similarity": made["cold_similarity"],
        "weights": dict(zip(verifier.FEATURES, made["weights"][1:], strict=True)),
    }


def _from_files(paths: Sequence[Path], encoder: Encoder, *, streams: bool) -> verifier.Weights:
    weights = training.bare()
    questions, fixed = [], []
    for path in paths:
        rows = datasets.rows(path)
        labelled = bool(set(QUESTION) & set(rows[0]))
        if labelled or streams:
            texts, labels = _labelled(path, rows, None)
            questions.append((texts, _vectors(encoder, texts), labels))
        if not labelled:
            first, second, same = _pairs(path, datasets.part(rows, training.MOST_PAIRS))
            fixed.append(
                training.from_pairs(first, second, (_vectors(encoder, first), _vectors(encoder, second)), same)
            )
    for _ in range(training.ROUNDS if questions else 1):
        learned = [
            make(*found, weights)
            for found in questions
            for make in (training.from_questions, training.from_small_tenants)
        ]
        weights = training.fit([*learned, *fixed])
    # Whole caches say nothing of those that begin.
    sparse = [*learned[1::2], *fixed]
    return replace(weights, cold_similarity=training.cold_similarity(weights, sparse))


def train_characters(paths: Sequence[Path], out: Path, *, seed: int) -> dict[str, Any]:
    """The characters' encoder from labelled pairs, written to the folder ``out``."""
    pairs = [pair for path in paths for pair in zip(*_pairs(path, datasets.rows(path)), strict=True)]
    table = train_table(pairs, seed)
    about = {"made_by": "farthing train characters " + " ".join(path.name for path in paths)}
    try:
        characters.save(out, table, PAIR_WEIGHT, about)
    except OSError as error:
        raise ConfigurationInvalid([f"{out}: cannot be written: {error.strerror}"]) from error
    return {"out": str(out), "pairs": len(pairs), "rows": len(table)}


def _span(raw: dict[str, Any]) -> tuple[int, int, str]:
    start = raw["start_position"] if "start_position" in raw else raw["start"]
    end = raw["end_position"] if "end_position" in raw else raw["end"]
    return int(start), int(end), str(raw["entity_type"] if "entity_type" in raw else raw["type"])


def _read_by(encoders: Sequence[Encoder], texts: Sequence[str]) -> list[tuple[Encoder, list[int]]]:
    """Which texts each encoder reads first, by number; those that none reads are in nobody's list."""
    readers = [reader(encoders, text) for text in texts]
    found = [(encoder, [i for i, reader in enumerate(readers) if reader is encoder]) for encoder in encoders]
    return [(encoder, mine) for encoder, mine in found if mine]


def _labelled(path: Path, rows: list[dict[str, Any]], limit: int | None) -> tuple[list[str], NDArray[np.int64]]:
    """Questions and their meanings; of labelled pairs each question, what they call the same being one meaning."""
    if not set(QUESTION) & set(rows[0]) and set(PAIR) & set(rows[0]):
        texts, groups = measures.meanings(*_pairs(path, rows))
        return datasets.part(texts, limit), np.array(datasets.part(groups, limit), dtype=np.int64)
    texts = datasets.column(path, rows, *QUESTION)
    names = datasets.column(path, rows, "intent", "intents", "label")
    names = [f"{name} {i}" if name == OUT_OF_SCOPE else name for i, name in enumerate(names)]
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    texts, names = datasets.part(texts, limit), datasets.part(names, limit)
    return texts, np.array([known[name] for name in names], dtype=np.int64)


def _pairs(path: Path, rows: list[dict[str, Any]]) -> tuple[list[str], list[str], list[bool]]:
    first = datasets.column(path, rows, *PAIR)
    second = datasets.column(path, rows, "question_b", "query", "sentence_b")
    same = datasets.truth(path, datasets.column(path, rows, "same_meaning", "expect_hit"))
    return first, second, same


def _vectors(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    # Texts of one length fill a batch without padding.
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        out[chosen] = encoder.encode([texts[i] for i in chosen])
    return out
