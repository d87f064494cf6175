"""How probable it is that a question deserves an entry's answer: features of the nearest phrasings, weighed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pipelines.neighbourhood import Near

# Kinds of encoders: their cosines mean different things.
SENTENCES, MULTILINGUAL, CHARACTERS, OTHERS = "sentences", "multilingual", "characters", "others"
KINDS = (SENTENCES, MULTILINGUAL, CHARACTERS, OTHERS)
NEVER = 1.01  # a cosine that no phrasing has
NEAREST = 16  # phrasings that vote
KERNEL = 0.06  # a phrasing this much farther (cosine) than the nearest has 1/e of its vote
NARROW, WIDE = 0.03, 0.15  # other kernels: whether they agree says how clear the vote is
LEAST_SHARE = 0.01  # keeps log-odds of a share finite
# Taken for the nearest other entry when none is nearer: an almost empty cache is no evidence that nothing is alike.
OUT_OF_SIGHT = 0.6
ALMOST_SAME = 0.94  # above it, cosines of this kind of encoder mean changed order or function words
FARTHEST = 6.0  # standard deviations at which a feature is cut: nothing seen in training lies beyond

FEATURES = (
    "similarity of the entry's nearest phrasing",
    "its lead over the nearest phrasing of any other entry",
    "share of the vote",
    "log of the entry's phrasings in sight",
    "mean similarity of its four nearest phrasings",
    "cosine to the mean of all its phrasings",
    "lead of that over the other entries in sight",
    "log of the share of the vote",
    "share of the vote of the runner-up",
    "mean similarity of all in sight",
    "log of the phrasings in sight",
    "how near its nearest phrasing is to being the same words",
    "log-odds of its share, where near phrasings count more",
    "log-odds of its share, where far phrasings count more",
    "log of the phrasings before the first of another entry",
)
COUNT = len(FEATURES)


@dataclass(frozen=True, slots=True)
class Suspect:
    """The entry that the nearest phrasings vote for; ``features`` is (15,) float64 as :data:`FEATURES` names them."""

    entry: str
    features: NDArray[np.float64]

    @property
    def similarity(self) -> float:
        """Cosine of its nearest phrasing."""
        return float(self.features[0])


def find_suspect(near: Sequence[Near], centroid: Callable[[str], float]) -> Suspect | None:
    """The winner of a similarity-weighted vote; None when nothing is near.

    ``near`` is best first; ``centroid`` gives the question's cosine to the mean of an entry's phrasings.
    """
    if not near:
        return None
    behind = np.array([near[0].similarity - one.similarity for one in near])
    votes: dict[str, float] = {}
    best: dict[str, float] = {}
    for one, vote in zip(near, np.exp(-behind / KERNEL).tolist(), strict=True):
        votes[one.entry] = votes.get(one.entry, 0.0) + vote
        best.setdefault(one.entry, one.similarity)
    total = sum(votes.values())
    entry = max(votes, key=votes.__getitem__)
    ours = np.array([one.entry == entry for one in near])
    others = [name for name in votes if name != entry]
    mine = [one.similarity for one in near if one.entry == entry]
    share = votes[entry] / total
    runner_up = max((votes[name] for name in others), default=0.0) / total
    nearest_other = max([OUT_OF_SIGHT, *(best[name] for name in others)])
    central = centroid(entry)
    other_central = max([OUT_OF_SIGHT, *(centroid(name) for name in others)])
    found = (
        mine[0],
        mine[0] - nearest_other,
        share,
        np.log1p(len(mine)),
        sum(mine[:4]) / len(mine[:4]),
        central,
        central - other_central,
        np.log(share + 1e-3),
        runner_up,
        sum(one.similarity for one in near) / len(near),
        np.log1p(len(near)),
        max(0.0, mine[0] - ALMOST_SAME),
        _log_odds(ours, behind, NARROW),
        _log_odds(ours, behind, WIDE),
        np.log1p(len(near) if ours.all() else int(ours.argmin())),
    )
    return Suspect(entry, np.array(found, dtype=np.float64))


def _log_odds(ours: NDArray[np.bool_], behind: NDArray[np.float64], kernel: float) -> float:
    votes = np.exp(-behind / kernel)
    share = float(votes[ours].sum() / votes.sum())
    return float(np.log((share + LEAST_SHARE) / (1.0 - share + LEAST_SHARE)))


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model over standardised features: ``mean``, ``scale`` (15,), ``weights`` (16,), the bias first.

    ``cold_similarity``: cosine from which on a new tenant is served by it; ``kind``: of the encoders whose cosines it
    knows; ``encoder``: the fingerprint of the only one, if it is one.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    cold_similarity: float = NEVER
    kind: str = SENTENCES
    encoder: str = ""

    @property
    def fingerprint(self) -> str:
        """Tells apart what was learned on other weights."""
        values = np.concatenate((self.mean, self.scale, self.weights)).astype("<f4")
        return hashlib.sha256(values.tobytes()).hexdigest()[:12]

    def standardised(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """(16,) float64, of (15,), or (n, 16) of (n, 15): 1 for the bias, then the features in standard deviations,
        cut at ±6.
        """
        cut = np.clip((features - self.mean) / self.scale, -FARTHEST, FARTHEST)
        return np.concatenate((np.ones((*cut.shape[:-1], 1)), cut), axis=-1)

    def encode(self) -> dict[str, Any]:
        """JSON values, rounded to what matters."""
        return {
            "features": list(FEATURES),
            "mean": [round(float(v), 5) for v in self.mean],
            "scale": [round(float(v), 5) for v in self.scale],
            "weights": [round(float(v), 4) for v in self.weights],
            "cold_similarity": round(self.cold_similarity, 4),
            "kind": self.kind,
            "encoder": self.encoder,
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Weights:
        """Read what :meth:`encode` wrote; raises KeyError or ValueError when it is something else."""
        mean, scale, weights = (np.array(raw[name], dtype=np.float64) for name in ("mean", "scale", "weights"))
        made = cls(
            mean,
            scale,
            weights,
            cold_similarity=float(raw["cold_similarity"]),
            kind=str(raw["kind"]),
            encoder=str(raw["encoder"]),
        )
        if (made.mean.shape, made.scale.shape, made.weights.shape) != ((COUNT,), (COUNT,), (COUNT + 1,)):
            raise ValueError(f"weights: got other shapes than ({COUNT},), ({COUNT},), ({COUNT + 1},)")
        if not (made.scale > 0).all():
            raise ValueError("scale: expected numbers above 0")
        if made.kind not in KINDS:
            raise ValueError(f"kind: got {made.kind!r:.20}, expected one of {', '.join(KINDS)}")
        return made


@cache
def shipped(kind: str = SENTENCES) -> Weights:
    """The weights that the package carries for a kind of encoder, made by `farthing train verify`.

    ``sentences``: from banking77 and clinc150, encoded by all-MiniLM-L6-v2, exactly or in eight bits. ``characters``:
    from questions of Chinese banks' customers, encoded by their characters; on 8,802 pairs of LCQMC a fifth of what
    they call all but the same is something else, so a new tenant is served nothing on their word. ``multilingual``:
    from the same English questions as ``sentences``, encoded by multilingual-e5-small; what a new tenant could be
    served by them in English is wrong in one of three cases in LCQMC, so it is served nothing either. ``others``: an
    encoder whose cosines nobody has measured; it begins with the weights of ``sentences``, and a new tenant is served
    nothing on its word either.
    """
    own = {CHARACTERS: "verify-characters.json", MULTILINGUAL: "verify-multilingual.json"}
    name = own.get(kind, "verify.json")
    found = Weights.decode(json.loads(files("pipelines.cache").joinpath(name).read_text(encoding="utf-8")))
    if kind == MULTILINGUAL:
        return replace(found, cold_similarity=NEVER)
    return replace(found, cold_similarity=NEVER, kind=OTHERS) if kind == OTHERS else found
