"""A conversation's thread: how it was sent last, from which its next question may go on, and how warm that is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.message import Message


KEY_CHARS = 32
WARM_S = 300.0  # as long as providers remember a prompt at least (OpenAI, Anthropic: five minutes)


@dataclass(frozen=True, slots=True)
class Thread:
    """How a conversation was sent when it had ``end`` messages, its question the last of them but for tools' results:
    whole from message ``start`` on, 0 being all of it. ``saved_usd`` is what it cost less, so far, than always sending
    all would have.
    """

    end: int
    start: int = 0
    saved_usd: Decimal = Decimal(0)

    def encode(self) -> dict[str, Any]:
        """JSON values."""
        return {"end": self.end, "start": self.start, "saved_usd": str(self.saved_usd)}

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Thread:
        """Read what :meth:`encode` wrote."""
        return cls(raw["end"], raw["start"], Decimal(raw["saved_usd"]))


@dataclass(frozen=True, slots=True)
class Sent:
    """A thread, when it was sent (seconds since the epoch), and to which model."""

    thread: Thread
    at: float
    model: str

    def warm(self, model: str, now: float) -> bool:
        """Does the provider's model remember it still?"""
        return self.model == model and now - self.at < WARM_S


def cache_key(tenant: str, messages: Sequence[Message]) -> str:
    """What the questions of one conversation have in common, as a digest; '' where there is one question alone.

    A provider sends prompts of one key to one machine, which remembers their beginning: OpenAI's `prompt_cache_key`.
    """
    asked = [number for number, message in enumerate(messages) if message.role == "user"]
    if len(asked) < 2:
        return ""
    beginning = [tenant, *(message.encode() for message in messages[: asked[0] + 1])]
    return hashlib.sha256(json.dumps(beginning, sort_keys=True).encode()).hexdigest()[:KEY_CHARS]
