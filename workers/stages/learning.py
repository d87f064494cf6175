"""What a fresh answer teaches: where it belongs among those that are there, and whether its suspect was right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pipelines.cache import answer_match, clustering
from pipelines.cache.clustering import Trust
from pipelines.cache.judge import evidence, matters
from pipelines.money import ledger
from workers.cache.risk_state import Taught
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pipelines.cache.clustering import Placement
    from pipelines.cache.entry import Entry
    from pipelines.job import Job
    from pipelines.journey import Place
    from pipelines.neighbourhood import Neighbourhood
    from workers.cache.clusters import Membership
    from workers.cache.documents import Sources
    from workers.cache.entries import CacheStore
    from workers.cache.risk_state import Boundaries
    from workers.stages.billing import Billing
    from workers.stages.judge import Judge


@dataclass(slots=True)
class _Answers:
    """What phrasings of one scope were answered, fetched as they are needed, and compared with a fresh answer."""

    members: Membership
    judge: Judge
    scope: str
    fresh: str
    known: dict[str, str] = field(default_factory=dict)
    compared: dict[str, float] = field(default_factory=dict)

    def fetch(self, keys: Sequence[str]) -> None:
        """What these were answered, in one round trip."""
        self.known.update(self.members.said(self.scope, keys))

    def compare(self, key: str) -> float:
        """Evidence that the phrasing was answered the same; 0 when its answer is gone, or words do not tell."""
        if key not in self.compared:
            if key not in self.known:
                self.fetch([key])
            said = self.known.get(key)
            self.compared[key] = 0.0 if said is None else answer_match.evidence(self.fresh, said)
        return self.compared[key]

    def judged(self, job: Job, job_id: str, key: str) -> float:
        """The same, by the judge: for close calls, off every caller's path."""
        said = self.known.get(key)
        same = None if said is None else self.judge.same_answer(job, job_id, self.fresh, said)
        return 0.0 if same is None else evidence(yes=same)

    def more(self, entry: str, count: int, besides: Collection[str]) -> Sequence[str]:
        """Further phrasings of an entry."""
        found = self.members.more(self.scope, entry, count, besides)
        self.fetch(found)
        return found

    def against(self, entry: str, served: str) -> list[float]:
        """Evidence of an entry's served answer beside those of its other phrasings."""
        others = self.more(entry, clustering.CONFIRMED, [served])
        self.fetch([served])
        return [
            answer_match.evidence(self.known[served], self.known[key])
            for key in others
            if {served, key} <= self.known.keys()
        ]

    def between(self, home: str, other: str) -> list[float]:
        """Evidence of pairs of answers, one of each entry."""
        ours, theirs = (self.more(entry, clustering.MERGE_CHECKS, ()) for entry in (home, other))
        pairs = zip(ours, theirs, strict=False)
        return [answer_match.evidence(self.known[a], self.known[b]) for a, b in pairs if {a, b} <= self.known.keys()]


def _placed(job: Job, answers: _Answers, seen: Neighbourhood, job_id: str) -> Placement:
    answers.fetch([one.key for one in seen.near])
    mine = [one.key for one in seen.near if one.entry == seen.suspect]
    closest = mine[0] if mine else None
    told = any(map(answers.compare, mine))
    # Only what a judge may settle is put to it: a suspect near enough to matter whose answers' words do not tell.
    verdict = 0.0 if told or closest is None or not matters(seen) else answers.judged(job, job_id, closest)

    def compare(key: str) -> float:
        return answers.compare(key) or (verdict if key == closest else 0.0)

    return clustering.place(
        seen.near,
        suspect=seen.suspect,
        probability=seen.probability,
        compare=compare,
        more=answers.more,
        one=answer_match.ONE,
    )


