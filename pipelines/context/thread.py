"""A conversation's thread: how it was sent last, from which its next question may go on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


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
