"""Trains the verifier: from replays of labelled questions, and from pairs as an almost empty cache meets them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.cache import risk, verifier
from pipelines.cache.verifier import Weights
from pipelines.evaluation.memory import Channel
from pipelines.evaluation.replay import Replay
from pipelines.neighbourhood import Near
from pipelines.statistics.logistic import regress, sigmoids
from pipelines.text import gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipelines.cache.lessons import Lesson

    Examples = tuple[NDArray[np.float64], NDArray[np.float64]]  # features (n, 15), right (n,) of 0.0 and 1.0

ROUNDS = 3  # the first replays a bare similarity; each next one the weights of the one before
PASSES = ((11, 0.005), (12, 0.02))  # seed and target of each replay
# Small tenants: so many questions, of so many meanings each; so many of them. What is near in a cache that is almost
# empty is another matter than what is near in a full one.
SMALL = ((15, 200), (60, 100), (250, 30))
MEANINGS = (8, 30, 150)
MOST_DRAWS = 5  # of each question among tenants of one size: of a small file, more would be the same again
MOST_PAIRS = 12_000  # of one file; more take minutes to encode and teach nothing new
BESIDES = 400  # other questions in the second cache
RIDGE = 1e-3
BEGINS_AT = 0.9  # cosine from which on a replayed tenant that is new is served
MOST_WRONG = 0.01  # of what a new tenant is served, as far as the examples can tell
LEAST_SCALE = 1e-3  # of a feature that did not vary: it gets no weight, and nobody divides by zero
LEAST_SIMILARITY = 0.5  # pairs farther apart teach nothing: no cache would look at them


def bare() -> Weights:
    """Where training starts: similarity and the share of the vote, roughly weighed."""
    mean, scale, weights = np.zeros(verifier.COUNT), np.ones(verifier.COUNT), np.zeros(verifier.COUNT + 1)
    mean[0], scale[0], weights[0], weights[1] = 0.85, 0.07, 0.5, 3.0
    return Weights(mean, scale, weights, cold_similarity=BEGINS_AT)


def from_questions(
    texts: Sequence[str], vectors: NDArray[np.float32], labels: NDArray[np.int64], weights: Weights
) -> Examples:
    """What the suspects of a replay looked like, and whether they were right."""
    features, right = [], []
    for seed, target in PASSES:
        replay = Replay(texts, vectors, labels, channel=Channel(0.05), target=target, seed=seed, weights=weights)
        replay.run()
        features += replay.features
        right += [float(found) for _, found in replay.seen]
    return np.array(features), np.array(right)


def from_small_tenants(
    texts: Sequence[str], vectors: NDArray[np.float32], labels: NDArray[np.int64], weights: Weights
) -> Examples:
    """As :func:`from_questions`, from many caches that begin: a few of the questions each, of few meanings or many."""
    dice = np.random.default_rng(5)
    known = np.unique(labels)
    features, right = [np.empty((0, verifier.COUNT))], [np.empty(0)]
    for size, tenants in SMALL:
        for tenant in range(min(tenants, MOST_DRAWS * len(texts) // size + 1)):
            meanings = dice.choice(known, min(len(known), int(dice.choice(MEANINGS))), replace=False)
            mine = np.flatnonzero(np.isin(labels, meanings))
            mine = dice.choice(mine, min(size, len(mine)), replace=False)
            replay = Replay(
                [texts[int(i)] for i in mine],
                vectors[mine],
                labels[mine],
                channel=Channel(0.05),
                seed=tenant,
                weights=weights,
            )
            replay.run()
            if replay.seen:
                features.append(np.array(replay.features))
                right.append(np.array([float(found) for _, found in replay.seen]))
    return np.concatenate(features), np.concatenate(right)


def from_pairs(
    first: Sequence[str],
    second: Sequence[str],
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]],
    same: Sequence[bool],
) -> Examples:
    """Pairs as two caches meet them: one that holds the first question alone, one with others.

    Those that a gate stops are left to it. The others are the file's own first questions, ``BESIDES`` of them.
    """
    features: list[NDArray[np.float64]] = []
    right: list[float] = []
    similar = (vectors[0] * vectors[1]).sum(axis=1)
    others = np.random.default_rng(0).permutation(len(first))[:BESIDES]
    besides = vectors[1] @ vectors[0][others].T
    for i, (one, other, deserved) in enumerate(zip(first, second, same, strict=True)):
        cosine = float(similar[i])
        if cosine < LEAST_SIMILARITY or gates.trip(one, other) is not None:
            continue
        far = sorted(((float(v), int(n)) for v, n in zip(besides[i], others, strict=True) if n != i), reverse=True)
        sparse = [Near("p", "e", cosine), *(Near(str(n), str(n), v) for v, n in far[: verifier.NEAREST - 1])]
        sparse.sort(key=lambda near: -near.similarity)
        found = verifier.find_suspect(sparse, {near.entry: near.similarity for near in sparse}.__getitem__)
        features += [lone(cosine).features] + ([found.features] if found and found.entry == "e" else [])
        right += [float(deserved)] * (len(features) - len(right))
    return np.array(features), np.array(right)


def lone(similarity: float) -> verifier.Suspect:
    """The suspect of a cache that holds one question, at this cosine."""
    found = verifier.find_suspect([Near("p", "e", similarity)], lambda _: similarity)
    assert found is not None  # noqa: S101 - there is one phrasing
    return found


def fit(examples: Sequence[Examples]) -> Weights:
    """Ridge logistic regression; each set of examples counts the same, however many it has."""
    examples = [(features, right) for features, right in examples if len(right)]
    x = np.concatenate([features for features, _ in examples])
    y = np.concatenate([right for _, right in examples])
    w = np.concatenate([np.full(len(right), 1.0 / (len(right) * len(examples))) for _, right in examples])
    mean = (w[:, None] * x).sum(axis=0)
    scale = np.maximum(np.sqrt((w[:, None] * (x - mean) ** 2).sum(axis=0)), LEAST_SCALE)
    z = np.concatenate((np.ones((len(x), 1)), (x - mean) / scale), axis=1)
    ridge = np.full(verifier.COUNT + 1, RIDGE)
    ridge[0] = 1e-9  # the bias is free
    nothing = np.zeros(verifier.COUNT + 1)
    weights = regress(z, y, w, start=nothing, towards=nothing, holds=ridge, steps=40, enough=1e-12)
    return Weights(mean, scale, weights, cold_similarity=BEGINS_AT)


def cold_similarity(weights: Weights, examples: Sequence[Examples]) -> float:
    """From which cosine on a new tenant may be served by these weights: the least at which, of the examples that near
    and probable enough, surely (by two standard deviations) at most one in a hundred is wrong; verify.NEVER when there
    is none, or too few to tell.
    """
    x = np.concatenate([features for features, _ in examples])
    right = np.concatenate([found for _, found in examples])
    served = sigmoids(weights.standardised(x) @ weights.weights) >= risk.COLD_BOUNDARY
    falling = np.argsort(-x[served, 0])
    wrong = np.cumsum(1.0 - right[served][falling])
    allowed = np.flatnonzero(wrong + 2.0 * np.sqrt(wrong + 1.0) <= MOST_WRONG * np.arange(1, len(wrong) + 1))
    return float(x[served, 0][falling][allowed[-1]]) if len(allowed) else verifier.NEVER


def from_lessons(weights: Weights, lessons: Sequence[Lesson]) -> Weights:
    """The weights that a tenant's own lessons suggest, held near those that they were learned on."""
    return replace(
        weights,
        weights=risk.refit(weights.weights, weights.weights, lessons, np.array([lesson.right for lesson in lessons])),
    )