class Learning:
    """Stores fresh answers where they belong, and learns from them and from audits."""

    def __init__(
        self,
        store: CacheStore,
        members: Membership,
        boundaries: Boundaries,
        sources: Sources,
        judge: Judge,
        billing: Billing,
    ) -> None:
        self._store, self._members, self._boundaries = store, members, boundaries
        self._sources, self._judge, self._billing = sources, judge, billing

    def keep(self, job: Job, place: Place, entry: Entry, *, known_until: float) -> None:
        """Store a fresh answer where it belongs; ``entry``: as it would be stored alone. Raises StoreUnavailable."""
        seen = self._as_it_is_now(place)
        answers = _Answers(self._members, self._judge, place.scope, entry.answer.text)
        placed = None if seen is None else _placed(job, answers, seen, entry.id)
        home = self._stored(job, place, entry, placed, known_until=known_until)
        if home is not None and seen is not None and placed is not None:
            if placed.evidence[seen.suspect] != 0.0:  # a comparison that told nothing teaches nothing
                self._boundaries.teach(job.tenant, place.bucket, Taught(seen.features, placed.right))
            if seen.suspect != home and placed.evidence[seen.suspect] <= -answer_match.ONE:
                self._forget_what_is_over(place.scope, seen.suspect)
            self._judge_the_others(place, home, placed, answers, ttl_s=known_until - entry.created_at)

    def audited(self, job: Job, place: Place, entry: Entry, *, weight: float, known_until: float) -> None:
        """Compare the fresh answer to a hit with what was served: a lesson, if anything tells."""
        seen, members = place.seen, self._members
        if seen is None:
            return
        home = members.now(place.scope, seen.suspect)
        served = members.served(place.scope, home)
        if served is None:
            return  # dropped or expired since
        answers = _Answers(self._members, self._judge, place.scope, entry.answer.text)
        agrees = answers.compare(served)
        others = sum(map(answers.compare, answers.more(home, clustering.AUDITED - 1, [served])))
        evidence = agrees + others or answers.judged(job, entry.id, served)
        if evidence == 0.0:
            counters.count("audit.unclear")
            return
        right = clustering.lesson(seen.probability, evidence)
        if agrees < 0.0 and clustering.lesson(seen.probability, others) >= clustering.LESSON_AT:
            # The entry fits, and what it serves does not: this phrasing's answer may take its place.
            joined = self._write(self._store.join, job, place, replace(entry, id=home), known_until)
            if joined and self._voted_out(place, home, served, agrees, answers, ttl_s=known_until - entry.created_at):
                right = clustering.SERVED_WRONG
        self._boundaries.teach(job.tenant, place.bucket, Taught(seen.features, right, weight, audited=True))
        counters.count("audit.compared")
        if right >= clustering.LESSON_AT:
            self._write(self._store.join, job, place, replace(entry, id=home), known_until)
        elif right <= clustering.WRONG_AT and right != clustering.SERVED_WRONG:
            # The next who asks in these words gets the answer that was given to them.
            self._write(self._store.put, job, place, entry, known_until)
            counters.count("audit.wrong")

    def audited_twin(self, job: Job, job_id: str, place: Place, entry: Entry, *, known_until: float) -> None:
        """Compare the fresh answer to a near-exact hit with its twin's; unlike ones are no twins again."""
        answers = _Answers(self._members, self._judge, place.scope, entry.answer.text)
        agrees = answers.compare(place.twin) or answers.judged(job, job_id, place.twin)
        if agrees == 0.0:
            counters.count("audit.unclear")
            return
        wrong = agrees < 0.0
        self._billing.charge(f"{job_id}.twin", job.tenant, ledger.record_twin(wrong=wrong))
        if wrong:
            self._members.cannot_match(place.scope, place.key, [place.twin])
            self._write(self._store.put, job, place, entry, known_until)
            counters.count("audit.twin_wrong")

    def _voted_out(
        self, place: Place, home: str, served: str, agrees: float, answers: _Answers, *, ttl_s: float
    ) -> bool:
        """Did the fresh answer, which surely belongs to the entry, take the place of the served one?"""
        members, scope = self._members, place.scope
        before = members.trust(scope, [f"served:{home}"])
        sums = dict(before)
        check = partial(answers.against, home, served)
        elected = Trust(sums, answer_match.ONE).served(home, place.key, agrees, check=check)
        members.keep_trust(scope, before, sums, ttl_s=ttl_s)
        if elected is None or not members.elect(scope, home, elected.key):
            return False
        counters.count("audit.elected")
        return True

    def _as_it_is_now(self, place: Place) -> Neighbourhood | None:
        """What the lookup saw, with each phrasing in the entry where it is by now; None when nothing of it is left."""
        seen = place.seen
        if seen is None:
            return None
        members = self._members
        homes = members.homes(place.scope, [one.key for one in seen.near])
        cannot = members.never_matched(place.scope, place.key)
        apart = {home for key, home in homes.items() if key in cannot}
        near = tuple(
            replace(one, entry=homes[one.key])
            for one in seen.near
            if one.key in homes and one.key != place.key and homes[one.key] not in apart
        )
        suspect = members.now(place.scope, seen.suspect)
        return replace(seen, near=near, suspect=suspect) if near and suspect not in apart else None

    def _stored(
        self, job: Job, place: Place, entry: Entry, placed: Placement | None, *, known_until: float
    ) -> str | None:
        """The entry that the fresh answer is in now; None where a person's correction stands instead."""
        home = None if placed is None else placed.entry
        if home is not None and self._write(self._store.join, job, place, replace(entry, id=home), known_until):
            counters.count("write_back.joined")
            return home
        if not self._write(self._store.put, job, place, entry, known_until):
            counters.count("write_back.corrected")
            return None
        counters.count("write_back.stored")
        return entry.id

    def _write(self, how: Callable[..., bool], job: Job, place: Place, entry: Entry, known_until: float) -> bool:
        """Put or join the entry, and note the documents that its answer rests on."""
        done = how(place.scope, place.key, entry, vector=place.vector, tenant=job.tenant, known_until=known_until)
        if done and job.sources:
            self._sources.bind(job.tenant, job.sources, place.scope, entry.id, known_until=known_until)
        return done

    def _forget_what_is_over(self, scope: str, suspect: str) -> None:
        """An entry whose answer has expired, and whose question is answered otherwise by now, is of no more use."""
        if not self._members.lives(scope, suspect):
            self._store.drop(scope, suspect)
            counters.count("write_back.outdated")

    def _judge_the_others(self, place: Place, home: str, placed: Placement, answers: _Answers, *, ttl_s: float) -> None:
        """Merge what turned out to be one, serve what most agree on, expel what joined wrongly."""
        members, scope = self._members, place.scope
        sure = placed.entry == home and placed.sure >= clustering.LESSON_AT
        homes = members.homes(scope, list(placed.said)) if sure else {}
        mine = [key for key, entry in homes.items() if entry == home]
        before = members.trust(scope, clustering.names(home, placed, mine))
        sums = dict(before)
        trust = Trust(sums, answer_match.ONE)
        for merge in trust.pairs(home, placed, check=partial(answers.between, home)):
            merged = members.merge(scope, home, merge.other)
            if merged is not None:
                home = merged
                counters.count("write_back.merged")
        if sure:
            served = members.served(scope, home)
            if served is not None and served != place.key:
                check = partial(answers.against, home, served)
                elected = trust.served(home, place.key, answers.compare(served), check=check)
                if elected is not None and members.elect(scope, home, elected.key):
                    counters.count("write_back.elected")
            for expelled in trust.members(home, mine, placed):
                if members.expel(scope, home, expelled.key):
                    counters.count("write_back.expelled")
        members.keep_trust(scope, before, sums, ttl_s=ttl_s)
