"""Blame: which of the messages that a dead worker had in hand ended it, and how they are tried again.

A message that ends its worker goes round for ever, and drags along whatever lies beside it in the same hand. So what
was in a dead worker's hand is under suspicion, and is taken a few at a time; what was in another dead one's is taken
alone; and what was the only suspect in a hand when a third worker died is to blame, and is taken no more. Two deaths
are not enough: of workers that were killed every few seconds, one innocent job in five hundred had them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

FEW = 4  # suspects: so many are taken one at a time. Of more, half at once (fetch.lua): many died of a kill
INNOCENT_DEATHS = 2  # that a message may have been there at, for nothing but bad luck
MOST_DEATHS = 6  # whatever else was there: nobody is so unlucky

DEAD_AFTER = 4  # rounds of one's own without a beat of the other's: rounds, so that a broker's pause kills nobody
STANDS_STILL_S = 30.0  # a consumer whose loop has not turned for so long, and is not stopping, is dead

Fate = Literal["suspect", "alone", "parked"]


def fates(deaths: Mapping[str, int]) -> dict[str, Fate]:
    """What becomes of each message in a dead worker's hand, by how many workers had ended with it before this one."""
    suspects = [name for name, before in deaths.items() if before > 0]
    return {name: _fate(before, alone=suspects == [name]) for name, before in deaths.items()}


def _fate(before: int, *, alone: bool) -> Fate:
    if before == 0:
        return "suspect"
    return "parked" if (alone and before >= INNOCENT_DEATHS) or before + 1 >= MOST_DEATHS else "alone"
