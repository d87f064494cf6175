"""Measures of selection: how much of what questions need survives at each share of a conversation's tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.context import selection
from pipelines.context.plan import said
from pipelines.context.relevance import by_words
from pipelines.message import Message
from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pipelines.context.passages import Passage

SHARES = (0.05, 0.10, 0.25)


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A question about a conversation; ``evidence`` are numbers of the turns that its answer needs.

    ``any_of``: one of them suffices; ``in_tokens``: they are long stretches, of which tokens are counted, as a share of
    what fits.
    """

    question: str
    evidence: tuple[int, ...]
    any_of: bool = False
    in_tokens: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Conversation:
    """Turns, each with its speaker (empty where there is none), and what is asked about them."""

    turns: tuple[tuple[str, str], ...]
    asked: tuple[Asked, ...]

    def messages(self, question: str) -> list[Message]:
        """As a job would have it: every turn stands for itself, for none answers another's as an assistant does."""
        return [Message("user", text, name=speaker or None) for speaker, text in self.turns] + [
            Message("user", question)
        ]


def evidence_kept(
    conversations: Sequence[Conversation], scores: Callable[[list[Message], list[Passage]], NDArray[np.float64]]
) -> dict[str, Any]:
    """What survives of the evidence at each share of the tokens, as a mean over questions; beside it what the latest
    turns, BM25 alone and turns by chance keep.

    ``scores`` (messages, passages) are the fleet's. No tokens are set aside for the latest turns: these questions are
    asked about a conversation, not in it.
    """
    ranks: dict[str, Callable[[list[Message], list[Passage]], NDArray[np.float64]]] = {
        "": scores,
        "last_turns": lambda _, found: np.arange(len(found), dtype=np.float64),
        "bm25": lambda messages, found: by_words(said(messages, found), messages[-1].text),
        "random": lambda messages, found: np.random.default_rng(len(messages[-1].text)).random(len(found)),
    }
    kept: dict[str, dict[float, list[float]]] = {name: {share: [] for share in SHARES} for name in ranks}
    for one in conversations:
        for asked in one.asked:
            messages = one.messages(asked.question)
            found = selection.cut(messages)
            for name, rank in ranks.items():
                ranked = rank(messages, found)
                for share in SHARES:
                    kept[name][share].append(_survives(messages, found, ranked, asked, share))
    means = {
        name: {f"{share:.2f}": round(float(np.mean(values)), 4) for share, values in at.items()}
        for name, at in kept.items()
    }
    return {
        "conversations": len(conversations),
        "questions": len(kept[""][SHARES[0]]),
        "turns": sum(len(one.turns) for one in conversations),
        "evidence_kept": means.pop(""),
        "baselines": means,
    }


def _survives(
    messages: list[Message], found: list[Passage], scores: NDArray[np.float64], asked: Asked, share: float
) -> float:
    turns = estimate_messages(messages[:-1])
    budget = round(share * turns) + estimate_messages(messages[-1:])
    chosen = selection.select(messages, found, scores, budget_tokens=budget, latest_tokens=0)
    gone = set(chosen.dropped)
    if asked.in_tokens:
        sizes = {number: estimate_messages([messages[number]]) for number in asked.evidence}
        parts = dict(zip((k for k in range(len(messages)) if k not in gone), chosen.messages, strict=True))
        kept = sum(estimate_messages([parts[n]]) for n in asked.evidence if n in parts)
        return min(1.0, kept / max(min(sum(sizes.values()), share * turns), 1.0))
    whole = [number for number in asked.evidence if number not in gone and number not in chosen.shortened]
    if asked.any_of:
        return float(bool(whole))
    return len(whole) / len(asked.evidence)
