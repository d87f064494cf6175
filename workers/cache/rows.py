"""What Redis says of a scope's phrasings, as values: one phrasing, a change of the log, what a search found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.vectors.encoder import unpack
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Mapping

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
            vector=raw.get(b"vector") or None,
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


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a scope's log; ``number`` counts from 1, without gaps.

    ``phrasing`` of exact key ``key`` was added, or is None and was dropped; with ``into``, ``key`` is an entry that
    became part of that one.
    """

    position: str
    number: int
    key: str
    phrasing: Phrasing | None
    into: str | None = None

    @classmethod
    def decode(cls, position: bytes, raw: Mapping[bytes, bytes]) -> Change:
        """Read an item of the log's stream."""
        key = raw[b"key"].decode()
        phrasing = Phrasing.decode(key, raw) if raw[b"op"] == b"add" else None
        into = raw[b"entry"].decode() if raw[b"op"] == b"merge" else None
        return cls(position.decode(), int(raw[b"number"]), key, phrasing, into)


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


def own_answer(key: str, scope: str, own: Mapping[str, bytes | None], held: Mapping[bytes, bytes]) -> Entry | None:
    """The answer that was given to the phrasing of that exact key, as an entry; None when there is none.

    ``own``: the phrasing's fields (``ANSWERED``); ``held``: its entry's hash. What the entry serves may be this
    phrasing's, or a person's.
    """
    if held.get(b"served") == key.encode():
        return entry(held)
    home, question, answer, until_ms = (own[name] for name in ANSWERED)
    if not (home and question and answer and until_ms):
        return None
    return Entry(
        id=home.decode(),
        scope=scope,
        question=question.decode(),
        answer=Answer.decode(json.loads(answer)),
        created_at=float(held.get(b"created_at", 0.0)),
        expires_at=int(until_ms) / 1000,
    )


def entry(raw: Mapping[bytes, bytes]) -> Entry:
    """An entry's hash."""
    return Entry.decode({name.decode(): value.decode() for name, value in raw.items()})
