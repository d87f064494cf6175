"""An entry that holds two meanings: how a fresh answer shows it, and who leaves.

One wrong join is enough to begin it: what means the same as the phrasing that joined wrongly agrees with it, and joins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipelines.cache.memory import Memory

PAIRS = 9  # answers of one side compared with the other's before anything is parted
PARTS_AT = -3.0  # what these must sum to, in units of one comparison's evidence
MOST_MOVED = 200  # phrasings that leave at once
LEAST_APART = 2  # phrasings that contradict: a lone one is expelled, or was served wrongly
SIDE = 3  # phrasings of each side with which every other one is compared


def split(memory: Memory, entry: str, said: Mapping[str, float], home: str) -> str | None:
    """Part an entry, whose phrasings ``said`` this of the fresh answer of ``home``: where that is then, or None.

    The fresh answer agrees with some of them and contradicts others. That may be chance, so the two sides are compared
    with one another; if they differ, those of the entry that are on its side go with it, into an entry of their own
    where it was in this one.
    """
    ours, theirs = ([key for key, found in said.items() if found * sign > 0.0][:SIDE] for sign in (1.0, -1.0))
    if not ours or len(theirs) < LEAST_APART:
        return None
    pairs = [(one, other) for one in ours for other in theirs][:PAIRS]
    if sum(memory.between(pairs)) > PARTS_AT * memory.one:
        return None
    stays = memory.served(entry)
    if (stays in ours or stays == memory.key) and not memory.elect(entry, theirs[0]):
        return None
    made = memory.put() if home == entry else home
    if made is None:
        return None
    for key in (*ours, *_followers(memory, entry, ours, theirs)):
        memory.move(key, made)
    memory.note("split")
    return made


def _followers(memory: Memory, entry: str, ours: Collection[str], theirs: Collection[str]) -> list[str]:
    """The other phrasings of the entry that agree with ``ours`` rather than with ``theirs``."""
    found = []
    for key in memory.more(entry, MOST_MOVED, (*ours, *theirs, memory.key)):
        with_ours = memory.compare(key) + sum(memory.between([(key, one) for one in ours]))
        with_theirs = sum(memory.between([(key, one) for one in theirs]))
        if with_ours - with_theirs >= memory.one and with_ours > 0.0:
            found.append(key)
    return found
