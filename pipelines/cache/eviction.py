"""Which entries go when a tenant has too many: those that save the least, not those that are oldest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

LEFT = 0.9  # of the capacity, once some had to go: the next ones need not wait for the next time


@dataclass(frozen=True, slots=True)
class Evictable:
    """An entry as eviction sees it: how often it was asked for within a day, what one answer of a model costs there,
    when it expires (seconds since the epoch), and whether a person gave its answer.
    """

    scope: str
    id: str
    asked: int
    saves_usd: Decimal
    expires_at: float
    curated: bool = False

    @property
    def worth(self) -> tuple[bool, Decimal, float]:
        """Frequency times dollars saved; of equals, what expires later is worth more. A person's word is worth most."""
        return self.curated, max(self.asked, 1) * self.saves_usd, self.expires_at


def evicted(held: Iterable[Evictable], capacity: int) -> list[Evictable]:
    """Those that go, the least worth first: none while at most ``capacity`` are there, else a tenth more than that."""
    rising = sorted(held, key=lambda one: one.worth)
    return rising[: len(rising) - int(LEFT * capacity)] if len(rising) > capacity else []
