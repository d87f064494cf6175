"""`farthing evaluate routing`, `farthing train routing`: outcomes of two models in, a router and its figures out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import checked, online, routing, shadow
from pipelines.routing import surface
from pipelines.routing.gain import Gain
from pipelines.routing.router import LEAST_OUTCOMES, Router
from pipelines.routing.tier import judged
from pipelines.text.normalise import normalise
from pipelines.vectors.encoder import mostly_readable
from workers.evaluation import datasets, labelled
from workers.jobs.outcomes import arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.vectors.encoder import Encoder
    from workers.jobs.outcomes import Outcome

PROMPT = ("prompt", "question", "instruction")
ANSWER = "weak_answer"
_WORDS = {"true": "1", "false": "0", "": "nan"}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Prompts, how right both models' answers were, (n,) in [0, 1] each, and what each is about where the file says."""

    prompts: list[str]
    economy: NDArray[np.float64]
    premium: NDArray[np.float64]
    subjects: list[str] | None
    answers: list[str] | None = None  # economy's, where the file has them

    def folds(self, count: int, seed: int) -> Iterator[NDArray[np.int64]]:
        """The numbers of each fold."""
        return folds(self.prompts, count, seed)

    def halves(self, count: int, seed: int) -> Iterator[NDArray[np.int64]]:
        """The numbers that are held out, half of the subjects each time."""
        names = sorted(set(self.subjects or ()))
        dice = np.random.default_rng(seed)
        for _ in range(count):
            out = {names[i] for i in dice.permutation(len(names))[: len(names) // 2]}
            yield np.flatnonzero([subject in out for subject in self.subjects or ()])


def folds(prompts: Sequence[str], count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """The numbers of each fold; prompts that are the same are in one."""
    number_of: dict[str, int] = {}
    groups = np.array([number_of.setdefault(normalise(prompt), len(number_of)) for prompt in prompts])
    order = np.random.default_rng(seed).permutation(len(number_of))
    for fold in range(count):
        yield np.flatnonzero(np.isin(groups, order[fold::count]))


def read(path: Path, *, economy: str, premium: str) -> Outcomes:
    """What a file says; rows without an outcome of either model are left out. Raises ConfigurationInvalid."""
    rows = datasets.rows(path)
    prompts = datasets.column(path, rows, *PROMPT)
    weak, strong = (scores(path, rows, name) for name in (economy, premium))
    known = np.flatnonzero(~np.isnan(weak + strong)).tolist()
    if not known:
        raise ConfigurationInvalid([f"{path}: no row has both {economy} and {premium}"])
    name = next((name for name in ("subject", "category") if name in rows[0]), None)
    subjects = None if name is None else [str(rows[i][name]) for i in known]
    answers = [str(rows[i][ANSWER] or "") for i in known] if ANSWER in rows[0] else None
    return Outcomes([prompts[i] for i in known], weak[known], strong[known], subjects, answers)


def scores(path: Path, rows: list[dict[str, Any]], name: str) -> NDArray[np.float64]:
    """A column of outcomes, (n,) in [0, 1], NaN where a cell is empty. Raises ConfigurationInvalid."""
    found = []
    known = [{**row, name: ""} if row.get(name, "") is None else row for row in rows]  # JSON's null
    for number, said in enumerate(datasets.column(path, known, name), 1):
        try:
            value = float(_WORDS.get(said.strip().lower(), said))
        except ValueError:
            value = 2.0
        if value < 0.0 or value > 1.0:
            raise ConfigurationInvalid([f"{path}: row {number}: {name}: got {said!r:.40}, expected 0 to 1"])
        found.append(value)
    return np.array(found)


def vectors(prompts: Sequence[str], encoder: Encoder | None) -> NDArray[np.float32]:
    """(n, d) of the prompts, zeros where the encoder does not read one; (n, 0) without an encoder."""
    if encoder is None:
        return np.zeros((len(prompts), 0), dtype=np.float32)
    found = np.zeros((len(prompts), encoder.dimensions), dtype=np.float32)
    read = [i for i, prompt in enumerate(prompts) if mostly_readable(encoder, prompt)]
    found[read] = labelled.vectors(encoder, [prompts[i] for i in read])
    return found


def best(prompts: Sequence[str], encoders: Sequence[Encoder]) -> Encoder | None:
    """The encoder that reads most of the prompts, the first of equals; None where none reads any."""
    reads = [sum(mostly_readable(encoder, prompt) for prompt in prompts) for encoder in encoders]
    return encoders[int(np.argmax(reads))] if any(reads) else None


def evaluate(
    path: Path,
    encoders: Sequence[Encoder],
    *,
    router: Router,
    folds: int | None,
    halves: int | None,
    outcomes: int | None,
    economy: str,
    premium: str,
    seed: int,
    prices: float | None = None,
    target: float | None = None,
    audit_share: float = 1.0,
) -> dict[str, Any]:
    """Quality against the share of premium: of ``router``; with ``folds`` or ``halves`` of routers fitted on what is
    not held out, on at most ``outcomes`` of it. With ``prices``, of a cascade too, where a gain is known; with
    ``target``, of the file as a stream whose lost quality is bounded.
    """
    if prices is not None and (halves is not None or (folds is None and router.at is None)):
        raise ConfigurationInvalid(["--cascade needs --folds, or a --router of your own: else no gain is known"])
    if target is not None and halves is not None:
        raise ConfigurationInvalid(["--target: half of a file is no stream"])
    given = read(path, economy=economy, premium=premium)
    lengths = np.array([float(len(prompt)) for prompt in given.prompts])
    if folds is None and halves is None:
        own = next((encoder for encoder in encoders if encoder.fingerprint == router.encoder), None)
        known = vectors(given.prompts, own)
        gains = router.gain.predict(given.prompts, known)
        expected = zip(given.prompts, gains.tolist(), strict=True)
        scores = np.array([judged(prompt, gain, router=router)[0] for prompt, gain in expected])
        found = {"fitted": False, **routing.measures(scores, given.economy, given.premium, lengths)}
        return found | _besides(given, gains, prices, target, audit_share, seed)
    known = vectors(given.prompts, best(given.prompts, encoders))
    if halves is not None:
        if given.subjects is None:
            raise ConfigurationInvalid([f"{path}: --halves needs a column subject or category"])
        parts = {
            f"half {number}": routing.measures(
                _fitted(given, known, out, outcomes, seed), given.economy[out], given.premium[out], lengths[out]
            )
            for number, out in enumerate(given.halves(halves, seed), 1)
        }
        return {"fitted": True, **routing.mean(parts), "halves": [one["apgr"] for one in parts.values()]}
    scores = np.zeros(len(given.prompts))
    for out in given.folds(folds or 1, seed):
        if len(out):
            scores[out] = _fitted(given, known, out, outcomes, seed)
    found = {"fitted": True, "folds": folds, **routing.measures(scores, given.economy, given.premium, lengths)}
    return found | _besides(given, scores, prices, target, audit_share, seed)


def _besides(
    given: Outcomes,
    gains: NDArray[np.float64],
    prices: float | None,
    target: float | None,
    audit_share: float,
    seed: int,
) -> dict[str, Any]:
    found = {}
    if prices is not None:
        found["cascade"] = checked.replayed(
            given.prompts, given.answers, gains, given.economy, given.premium, prices=prices, seed=seed
        )
    if target is not None:
        lost = given.economy < given.premium
        found["held"] = online.replay(gains, lost, target=target, audit_share=audit_share, seed=seed)
    return found


def _fitted(
    given: Outcomes, known: NDArray[np.float32], out: NDArray[np.int64], most: int | None, seed: int
) -> NDArray[np.float64]:
    """What a predictor that saw none of the prompts ``out`` expects of them."""
    rest = np.setdiff1d(np.arange(len(given.prompts)), out)
    rest = np.random.default_rng(seed).permutation(rest)[:most]
    if len(rest) < LEAST_OUTCOMES:
        raise ConfigurationInvalid([f"got {len(rest)} outcomes to learn from, expected at least {LEAST_OUTCOMES}"])
    gain, _ = Gain.fit(
        surface.surfaces([given.prompts[i] for i in rest]), known[rest], given.premium[rest] - given.economy[rest]
    )
    return gain.predict([given.prompts[i] for i in out], known[out])


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What a router is fitted on: ``source`` says where it is from; ``encoder`` is the fingerprint of whose vectors it
    has, empty for none. Arrays as :meth:`Router.fit` has them.
    """

    source: str
    features: NDArray[np.float64]
    vectors: NDArray[np.float32]
    encoder: str
    economy: NDArray[np.float64]
    premium: NDArray[np.float64]


def of_file(path: Path, encoders: Sequence[Encoder], *, economy: str, premium: str) -> TrainingSet:
    """Outcomes of a file."""
    given = read(path, economy=economy, premium=premium)
    encoder = best(given.prompts, encoders)
    fingerprint = "" if encoder is None else encoder.fingerprint
    known = vectors(given.prompts, encoder)
    return TrainingSet(path.name, surface.surfaces(given.prompts), known, fingerprint, given.economy, given.premium)


def of_tenant(tenant: str, kept: Sequence[Outcome]) -> TrainingSet:
    """Outcomes of audits: premium's answer counts as right, economy's where it was no worse."""
    counted = Counter(outcome.encoder for outcome in kept if outcome.encoder)
    encoder = counted.most_common(1)[0][0] if counted else ""
    features, known, worse = arrays(kept, encoder)
    economy = (~worse).astype(np.float64)
    return TrainingSet(f"the audits of {tenant}", features, known, encoder, economy, np.ones(len(kept)))


def of_two(tenant: str, kept: Sequence[Outcome], in_force: Router, other: Router) -> dict[str, Any]:
    """Two routers on the same audits; raises ConfigurationInvalid where there are none."""
    if not kept:
        raise ConfigurationInvalid([f"the audits of {tenant}: there are none (routing.audit_share)"])
    gains = []
    for router in (in_force, other):
        features, known, lost = arrays(kept, router.encoder)
        gains.append(router.gain.of_surfaces(features, known))
    return {"tenant": tenant, **shadow.compared(in_force, other, (gains[0], gains[1]), lost)}


def write(router: Router, out: Path, source: str) -> dict[str, Any]:
    """The router as a file, whose content is returned. Raises ConfigurationInvalid."""
    try:
        made = {"made_by": f"farthing train routing, from {source}", **router.encode()}
        out.write_text(json.dumps(made) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationInvalid([f"{out}: cannot be written: {error.strerror}"]) from error
    return made


def train(taught: TrainingSet, out: Path, *, premium_share: float | None, quality: float | None) -> dict[str, Any]:
    """A router from outcomes, written to ``out``; and what it is expected to do."""
    try:
        router = Router.fit(
            taught.features,
            taught.vectors,
            taught.economy,
            taught.premium,
            encoder=taught.encoder,
            premium_share=premium_share,
            quality=quality,
        )
    except ValueError as error:
        raise ConfigurationInvalid([f"{taught.source}: {error}"]) from error
    made = write(router, out, taught.source)
    expected = router.expected
    assert expected is not None  # noqa: S101 - it was fitted
    return {
        "out": str(out),
        "outcomes": router.gain.outcomes,
        "premium_from": round(float(router.at or 0.0), 4),
        "premium_share": expected.premium_share,
        "quality": expected.quality,
        "economy": expected.economy,
        "premium": expected.premium,
        "weights": {name: round(value, 3) for name, value in made["weights"].items()},
        "features": len(surface.NAMES),
    }
