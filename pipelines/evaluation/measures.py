"""What `farthing evaluate pairs`, `followups` and `privacy` measure: the fleet's decisions against labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.cache import judge, verifier
from pipelines.cache.boundary import Policy
from pipelines.cache.decision import Candidate, Gray, Hit, decide
from pipelines.cache.judge import VETOES
from pipelines.text import facts, followup, gates
from pipelines.text import privacy as finding
from pipelines.text.han import HAN
from pipelines.text.language import english
from pipelines.text.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


UNREADABLE = "unreadable"


@dataclass(slots=True)
class _SimulatedJudge:
    """A simulated judge of one pair, wrong at the rate ``error``, each time anew."""

    deserved: bool
    error: float
    dice: np.random.Generator
    asked: int = 0

    def __call__(self, phrasings: Sequence[str], turned: bool, _: float) -> list[bool]:  # noqa: ARG002 - a judge's call
        self.asked += 1
        return [self.deserved != bool(self.dice.random() < self.error) for _ in phrasings]


def pairs(
    first: Sequence[str],
    second: Sequence[str],
    same: Sequence[bool],
    similar: Sequence[float | None],
    kinds: Sequence[str],
    *,
    judge_error: float | None = None,
    seed: int = 0,
    verifiers: Callable[[str], verifier.Weights] = verifier.shipped,
) -> dict[str, Any]:
    """Each second question against a cache that holds the first: the decision of a tenant that is new.

    ``similar``: each pair's cosine, None where no encoder reads both; ``kinds``: that of the encoder that does. A
    judge is simulated when its error rate is given. ``verifiers`` gives each kind's weights.
    """
    dice = np.random.default_rng(seed)
    refused: Counter[str] = Counter()
    served = wrong = judged = 0
    for one, other, deserved, cosine, kind in zip(first, second, same, similar, kinds, strict=True):
        reason = None
        if normalise(one) != normalise(other):
            if cosine is None:
                reason = UNREADABLE
            else:
                policy = Policy.new(verifiers(kind))
                found = decide(other, [Candidate("k", "e", one, cosine)], lambda _, c=cosine: c, policy)  # type: ignore[misc]
                reason = None if isinstance(found, Hit) else found.reason
                if isinstance(found, Gray) and judge_error is not None and judge.matters(found.seen):
                    verdicts = _SimulatedJudge(deserved, judge_error, dice)
                    start = judge.before(found.seen.probability, found.seen.gate, proven=found.seen.proven)
                    judgement = judge.after_verdicts(
                        start, [one], verdicts, served_at=found.seen.served_at, worth=judge.worth_of(judge_error)
                    )
                    judged += verdicts.asked
                    reason = None if judgement.serves else reason
        if reason is None:
            served += 1
            wrong += not deserved
        else:
            refused[reason] += 1
    positives = sum(same)
    return {
        "pairs": len(first),
        "same": positives,
        "served": served,
        "wrong": wrong,
        "precision": round((served - wrong) / served, 4) if served else None,
        "recall": round((served - wrong) / positives, 4) if positives else None,
        "judge_calls": judged,
        "refused_by": dict(sorted(refused.items())),
    }


def gates_table(first: Sequence[str], second: Sequence[str], same: Sequence[bool]) -> dict[str, Any]:
    """Each gate by itself on labelled pairs, by language: how often it trips, and on how many that are really apart.

    A gate that is ``wrong`` more often than ``right`` is no veto: it hands its pairs to the judge.
    """
    rows: dict[tuple[str, str], list[int]] = {}
    counts: Counter[str] = Counter()
    for one, other, deserved in zip(first, second, same, strict=True):
        spoken = "zh" if HAN.search(one + other) else "en" if english(one) and english(other) else "other"
        counts[spoken] += 1
        a, b = facts.facts(one), facts.facts(other)
        for gate in gates.GATES:
            tripped = gate(a, b)
            if tripped is not None:
                row = rows.setdefault((tripped.gate, spoken), [0, 0])
                row[deserved] += 1
    return {
        "pairs": len(first),
        "languages": dict(sorted(counts.items())),
        "gates": [
            {
                "gate": gate,
                "language": spoken,
                "trips": right + wrong,
                "right": right,
                "wrong": wrong,
                "right_share": round(right / (right + wrong), 4),
                "veto": gate in VETOES,
            }
            for (gate, spoken), (right, wrong) in sorted(rows.items())
        ],
    }


def meanings(first: Sequence[str], second: Sequence[str], same: Sequence[bool]) -> tuple[list[str], list[int]]:
    """The distinct questions of labelled pairs, and the number of each one's meaning: what is the same as the same is
    the same, and so is what has the same letters and digits, which nobody labels.
    """
    leads: dict[str, str] = {}
    written: dict[str, str] = {}

    def home(text: str) -> str:
        leads.setdefault(text, text)
        while leads[text] != text:
            leads[text] = text = leads[leads[text]]
        return text

    for one, other, deserved in zip(first, second, same, strict=True):
        ours, theirs = home(one), home(other)
        if deserved:
            leads[theirs] = ours
    for text in list(leads):
        signs = "".join(sign for sign in text.casefold() if sign.isalnum())
        if signs and (known := written.setdefault(signs, text)) != text:
            leads[home(text)] = home(known)
    numbers: dict[str, int] = {}
    texts = list(leads)
    return texts, [numbers.setdefault(home(text), len(numbers)) for text in texts]


def together(parts: Sequence[dict[str, Any]], *, requests: int, target: float) -> dict[str, Any]:
    """The figures of a stream that several encoders read, each a part; what none reads is a miss."""
    counts = ("hits", "wrong_hits", "wrong_by_label", "judge_calls", "audits", "entries")
    summed = {name: sum(part[name] for part in parts) for name in counts}
    points: dict[float, list[float]] = {}
    for part in parts:
        for point in part["curve"]:
            at = points.setdefault(point["probability"], [0.0, 0.0])
            for i, name in enumerate(("hit_rate", "wrong_per_request")):
                at[i] += point[name] * part["requests"] / max(requests, 1)
    return {
        "requests": requests,
        "hits": summed["hits"],
        "wrong_hits": summed["wrong_hits"],
        "wrong_by_label": summed["wrong_by_label"],
        "hit_rate": round(summed["hits"] / max(requests, 1), 4),
        "wrong_per_request": round(summed["wrong_hits"] / max(requests, 1), 5),
        "target": target,
        "judge_calls": summed["judge_calls"],
        "audits": summed["audits"],
        "entries": summed["entries"],
        "windows": _windows([part["windows"] for part in parts]),
        "curve": [
            {"probability": at, "hit_rate": round(hits, 4), "wrong_per_request": round(wrong, 5)}
            for at, (hits, wrong) in points.items()
        ],
    }


def _windows(parts: Sequence[Sequence[dict[str, int]]]) -> list[dict[str, int]]:
    """Windows of streams side by side, each one's first together, and so on."""
    most = max(map(len, parts), default=0)
    rows = [[part[i] for part in parts if i < len(part)] for i in range(most)]
    return [{name: sum(row[name] for row in side) for name in side[0]} for side in rows]


