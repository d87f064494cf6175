"""The cache's decision: may this entry answer that job? When in doubt, no."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.answer import Answer, Usage
from pipelines.cache import judge, risk
from pipelines.cache.verifier import find_suspect
from pipelines.neighbourhood import Near, Neighbourhood
from pipelines.text import gates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pipelines.cache.boundary import Policy
    from pipelines.cache.entry import Entry

NOT_PROBABLE = "not probable enough"
EXACT, NEAR_EXACT = "exact", "near-exact"
TWINS = 0.99  # about how often near-exact twins deserve one answer; audits watch it
NEVER_TWINS = ("identifier", "number", "negation", "opposite")
# Gates that look at how something is said; an entry whose phrasings say it both ways outvotes them.
OUTVOTED = frozenset(("negation", "quantity", "focus", "state", "frame", "order", "action", "sign", "opposite"))
# A crowd: two that are likely the same are common among questions of one trade, and who waits for them waits for
# nothing; three answers of one meaning make most of its other rewordings probable enough.
CROWD, LIKELY = 3, 0.7
BESIDE = 0.05  # cosine below an entry's nearest phrasing at which another one still speaks for it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrasing near the question: its exact key, its entry, its own words, its cosine in [-1, 1]."""

    key: str
    entry_id: str
    question: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """The entry may answer: the probability that it is right, in [0, 1], and what a judge added to its log-odds.

    ``seen`` is None when the very question was there.
    """

    entry_id: str
    similarity: float
    probability: float
    decided_by: str
    seen: Neighbourhood | None = None
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Miss:
    """No entry may answer."""

    reason: str
    seen: Neighbourhood | None = None


@dataclass(frozen=True, slots=True)
class Gray:
    """Near enough to ask a judge, not to serve: a gate tripped, or it is not probable enough. Else it is a miss."""

    reason: str
    seen: Neighbourhood


def apart(candidates: Sequence[Candidate], cannot: Collection[str]) -> Sequence[Candidate]:
    """The candidates without the entries of phrasings that people said the question must never be matched with."""
    entries = {one.entry_id for one in candidates if one.key in cannot} if cannot else ()
    return [one for one in candidates if one.entry_id not in entries] if entries else candidates


def decide(
    question: str, candidates: Sequence[Candidate], centroid: Callable[[str], float], policy: Policy
) -> Hit | Miss | Gray:
    """Decide on the nearest phrasings, best first; ``centroid`` gives the question's cosine to an entry's mean."""
    near = tuple(Near(c.key, c.entry_id, c.similarity) for c in candidates)
    suspect = find_suspect(near, centroid)
    if suspect is None:
        return Miss("nothing near")
    probability = policy.probability(suspect.features)
    mine = [c for c in candidates if c.entry_id == suspect.entry]
    tripped = gated(question, [(c.question, c.similarity) for c in mine])
    gate = None if tripped is None else tripped.gate
    proven = suspect.similarity >= policy.least_similarity
    features = tuple(suspect.features.tolist())
    seen = Neighbourhood(near, suspect.entry, probability, features, gate, policy.at, proven, policy.worth)
    if gate is not None:
        return Gray(gate, seen)
    if probability >= policy.at and proven:
        return Hit(suspect.entry, seen.similarity, probability, decided_by="verify", seen=seen)
    if probability >= policy.at or judge.asks(probability, served_at=policy.at):
        return Gray(NOT_PROBABLE, seen)
    return Miss("not probable", seen)


def would_hit(question: str, candidate: Candidate, policy: Policy) -> bool:
    """Would :func:`decide` call it a hit, were this phrasing alone there?"""
    return candidate.similarity >= policy.least_similarity and _is_alone(question, candidate, policy, policy.at)


def waits_for(question: str, flying: Sequence[Candidate], policy: Policy) -> Sequence[Candidate]:
    """Whose answers are worth waiting for, best first, of questions that are being answered now, best first.

    One whose answer would be a hit. Else, where so many ask what is likely the same that a crowd asks one thing in its
    own words each, any of those: their answers together make the others hits. What is served is decided then.
    """
    sure = [one for one in flying if would_hit(question, one, policy)]
    if sure or policy.at > 1.0:  # nothing is served there, whoever answers first
        return sure
    likely = [one for one in flying if _is_alone(question, one, policy, LIKELY)]
    return likely if len(likely) >= CROWD else ()


def _is_alone(question: str, candidate: Candidate, policy: Policy, least: float) -> bool:
    """Is a phrasing, were it alone there, so probable, and does no gate trip? The slow gates are asked last."""
    near = Near(candidate.key, candidate.entry_id, candidate.similarity)
    suspect = find_suspect((near,), lambda _: candidate.similarity)
    if suspect is None or policy.probability(suspect.features) < least:
        return False
    return gated(question, [(candidate.question, candidate.similarity)]) is None


def twins(question: str, other: str) -> bool:
    """May near-exact twins be one question? Not where a gate sees what was dropped between them."""
    tripped = gates.trip(question, other)
    return tripped is None or tripped.gate not in NEVER_TWINS


def repeated(entry: Entry, decided_by: str) -> Hit:
    """The very question was asked before, or all but it."""
    return Hit(entry.id, 1.0, 1.0 if decided_by == EXACT else TWINS, decided_by=decided_by)


def audit_of_twins(dice: float) -> float | None:
    """The weight of the audit of a near-exact hit; None when ``dice`` in [0, 1) spares it. As often as others are."""
    return 1.0 / risk.AUDITS if dice < risk.AUDITS else None


def promoted(seen: Neighbourhood, probability: float) -> Hit:
    """A gray suspect that the judge made this probable."""
    offset = judge.moved(seen.probability, probability)
    return Hit(seen.suspect, seen.similarity, probability, decided_by="judge", seen=seen, offset=offset)


def gated(question: str, mine: Sequence[tuple[str, float]]) -> gates.Trip | None:
    """The first trip against an entry's phrasings and their cosines, best first.

    Phrasings that agreed before outvote a gate: None when one beside the nearest differs in nothing a gate sees, or
    when the entry holds both: what is denied in one of its phrasings and not in another makes no difference there.
    """
    first = None
    for phrasing, similarity in mine:
        if similarity < mine[0][1] - BESIDE:
            break
        tripped = gates.trip(question, phrasing)
        if tripped is None:
            return None
        first = first or tripped
    return None if first is not None and _makes_no_difference(question, [phrasing for phrasing, _ in mine]) else first


def _makes_no_difference(question: str, phrasings: Sequence[str]) -> bool:
    """Is each gate that the nearest phrasing trips of those that an entry may outvote, and does another not trip it?"""
    tripped = {trip.gate for trip in gates.trips(question, phrasings[0])}
    if not tripped <= OUTVOTED:
        return False
    for phrasing in phrasings[1:]:
        tripped &= {trip.gate for trip in gates.trips(question, phrasing)}
        if not tripped:
            return True
    return False


def reuse(entry: Entry, hit: Hit, *, baseline_usd: Decimal) -> Answer:
    """The entry's answer as this job's: nothing was used, nothing was paid."""
    found: dict[str, Any] = {
        "entry": entry.id,
        "similarity": round(hit.similarity, 4),
        "probability": round(hit.probability, 4),
        "decided_by": hit.decided_by,
    }
    return replace(
        entry.answer.anonymous,
        source="exact" if hit.decided_by in (EXACT, NEAR_EXACT) else "semantic",
        usage=Usage(),
        cost_usd=Decimal(0),
        baseline_usd=baseline_usd,
        cache=found,
    )
