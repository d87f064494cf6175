"""Blame: which of the messages that a dead worker had in hand ended it, and how they are tried again.

A message that ends its worker goes round for ever, and drags along whatever lies beside it in the same hand. So what
was in a dead worker's hand is under suspicion, and is taken a few at a time; what ended another worker is taken alone;
and what was the only suspect in a hand when its worker died is to blame, and is taken no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

TOGETHER = 8  # of so many suspects that wait, a worker takes one more at once: many died of a kill, not of a message
MOST_DEATHS = 6  # whatever else was there: nobody is so unlucky

Fate = Literal["suspect", "alone", "parked"]


def fates(deaths: Mapping[str, int]) -> dict[str, Fate]:
    """What becomes of each message in a dead worker's hand, by how many workers had ended with it before this one."""
    suspects = [name for name, before in deaths.items() if before > 0]
    return {name: _fate(before, alone=suspects == [name]) for name, before in deaths.items()}


def _fate(before: int, *, alone: bool) -> Fate:
    if before == 0:
        return "suspect"
    return "parked" if alone or before + 1 >= MOST_DEATHS else "alone"
