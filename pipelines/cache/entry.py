"""A cache's entry: one answer in one scope, and how it goes to Redis and back."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One answer in one scope. Times are seconds since the epoch; a hit never moves ``expires_at``.

    ``curated``: a person gave the answer.
    """

    id: str
    scope: str
    question: str
    answer: Answer
    created_at: float
    expires_at: float
    curated: bool = False

    def __repr__(self) -> str:
        return f"Entry(id={self.id!r}, scope={self.scope!r}, expires_at={self.expires_at})"

    def encode(self) -> dict[str, str]:
        """Fields of a Redis hash."""
        return {
            "id": self.id,
            "scope": self.scope,
            "question": self.question,
            "answer": json.dumps(self.answer.kept, ensure_ascii=False, separators=(",", ":")),
            "created_at": repr(self.created_at),
            "expires_at": repr(self.expires_at),
        }

    @classmethod
    def decode(cls, raw: Mapping[str, str]) -> Entry:
        """Read what :meth:`encode` wrote; raises KeyError or ValueError when it is something else."""
        return cls(
            id=raw["id"],
            scope=raw["scope"],
            question=raw["question"],
            answer=Answer.decode(json.loads(raw["answer"])),
            created_at=float(raw["created_at"]),
            expires_at=float(raw["expires_at"]),
            curated=raw.get("curated") == "1",
        )


def entry_id(tenant: str, job_id: str, *, secret: bytes) -> str:
    """The id of the entry that a job's fresh answer makes: 32 hex digits, the same each time, no clue to the job's."""
    return hmac.new(secret, json.dumps([tenant, job_id]).encode(), hashlib.sha256).hexdigest()[:32]
