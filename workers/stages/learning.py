"""What a fresh answer teaches, on Redis: the memory of one scope as pipelines.cache.learning wants it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.cache import answer_match, learning
from pipelines.cache.judge import evidence, known
from pipelines.cache.lessons import RawLesson
from pipelines.money import ledger
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pipelines.cache.entry import Entry
    from pipelines.job import Job
    from pipelines.journey import Slot
    from pipelines.neighbourhood import Neighbourhood
    from workers.cache.clusters import Membership
    from workers.cache.documents import Sources
    from workers.cache.entries import CacheStore
    from workers.cache.risk_state import Boundaries
    from workers.stages.billing import Billing
    from workers.stages.judge import Judge


class Learning:
    """Stores fresh answers where they belong, and teaches the boundaries. All raise StoreUnavailable."""

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

    def store(self, job: Job, slot: Slot, entry: Entry, *, known_until: float) -> None:
        """Store a fresh answer where it belongs; ``entry``: as it would be stored alone."""
        lesson = learning.store(self._memory(job, entry.id, slot, entry, known_until, "write_back"), slot.seen)
        if lesson is not None and slot.seen is not None:
            self._teach(job, slot.bucket, slot.seen, lesson)

    def audited(self, job: Job, slot: Slot, entry: Entry, *, weight: float, known_until: float) -> None:
        """Compare the fresh answer to a hit with what was served; ``weight``: for how many hits it stands."""
        if slot.seen is None:
            return
        lesson = learning.audit(self._memory(job, entry.id, slot, entry, known_until, "audit"), slot.seen)
        if lesson is not None:
            self._teach(job, slot.bucket, slot.seen, lesson, weight)
            counters.count("audit.compared")

    def _teach(self, job: Job, bucket: str, seen: Neighbourhood, lesson: learning.Lesson, weight: float = 1.0) -> None:
        taught = RawLesson(seen.features, lesson.right, weight, lesson.audited, known(seen), lesson.evidence)
        self._boundaries.teach(job.tenant, bucket, taught)

    def audited_twin(self, job: Job, job_id: str, slot: Slot, entry: Entry, *, known_until: float) -> None:
        """Compare the fresh answer to a near-exact hit with its twin's; unlike ones are no twins again."""
        memory = self._memory(job, job_id, slot, entry, known_until, "audit")
        agrees = memory.compare(slot.twin) or memory.compare_by_judge(slot.twin)
        if agrees == 0.0:
            memory.note("unclear")
            return
        wrong = agrees < 0.0
        self._billing.charge(f"{job_id}.twin", job.tenant, ledger.record_twin(wrong=wrong))
        if wrong:
            self._members.cannot_match(slot.scope, slot.key, [slot.twin])
            memory.put()
            memory.note("twin_wrong")

    def _memory(self, job: Job, asked_as: str, slot: Slot, entry: Entry, until: float, stage: str) -> ScopeMemory:
        return ScopeMemory(
            self._store, self._members, self._sources, self._judge, job, asked_as, slot, entry, until, stage
        )


@dataclass(slots=True)
class ScopeMemory:
    """A scope in Redis beside one fresh answer, ``entry`` as it would be stored alone; answers are fetched once.

    ``asked_as``: the id that the judge is billed under; ``stage`` begins the events' names.
    """

    store: CacheStore
    members: Membership
    sources: Sources
    judge: Judge
    job: Job
    asked_as: str
    slot: Slot
    entry: Entry
    known_until: float
    stage: str
    one: float = answer_match.ONE
    _known: dict[str, str] = field(default_factory=dict)
    _compared: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The phrasing's exact key."""
        return self.slot.key

    def compare(self, key: str) -> float:
        """By the words of the two answers."""
        if key not in self._compared:
            answers = self._answers([key]).get(key)
            self._compared[key] = 0.0 if answers is None else answer_match.evidence(self.entry.answer.text, answers)
        return self._compared[key]

    def compare_by_judge(self, key: str) -> float:
        """By the judge, within its budget."""
        answers = self._answers([key]).get(key)
        same = None
        if answers is not None:
            same = self.judge.same_answer(self.job, self.asked_as, self.entry.answer.text, answers)
        return 0.0 if same is None else evidence(yes=same)

    def between(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """By the words; a pair compared before would say the same again."""
        fresh = self.members.evidence.not_compared(self.slot.scope, pairs)
        known = self._answers([key for pair in fresh for key in pair])
        return [answer_match.evidence(known[a], known[b]) for a, b in fresh if {a, b} <= known.keys()]

    def more(self, entry: str, count: int, besides: Collection[str]) -> Sequence[str]:
        """As the protocol says."""
        found = self.members.more(self.slot.scope, entry, count, besides)
        self._answers(found)
        return found

    def homes(self, keys: Sequence[str]) -> dict[str, str]:
        """As the protocol says; their answers are wanted next."""
        self._answers(keys)
        return self.members.homes(self.slot.scope, keys)

    def apart(self) -> Collection[str]:
        """As the protocol says."""
        return self.members.never_matched(self.slot.scope, self.key)

    def entry_now(self, entry: str) -> str:
        """As the protocol says."""
        return self.members.now(self.slot.scope, entry)

    def served(self, entry: str) -> str | None:
        """As the protocol says."""
        return self.members.served(self.slot.scope, entry)

    def join(self, entry: str) -> bool:
        """As the protocol says."""
        return self._write(self.store.join, replace(self.entry, id=entry))

    def put(self) -> str | None:
        """As the protocol says."""
        return self.entry.id if self._write(self.store.put, self.entry) else None

    def merge(self, entry: str, other: str) -> str | None:
        """As the protocol says."""
        return self.members.merge(self.slot.scope, entry, other)

    def elect(self, entry: str, key: str) -> bool:
        """As the protocol says."""
        return self.members.elect(self.slot.scope, entry, key)

    def expel(self, entry: str, key: str) -> bool:
        """As the protocol says."""
        return self.members.expel(self.slot.scope, entry, key)

    def move(self, key: str, entry: str) -> bool:
        """As the protocol says."""
        return self.members.move(self.slot.scope, key, entry)

    def forget(self, entry: str) -> None:
        """As the protocol says."""
        if not self.members.lives(self.slot.scope, entry):
            self.store.drop(self.slot.scope, entry)
            self.note("outdated")

    def trust(self, names: Sequence[str]) -> dict[str, float]:
        """As the protocol says."""
        return self.members.evidence.trust(self.slot.scope, names)

    def write_trust(self, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        """As the protocol says; forgotten some days later."""
        self.members.evidence.write_trust(self.slot.scope, before, after)

    def note(self, event: str) -> None:
        """Counted."""
        counters.count(f"{self.stage}.{event}")

    def _answers(self, keys: Sequence[str]) -> dict[str, str]:
        """What these were answered, in one round trip."""
        missing = [key for key in keys if key not in self._known]
        if missing:
            self._known.update(self.members.answers(self.slot.scope, missing))
        return self._known

    def _write(self, how: Callable[..., bool], entry: Entry) -> bool:
        """Put or join the entry, and note the documents that its answer rests on."""
        slot, job = self.slot, self.job
        done = how(slot.scope, slot.key, entry, vector=slot.vector, tenant=job.tenant, known_until=self.known_until)
        if done and job.sources:
            self.sources.bind(job.tenant, job.sources, slot.scope, entry.id, known_until=self.known_until)
        return done
