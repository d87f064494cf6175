"""What one scope remembers, as the decisions on a fresh answer want it: in Redis, or in a replay's dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class Memory(Protocol):
    """What one scope remembers, as seen by one fresh answer, which was given to the phrasing ``key``.

    Evidence is a log-likelihood ratio that two answers say the same; 0 where nothing tells, or an answer is gone.
    ``one`` is that of a clear comparison.
    """

    @property
    def key(self) -> str:
        """The phrasing that the fresh answer was given to."""

    @property
    def one(self) -> float:
        """Of a clear comparison."""

    def compare(self, key: str) -> float:
        """Evidence of the fresh answer beside a phrasing's."""

    def compare_by_judge(self, key: str) -> float:
        """The same, by the judge: for close calls, off every caller's path."""

    def between(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Evidence of pairs of phrasings' answers; of those alone that were never compared before."""

    def more(self, entry: str, count: int, besides: Collection[str]) -> Sequence[str]:
        """Up to ``count`` further phrasings of an entry, by chance."""

    def homes(self, keys: Sequence[str]) -> dict[str, str]:
        """The entry of each phrasing; those that are gone are left out."""

    def apart(self) -> Collection[str]:
        """Phrasings that a person said mean something else than ``key``."""

    def entry_now(self, entry: str) -> str:
        """The entry that this one became part of, or itself."""

    def served(self, entry: str) -> str | None:
        """The phrasing whose answer an entry serves; None where none is served any more."""

    def join(self, entry: str) -> bool:
        """Put the fresh answer's phrasing into an entry, whose own answer stays; False where the entry is gone."""

    def put(self) -> str | None:
        """Make an entry of the fresh answer: its id; None where a person's correction stands instead."""

    def merge(self, entry: str, other: str) -> str | None:
        """Make two entries one: the id of what stays, None where either is gone."""

    def elect(self, entry: str, key: str) -> bool:
        """Serve a phrasing's answer from now on."""

    def expel(self, entry: str, key: str) -> bool:
        """Drop a phrasing that joined wrongly."""

    def move(self, key: str, entry: str) -> bool:
        """Put another phrasing, with its own answer, into that entry; False where either is gone, or it is served."""

    def forget(self, entry: str) -> None:
        """Drop an entry whose answer has expired, and whose question is answered otherwise by now."""

    def trust(self, trust_names: Sequence[str]) -> dict[str, float]:
        """Sums of evidence (see clustering.Trust) of those names that have one."""

    def write_trust(self, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        """Write what changed of the sums."""

    def note(self, event: str) -> None:
        """Something happened: "joined", "stored", "merged", "elected", "expelled" … ."""
