"""What a fresh answer teaches: where it belongs among those that are there, who is served, and the boundary's lesson.

Decided here once: the fleet remembers in Redis, a replay in dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from pipelines.cache import clustering, splitting
from pipelines.cache.clustering import Trust
from pipelines.cache.judge import matters

if TYPE_CHECKING:
    from pipelines.cache.clustering import Assignment
    from pipelines.cache.memory import Memory
    from pipelines.neighbourhood import Neighbourhood


@dataclass(frozen=True, slots=True)
class Lesson:
    """How probably the suspect was right, in [0, 1], and what the comparisons alone say (a log-likelihood ratio); of an
    audit, which a sample of hits has.
    """

    right: float
    evidence: float
    audited: bool = False


def as_it_is_now(memory: Memory, seen: Neighbourhood | None) -> Neighbourhood | None:
    """What a lookup saw, each phrasing in the entry where it is by now; None where nothing of it is left."""
    if seen is None:
        return None
    homes = memory.homes([one.key for one in seen.near])
    cannot = memory.apart()
    apart = {home for key, home in homes.items() if key in cannot}
    near = tuple(
        replace(one, entry=homes[one.key])
        for one in seen.near
        if one.key in homes and one.key != memory.key and homes[one.key] not in apart
    )
    suspect = memory.entry_now(seen.suspect)
    return replace(seen, near=near, suspect=suspect) if near and suspect not in apart else None


def store(memory: Memory, seen: Neighbourhood | None) -> Lesson | None:
    """Store a fresh answer where it belongs, and learn from it; None where it teaches the boundary nothing."""
    seen = as_it_is_now(memory, seen)
    assignment = None if seen is None else assign(memory, seen)
    home = _put(memory, assignment)
    if home is None or seen is None or assignment is None:
        return None
    for entry in dict.fromkeys((home, seen.suspect)):
        said = {one.key: assignment.by_phrasing.get(one.key, 0.0) for one in seen.near if one.entry == entry}
        home = splitting.split(memory, entry, said, home) or home
    evidence = assignment.evidence[seen.suspect]
    if seen.suspect != home and evidence <= -memory.one:
        memory.forget(seen.suspect)
    _teach_the_others(memory, home, assignment)
    if evidence == 0.0:
        return None  # a comparison that told nothing teaches nothing
    return Lesson(assignment.right, evidence)


def assign(memory: Memory, seen: Neighbourhood) -> Assignment:
    """Where the fresh answer belongs; the judge is asked of a suspect that matters and whose answers do not tell."""
    mine = [one.key for one in seen.near if one.entry == seen.suspect]
    closest = mine[0] if mine else None
    told = any(map(memory.compare, mine))
    by_judge = 0.0 if told or closest is None or not matters(seen) else memory.compare_by_judge(closest)

    def compare(key: str) -> float:
        return memory.compare(key) or (by_judge if key == closest else 0.0)

    return clustering.assign(
        seen.near,
        suspect=seen.suspect,
        probability=seen.probability,
        compare=compare,
        more=memory.more,
        one=memory.one,
    )


def audit(memory: Memory, seen: Neighbourhood) -> Lesson | None:
    """Compare the fresh answer to a hit with what was served; None where nothing tells."""
    home = memory.entry_now(seen.suspect)
    served = memory.served(home)
    if served is None:
        return None  # dropped or expired since
    agrees = memory.compare(served)
    more = memory.more(home, clustering.AUDITED - 1, [served])
    others = sum(map(memory.compare, more))
    evidence = agrees + others or memory.compare_by_judge(served)
    if evidence == 0.0:
        memory.note("unclear")
        return None
    if agrees < 0.0:
        nearest = [one.key for one in seen.near[: clustering.COMPARED] if one.entry == home]
        said = {key: memory.compare(key) for key in (*nearest, served, *more)}
        if splitting.split(memory, home, said, home) is not None:
            memory.note("wrong")
            return Lesson(clustering.SERVED_WRONG, -clustering.SURELY * memory.one, audited=True)
    right = clustering.lesson(seen.probability, evidence)
    fits = clustering.lesson(seen.probability, others) >= clustering.LESSON_AT
    if agrees < 0.0 and fits and memory.join(home) and _voted_out(memory, home, served, agrees):
        # The entry fits, and what it served does not: this phrasing's answer took its place.
        return Lesson(clustering.SERVED_WRONG, -clustering.SURELY * memory.one, audited=True)
    if right >= clustering.LESSON_AT:
        memory.join(home)
    elif right <= clustering.WRONG_AT:
        # The next who asks in these words gets the answer that was given to them.
        memory.put()
        memory.note("wrong")
    return Lesson(right, evidence, audited=True)


def _put(memory: Memory, assignment: Assignment | None) -> str | None:
    """The entry that the fresh answer is in now; None where a person's correction stands instead."""
    if assignment is not None and assignment.entry is not None and memory.join(assignment.entry):
        memory.note("joined")
        return assignment.entry
    made = memory.put()
    memory.note("corrected" if made is None else "stored")
    return made


def _voted_out(memory: Memory, home: str, served: str, agrees: float) -> bool:
    """Did the fresh answer, which surely belongs to the entry, take the place of the served one?"""
    before = memory.trust([f"served:{home}"])
    sums = dict(before)
    elected = Trust(sums, memory.one).served(home, memory.key, agrees, check=partial(_against, memory, home, served))
    memory.write_trust(before, sums)
    if elected is None or not memory.elect(home, elected.key):
        return False
    memory.note("elected")
    return True


def _teach_the_others(memory: Memory, home: str, assignment: Assignment) -> None:
    """Merge what turned out to be one, serve what most agree on, expel what joined wrongly."""
    sure = assignment.entry == home and assignment.sure >= clustering.LESSON_AT
    homes = memory.homes(list(assignment.by_phrasing)) if sure else {}
    mine = [key for key, entry in homes.items() if entry == home]
    before = memory.trust(clustering.trust_names(home, assignment, mine))
    sums = dict(before)
    trust = Trust(sums, memory.one)
    for merge in trust.pairs(home, assignment, check=partial(_of_both, memory, home)):
        merged = memory.merge(home, merge.other)
        if merged is not None:
            home = merged
            memory.note("merged")
    if sure:
        served = memory.served(home)
        if served is not None and served != memory.key:
            check = partial(_against, memory, home, served)
            elected = trust.served(home, memory.key, memory.compare(served), check=check)
            if elected is not None and memory.elect(home, elected.key):
                memory.note("elected")
        for expelled in trust.members(home, mine, assignment):
            if memory.expel(home, expelled.key):
                memory.note("expelled")
    memory.write_trust(before, sums)


def _against(memory: Memory, entry: str, served: str) -> list[float]:
    """Evidence of an entry's served answer beside those of its other phrasings."""
    others = memory.more(entry, clustering.CONFIRMED, [served, memory.key])
    return memory.between([(served, key) for key in others])


def _of_both(memory: Memory, home: str, other: str) -> list[float]:
    """Evidence of pairs of answers, one of each entry."""
    ours, theirs = (memory.more(entry, clustering.MERGE_CHECKS, ()) for entry in (home, other))
    if not ours or not theirs:
        return []
    # An entry of one phrasing is compared as often as others: cut to the shorter, small ones could never be merged.
    pairs = {(ours[i % len(ours)], theirs[i % len(theirs)]): None for i in range(clustering.MERGE_CHECKS)}
    return memory.between(list(pairs))
