"""A cache's entry: one answer in one scope, and how it goes to Redis and back."""

from __future__ import annotations

import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping


# What most answers say beside their text: deflated with it, an answer takes a third of the room. What was packed is
# read with the very same words, so these never change; others come under another mark.
MARK = b"\x01"
WORDS = (
    b'"message":{"role":"assistant","content":"","tool_calls":[{"id":"call_","type":"function","function":{"name":"'
    b'","arguments":"{}"}}]},"finish_reason":"tool_calls","finish_reason":"length",{"text":"","source":"curated",'
    b'"source":"rule","source":"model","model":"gpt-4o-mini","provider":"openai","usage":{"prompt_tokens":1,'
    b'"cached_tokens":0,"completion_tokens":1},"cost_usd":"0.0000","baseline_usd":"0.000",'
    b'"price_version":"genai-prices 0.","route":{"tier":"premium","route":{"tier":"economy","score":0.,"reason":'
    b'"simple: nothing shows that premium would gain"},"context":{"prompt_tokens_after":1}}'
)
WINDOW_BITS = -15  # deflated without a header: 32 KiB of window


def pack(answer: Answer) -> bytes:
    """An answer as Redis keeps it."""
    deflating = zlib.compressobj(wbits=WINDOW_BITS, zdict=WORDS)
    said = json.dumps(answer.kept, ensure_ascii=False, separators=(",", ":")).encode()
    return MARK + deflating.compress(said) + deflating.flush()


def unpack(raw: bytes) -> Answer:
    """Read what :func:`pack` wrote; raises KeyError or ValueError when it is something else."""
    if not raw.startswith(MARK):
        raise ValueError("no packed answer")
    inflating = zlib.decompressobj(wbits=WINDOW_BITS, zdict=WORDS)
    try:
        said = json.loads(inflating.decompress(raw[len(MARK) :]) + inflating.flush())
    except (zlib.error, ValueError) as error:
        raise ValueError("no packed answer") from error
    return Answer.decode(said)


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

    def encode(self) -> dict[str, bytes]:
        """Fields of a Redis hash, whose key says scope and id."""
        return {
            "question": self.question.encode(),
            "answer": pack(self.answer),
            "created_at": repr(self.created_at).encode(),
            "expires_at": repr(self.expires_at).encode(),
        }

    def said(self) -> dict[str, Any]:
        """As JSON, for people and programs."""
        return {
            "id": self.id,
            "scope": self.scope,
            "question": self.question,
            "answer": self.answer.encode(),
            "created_at": repr(self.created_at),
            "expires_at": repr(self.expires_at),
        }

    @classmethod
    def decode(cls, scope: str, entry_id: str, raw: Mapping[bytes, bytes]) -> Entry:
        """Read what :meth:`encode` wrote; raises KeyError or ValueError when it is something else."""
        return cls(
            id=entry_id,
            scope=scope,
            question=raw[b"question"].decode(),
            answer=unpack(raw[b"answer"]),
            created_at=float(raw[b"created_at"]),
            expires_at=float(raw[b"expires_at"]),
            curated=raw.get(b"curated") == b"1",
        )


def entry_id(tenant: str, job_id: str, *, secret: bytes) -> str:
    """The id of the entry that a job's fresh answer makes: 32 hex digits, the same each time, no clue to the job's."""
    return hmac.new(secret, json.dumps([tenant, job_id]).encode(), hashlib.sha256).hexdigest()[:32]
