"""What Redis says of a scope's phrasings, as values: one phrasing, what is known of a question, what a search found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipelines.cache import entry
from pipelines.cache.entry import Entry
from pipelines.vectors.encoder import expand, unpack
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.answer import Answer
    from pipelines.cache.decision import Candidate
    from pipelines.vectors.encoder import Vector


ANSWERED = ("entry", "question", "answer", "answered_ms")  # of a phrasing's fields, what was answered to it


@dataclass(frozen=True, slots=True, repr=False)
class Phrasing:
    """A question that an entry answers; ``key`` is its exact key, ``vector`` packed float16 or None."""

    key: str
    entry_id: str
    question: str
    vector: bytes | None
    expires_at: float

    @classmethod
    def decode(cls, key: str, raw: Mapping[bytes, bytes]) -> Phrasing:
        """Read a phrasing's hash."""
        return cls(
            key=key,
            entry_id=raw[b"entry"].decode(),
            question=raw[b"question"].decode(),
            vector=_expanded(raw.get(b"vector")),
            expires_at=int(raw[b"expires_ms"]) / 1000,
        )

    def unpacked(self, dimensions: int) -> Vector | None:
        """Its vector, (d,) float32 of length 1; None without one, or, said and counted, where it cannot be one."""
        if self.vector is None:
            return None
        try:
            return unpack(self.vector, dimensions)
        except ValueError as error:
            counters.count("replica.bad_vector")
            logs.log().warning("phrasing left out", said=str(error))
            return None


class ExactTier(NamedTuple):
    """What is known of a very question: the answer given to it, as an entry; that given to its near-exact twin,
    and the twin's exact key; the phrasings that it must never be matched with, the judge's verdict as Membership keeps
    it, or nothing, and the exact keys and entries that its user said are wrong.
    """

    entry: Entry | None = None
    twin: Entry | None = None
    twin_key: str = ""
    cannot: frozenset[str] = frozenset()
    verdict: bytes = b""
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Nearby:
    """What a search found: candidates, best first, and the question's cosine to the mean of each one's entry."""

    candidates: list[Candidate]
    centroids: dict[str, float]


def _expanded(vector: bytes | None) -> bytes | None:
    """A stored vector, packed; None without one, or, said and counted, where it cannot be one."""
    try:
        return expand(vector) if vector else None
    except ValueError as error:
        counters.count("replica.bad_vector")
        logs.log().warning("phrasing left out", said=str(error))
        return None


def own_answer(key: str, scope: str, own: Mapping[str, bytes | None], held: Mapping[bytes, bytes]) -> Entry | None:
    """The answer that was given to the phrasing of that exact key, as an entry; None when there is none.

    ``own``: the phrasing's fields (``ANSWERED``); ``held``: its entry's hash. What the entry serves may be this
    phrasing's, or a person's.
    """
    if held.get(b"served") == key.encode():
        return read_entry(scope, (own["entry"] or b"").decode(), held)
    home, question, answer, until_ms = (own[name] for name in ANSWERED)
    if not (home and question and answer and until_ms):
        return None
    said = read_answer(answer)
    if said is None:
        return None
    return Entry(
        id=home.decode(),
        scope=scope,
        question=question.decode(),
        answer=said,
        created_at=float(held.get(b"created_at", 0.0)),
        expires_at=int(until_ms) / 1000,
    )


def read_entry(scope: str, entry_id: str, held: Mapping[bytes, bytes]) -> Entry | None:
    """An entry's hash; None where there is none, or, said and counted, where nobody can read it: the model is asked."""
    try:
        return Entry.decode(scope, entry_id, held) if held else None
    except (KeyError, ValueError) as error:
        _unreadable(error)
        return None


def read_answer(raw: bytes) -> Answer | None:
    """A packed answer; None, said and counted, where nobody can read it."""
    try:
        return entry.unpack(raw)
    except (KeyError, ValueError) as error:
        _unreadable(error)
        return None


def _unreadable(error: Exception) -> None:
    counters.count("cache.unreadable")
    logs.log().warning("entry left out", said=str(error))
