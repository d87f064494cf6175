"""Teaches the characters' vectors from labelled pairs: rewordings come together, different questions go apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import EncoderUnavailable
from pipelines.text.han import simplified
from pipelines.vectors import ngrams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Pair = tuple[str, str, bool]

ROWS, DIMENSIONS = 65_536, 128  # 8 MB as whole numbers of eight bits
PAIR_WEIGHT = 0.25  # of a pair of characters beside a single one
EPOCHS, BATCH = 8, 512
LEARNING_RATE = 1e-3
DROPPED = 0.5  # of a text's characters and pairs in training: what is learned must not hang on one of them
TEMPERATURE = 20.0  # cosines are multiplied by it
UNLIKE_WEIGHT = 0.1  # of the loss on labelled differences: they are mostly of one matter, and hard
ALONE_WEIGHT, ALONE_DROPPED = 0.3, 0.4  # of the loss that tells every text from the others


def train(pairs: Sequence[Pair], seed: int = 0) -> NDArray[np.float32]:
    """A table (65536, 128) from pairs (one, other, same meaning); raises EncoderUnavailable without torch."""
    try:
        import torch
        from torch.nn import functional
    except ImportError:
        raise EncoderUnavailable("characters", "training needs torch: install farthing[worker]") from None
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    bags = _Bags(dice)
    known = list(dict.fromkeys(text for one, other, _ in pairs for text in (one, other)))
    start = dice.normal(size=(ROWS, DIMENSIONS)) / DIMENSIONS**0.5 * _rarity(known, bags)[:, None]
    table = torch.nn.EmbeddingBag(ROWS, DIMENSIONS, mode="sum")
    table.weight.data.copy_(torch.from_numpy(start))
    optimiser = torch.optim.Adam(table.parameters(), lr=LEARNING_RATE)

    def embedded(batch: Sequence[str], dropped: float) -> Any:
        rows, starts, weights = (torch.from_numpy(part) for part in bags.of(batch, dropped))
        return functional.normalize(table(rows, starts, per_sample_weights=weights), dim=1)

    for _ in range(EPOCHS):
        order, others = dice.permutation(len(pairs)), dice.permutation(len(known))
        for number, at in enumerate(range(0, len(pairs), BATCH)):
            batch = [pairs[i] for i in order[at : at + BATCH]]
            same = torch.tensor([deserved for *_, deserved in batch])
            one, other = (embedded([pair[side] for pair in batch], DROPPED) for side in (0, 1))
            cosines = (one * other).sum(dim=1) * TEMPERATURE
            apart = cosines[~same][:, None] - cosines[same][None, :]
            loss = UNLIKE_WEIGHT * torch.logsumexp(torch.cat([torch.zeros(1), apart.flatten()]), dim=0)
            if same.any():
                loss = loss + functional.cross_entropy(one[same] @ other.T * TEMPERATURE, same.nonzero().flatten())
            alone = [known[others[(number * BATCH + i) % len(known)]] for i in range(min(BATCH, len(known)))]
            twice = embedded(alone, ALONE_DROPPED) @ embedded(alone, ALONE_DROPPED).T * TEMPERATURE
            loss = loss + ALONE_WEIGHT * functional.cross_entropy(twice, torch.arange(len(alone)))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
    found: NDArray[np.float32] = table.weight.detach().numpy()
    return found


class _Bags:
    """Texts as bags of rows, each text looked at once."""

    def __init__(self, dice: np.random.Generator) -> None:
        self._dice = dice
        self._known: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]] = {}

    def one(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and their weights; row 0 alone for a text of no characters."""
        if text not in self._known:
            singles, pairs = ngrams.grams(simplified(text), ROWS)
            rows = np.concatenate([singles, pairs]) if len(singles) else np.zeros(1, dtype=np.int64)
            weights = np.ones(len(rows), dtype=np.float32)
            weights[len(singles) :] = PAIR_WEIGHT
            self._known[text] = rows, weights
        return self._known[text]

    def of(
        self, texts: Sequence[str], dropped: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """All rows, where each text's begin, and the weights, some of them 0."""
        found = [self.one(text) for text in texts]
        weights = np.concatenate([w for _, w in found])
        starts = np.cumsum([0, *(len(rows) for rows, _ in found[:-1])])
        return np.concatenate([r for r, _ in found]), starts, weights * (self._dice.random(len(weights)) >= dropped)


def _rarity(texts: Sequence[str], bags: _Bags) -> NDArray[np.float64]:
    """Inverse document frequency of each row, (65536,), the rarest 1 (K. Sparck Jones, 1972)."""
    counts = np.zeros(ROWS)
    for text in texts:
        counts[np.unique(bags.one(text)[0])] += 1
    rarity = np.log((len(texts) + 1) / (counts + 1))
    found: NDArray[np.float64] = rarity / rarity.max()
    return found