def unlike(
    first: Sequence[str], second: Sequence[str], same: Sequence[bool], labels: Mapping[str, int]
) -> frozenset[tuple[int, int]]:
    """Pairs of meanings, the smaller first, that somebody said are different."""
    pairs = zip(first, second, same, strict=True)
    apart = [sorted((labels[one], labels[other])) for one, other, deserved in pairs if not deserved]
    return frozenset((ours, theirs) for ours, theirs in apart if ours != theirs)


def followups(turns: Sequence[tuple[Sequence[str], str, str, bool | None]]) -> dict[str, Any]:
    """Turns before, last turns, and a person's standalone rewrite of each.

    A turn depends on its context when the rewrite says something else, unless the fourth value says so itself.
    """
    dependent = recognised = alone = kept = 0
    for before, turn, rewrite, said in turns:
        depends = (
            normalise(turn).rstrip("?").lower() != normalise(rewrite).rstrip("?").lower() if said is None else said
        )
        found = followup.dependence(turn, before) is not None
        dependent, recognised = dependent + depends, recognised + (depends and found)
        alone, kept = alone + (not depends), kept + (not depends and not found)
    return {
        "turns": len(turns),
        "dependent": dependent,
        "dependent_recall": round(recognised / dependent, 4) if dependent else None,
        "standalone": alone,
        "standalone_kept": round(kept / alone, 4) if alone else None,
    }


def privacy(texts: Sequence[str], marked: Sequence[Sequence[tuple[int, int, str]]]) -> dict[str, Any]:
    """Found spans against marked ones (start, end, type); a marked one is found when half of it is covered."""
    there: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    found = right = 0
    for text, spans in zip(texts, marked, strict=True):
        ours = [(start, end) for start, end, _ in finding.spans(text)]
        found += len(ours)
        right += sum(any(a < end and start < b for a, b, _ in spans) for start, end in ours)
        for start, end, kind in spans:
            there[kind] += 1
            covered = sum(max(0, min(end, b) - max(start, a)) for a, b in ours)
            hit[kind] += 2 * covered >= end - start
    return {
        "texts": len(texts),
        "found": found,
        "recall": {kind: round(hit[kind] / count, 4) for kind, count in sorted(there.items())},
        "precision": round(right / found, 4) if found else None,
    }
