"""`farthing evaluate` and `farthing train`: files in, the same decisions as the fleet's, figures out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.cache import risk, verifier
from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import measures, training
from workers.encoders import characters
from workers.encoders.train_characters import PAIR_WEIGHT
from workers.encoders.train_characters import train as train_table
from workers.evaluation import datasets, labelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.cache.lessons import RawLesson
    from pipelines.vectors.encoder import Encoder
    from workers.encoders.verifiers import Verifiers


def pairs(
    path: Path, encoders: Sequence[Encoder], *, judge_error: float | None, seed: int, verifiers: Verifiers
) -> dict[str, Any]:
    """Would the second question be served from a cache that holds the first?"""
    first, second, same = labelled.pairs(path, datasets.rows(path))
    similar, kinds = cosines(first, second, encoders)
    return measures.pairs(first, second, same, similar, kinds, judge_error=judge_error, seed=seed, verifiers=verifiers)


def cosines(
    first: Sequence[str], second: Sequence[str], encoders: Sequence[Encoder]
) -> tuple[list[float | None], list[str]]:
    """Each pair's cosine, None where no encoder reads both first of all; and the kind of the encoder that does."""
    similar: list[float | None] = [None] * len(first)
    kinds = [verifier.SENTENCES] * len(first)
    readers = [
        {i: encoder for encoder, mine in labelled.read_by(encoders, side) for i in mine} for side in (first, second)
    ]
    for encoder in encoders:
        mine = [i for i in range(len(first)) if readers[0].get(i) is encoder and readers[1].get(i) is encoder]
        ours, theirs = (labelled.vectors(encoder, [side[i] for i in mine]) for side in (first, second))
        for i, cosine in zip(mine, (ours * theirs).sum(axis=1).tolist(), strict=True):
            similar[i], kinds[i] = cosine, encoder.kind
    return similar, kinds


def gates(path: Path) -> dict[str, Any]:
    """What does each gate refuse, and how often is it right?"""
    return measures.gates_table(*labelled.pairs(path, datasets.rows(path)))


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
        are_pairs = labelled.is_pairs(rows)
        if not are_pairs or streams:
            found = labelled.questions(path, rows)
            questions.append((found.texts, labelled.vectors(encoder, found.texts), found.labels))
        if are_pairs:
            first, second, same = labelled.pairs(path, datasets.part(rows, training.MOST_PAIRS))
            fixed.append(
                training.from_pairs(
                    first, second, (labelled.vectors(encoder, first), labelled.vectors(encoder, second)), same
                )
            )
    for _ in range(training.ROUNDS if questions else 1):
        learned = [
            make(*one, weights) for one in questions for make in (training.from_questions, training.from_small_tenants)
        ]
        weights = training.fit([*learned, *fixed])
    # Whole caches say nothing of those that begin.
    sparse = [*learned[1::2], *fixed]
    return replace(weights, cold_similarity=training.cold_similarity(weights, sparse))


def train_characters(paths: Sequence[Path], out: Path, *, seed: int) -> dict[str, Any]:
    """The characters' encoder from labelled pairs, written to the folder ``out``."""
    pairs = [pair for path in paths for pair in zip(*labelled.pairs(path, datasets.rows(path)), strict=True)]
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
