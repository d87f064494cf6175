"""`farthing evaluate stream`: labelled questions against an empty cache, file by file, and what that would cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import costs, measures
from pipelines.evaluation.memory import Channel
from pipelines.evaluation.replay import Replay
from pipelines.money.pricing import PriceBook
from workers.evaluation import datasets, labelled
from workers.evaluation.labelled import Labelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.vectors.encoder import Encoder
    from workers.encoders.verifiers import Verifiers

PROVIDER = "openai"


def stream(
    paths: Sequence[Path],
    encoders: Sequence[Encoder],
    *,
    answer_error: float,
    answer_silence: float,
    judge_error: float | None,
    judge_repeats: bool,
    judge_share: float,
    target: float,
    seed: int,
    limit: int | None,
    twins: bool,
    cold: bool,
    phases: bool,
    model: str,
    verifiers: Verifiers,
) -> dict[str, Any]:
    """Each file is a tenant of its own, or with ``phases`` what one tenant is asked after the other; shuffled. Each
    encoder has what it reads for itself.
    """
    read = [_read(path, twins=twins, limit=limit) for path in paths]
    sizes: list[list[int]] = [[len(one.texts)] for one in read]
    if phases:
        read, sizes = [_one_after_the_other(read)], [[size for (size,) in sizes]]
    try:
        channel = Channel(answer_error, judge_error, answer_silence, judge_repeats)
        how = {"channel": channel, "target": target, "seed": seed, "judge_share": judge_share, "cold": cold}
        found = [_tenant(one, of, encoders, verifiers, how) for one, of in zip(read, sizes, strict=True)]
    except ValueError as error:
        raise ConfigurationInvalid([str(error)]) from error
    texts = [text for one in read for text in one.texts]
    every = found[0] if len(found) == 1 else measures.together(found, requests=len(texts), target=target)
    every |= {
        "worst_window": costs.worst_window(every["windows"]),
        "usd_per_1000": costs.usd_per_1000(texts, every, PriceBook(), PROVIDER, model, datetime.now(UTC)),
    }
    if len(found) > 1:
        every["tenants"] = [
            {
                "file": path.name,
                **{name: one[name] for name in ("requests", "hits", "wrong_hits", "hit_rate", "wrong_per_request")},
            }
            for path, one in zip(paths, found, strict=True)
        ]
    return every


def _read(path: Path, *, twins: bool, limit: int | None) -> Labelled:
    found = labelled.questions(path, datasets.rows(path))
    return (found.with_twins() if twins else found).part(limit)


def _one_after_the_other(read: Sequence[Labelled]) -> Labelled:
    """Of several files one; a meaning of one is none of another."""
    texts: list[str] = []
    labels, unlike, above = [], set[tuple[int, int]](), 0
    for one in read:
        texts += one.texts
        labels.append(one.labels + above)
        unlike |= {(ours + above, theirs + above) for ours, theirs in one.unlike}
        above += int(one.labels.max(initial=-1)) + 1
    return Labelled(texts, np.concatenate(labels), frozenset(unlike))


def _tenant(
    asked: Labelled, sizes: Sequence[int], encoders: Sequence[Encoder], verifiers: Verifiers, how: dict[str, Any]
) -> dict[str, Any]:
    ends = np.cumsum(sizes)
    replays = []
    for encoder, mine in labelled.read_by(encoders, asked.texts):
        texts = [asked.texts[i] for i in mine]
        phase_of = np.searchsorted(ends, mine, side="right")
        replay = Replay(
            texts,
            labelled.vectors(encoder, texts),
            asked.labels[mine],
            weights=verifiers(encoder.kind),
            phases=[int((phase_of == phase).sum()) for phase in range(len(sizes))],
            unlike=asked.unlike,
            **how,
        )
        replays.append(replay.run())
    return measures.together(replays, requests=len(asked.texts), target=how["target"])
