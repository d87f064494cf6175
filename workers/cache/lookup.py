"""The cache as a lookup worker sees it: where a job belongs, and which entry may answer it."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.cache import judge, risk, verifier
from pipelines.cache.decision import (
    EXACT,
    NEAR_EXACT,
    Gray,
    Hit,
    Miss,
    apart,
    audit_of_twins,
    decide,
    promoted,
    repeated,
    twins,
)
from pipelines.cache.scope import digest, exact_key, scope_of, user_mark
from pipelines.context.prompt import closed
from pipelines.errors import EncoderUnavailable, StoreUnavailable
from pipelines.journey import Slot
from pipelines.text import normalise
from pipelines.vectors.encoder import pack, reader
from workers.cache.rows import ExactTier
from workers.config.tenants import CacheRules
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.cache.entry import Entry
    from pipelines.context.prompt import Prompt
    from pipelines.job import Job
    from pipelines.routing.rules import RuleBook
    from pipelines.vectors.encoder import Encoder
    from workers.cache.clusters import Membership
    from workers.cache.entries import CacheStore
    from workers.cache.min_users import Sharing
    from workers.cache.replica import Replicas
    from workers.cache.risk_state import Boundaries


AWAY_S = 5.0  # a cache that failed is not asked again for so long


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What a lookup came to: an entry and how it was chosen, or the slot where a fresh answer belongs.

    ``prompt`` is what a fresh answer is made with, where it has a slot; ``audit`` is the weight of this hit's audit,
    None when it is not to be audited.
    """

    slot: Slot | None
    prompt: Prompt
    entry: Entry | None = None
    hit: Hit | None = None
    audit: float | None = None
    degraded: tuple[str, ...] = ()
    spent_usd: Decimal = Decimal(0)


class Lookup:
    """Exact tier, then semantic tier. It fails open: a broken cache is a miss that says so."""

    def __init__(
        self,
        store: CacheStore,
        members: Membership,
        replicas: Replicas,
        encoders: Sequence[Encoder],
        boundaries: Boundaries,
        sharing: Sharing,
        secret: bytes,
        book: RuleBook,
        *,
        rules_of: Callable[[str], CacheRules] = lambda tenant: CacheRules(),  # noqa: ARG005 - the same for all
        broken: Sequence[str] = (),
        judged: bool = False,
    ) -> None:
        self._store, self._members, self.replicas, self._encoders = store, members, replicas, encoders
        self._judged, self._sharing = judged, sharing
        self._boundaries, self._secret = boundaries, secret
        self._book, self._rules_of = book, rules_of
        self._broken = tuple(broken)
        self._away_until = 0.0

    def find(self, job: Job, now: float, *, after_another: bool = False) -> LookupResult:
        """Look one job up at ``now`` (seconds since the epoch); ``after_another``: whose answer was written just now.

        What a rule may answer is not the cache's, whether the rule answers it or not.
        """
        rules = self._rules_of(job.tenant)
        prompt = closed(job, leave_out=rules.leave_out)
        question = prompt.words
        for kind in prompt.volatile:
            counters.count(f"key.{kind}_in_instructions")
        if job.cache == "bypass" or self._book.claims(question, job.tenant):
            return LookupResult(None, prompt)
        own = prompt.personal or (prompt.about_the_asker and not rules.share_about_asker)
        if own and job.user is None:
            counters.count("cache.nobodys")
            return LookupResult(None, prompt)  # nobody to keep it for
        # The words as the exact key has them decide who reads them: full-width letters are no other language.
        encoder = reader(self._encoders, normalise.normalise(question)) if prompt.readable else None
        if encoder is None and self._encoders and prompt.readable:
            counters.count("encoder.unread")
        elif encoder is not None and encoder.kind == verifier.CHARACTERS and encoder is not self._encoders[0]:
            counters.count("encoder.characters")
        fingerprinted = "" if encoder is None else encoder.fingerprint
        around = digest(prompt.around)
        scope, mine = (
            scope_of(job, secret=self._secret, encoder=fingerprinted, around=around, user=user)
            for user in (None, job.user)
        )
        bucket = risk.bucket(
            job.category, kind=verifier.SENTENCES if encoder is None else encoder.kind, follows=prompt.follows
        )
        scope = mine if own else scope
        slot = Slot(
            scope=scope,
            key=exact_key(scope, question),
            bucket=bucket,
            own=own,
            mine="" if job.user is None else mine,
        )
        without = LookupResult(slot, prompt, degraded=(*self._broken, "cache unavailable"))
        if time.monotonic() < self._away_until:
            counters.count("cache.unavailable")
            return without
        try:
            if after_another:
                self.replicas.catch_up(slot.scope)
            return self._find(job, slot, prompt, encoder, now)
        except (StoreUnavailable, EncoderUnavailable) as error:
            if isinstance(error, StoreUnavailable) and error.role == "cache":
                # A Redis that hangs would cost every job its patience: it is left alone for a while.
                self._away_until = time.monotonic() + AWAY_S
            counters.count("cache.unavailable")
            logs.log().warning("cache skipped", said=str(error))
            return without

    def _find(self, job: Job, slot: Slot, prompt: Prompt, encoder: Encoder | None, now: float) -> LookupResult:
        question = prompt.words
        known = ExactTier()
        if job.cache == "use":
            known = self._exact_tier(job, slot)
            if slot.key in known.apart:
                return self._of_ones_own(job, slot, prompt, encoder, now)
            repeated = self._repeated(job, slot, prompt, known, now)
            if repeated is not None:
                return repeated
            if known.entry is None:
                self._sharing.note(job, slot)
        if encoder is None:
            return LookupResult(slot, prompt, degraded=self._broken)
        vector = encoder.encode([question])[0]
        slot = replace(slot, encoder=encoder.fingerprint, vector=pack(vector))
        missed = LookupResult(slot, prompt, degraded=self._broken, spent_usd=encoder.cost_usd(question))
        if job.cache == "refresh":
            return missed
        around = self.replicas.search(slot.scope, vector, verifier.NEAREST, now)
        if any(one.key == slot.key for one in around.candidates):
            # It was answered since the exact tier was asked.
            known = self._exact_tier(job, slot)
            repeated = self._repeated(job, slot, prompt, known, now)
            if repeated is not None:
                return repeated
        policy = self._boundaries.policy(job.tenant, slot.bucket)
        candidates = apart(around.candidates, known.cannot)
        decision = decide(question, candidates, around.centroids.__getitem__, policy)
        counters.count(f"semantic.{type(decision).__name__.lower()}")
        if decision.seen is not None and decision.seen.suspect in known.apart:
            return self._of_ones_own(job, slot, prompt, encoder, now)
        return self._decided(job, replace(missed, slot=replace(slot, seen=decision.seen)), decision, known, now)

    def _decided(
        self, job: Job, missed: LookupResult, decision: Hit | Miss | Gray, known: ExactTier, now: float
    ) -> LookupResult:
        slot = missed.slot
        assert slot is not None  # noqa: S101 - what was decided lies somewhere
        if isinstance(decision, Gray) and self._judged and judge.could_serve(decision.seen):
            verdict = self._members.judged_entry(slot.scope, known.verdict)
            if verdict is None or verdict[0] != decision.seen.suspect or verdict[1] < decision.seen.served_at:
                return missed  # the judge notes it, whatever comes of it
            decision = promoted(decision.seen, verdict[1])
        if isinstance(decision, Hit):
            return self._served(job, missed, decision, now)
        self._boundaries.note(job.tenant, slot.bucket, decision.seen, served=False)
        return missed

    def _exact_tier(self, job: Job, slot: Slot) -> ExactTier:
        # Nobody said anything is wrong in a cache that is one user's own: it was dropped there.
        mark = "" if job.user is None or slot.own else user_mark(job.user, secret=self._secret)
        return self._store.find(slot.scope, slot.key, mark)

    def _repeated(self, job: Job, slot: Slot, prompt: Prompt, known: ExactTier, now: float) -> LookupResult | None:
        """What was said to this very question, or to its near-exact twin, while it lives; such a hit is audited."""
        question = prompt.words
        for entry, decided_by in ((known.entry, EXACT), (known.twin, NEAR_EXACT)):
            if entry is None or entry.expires_at <= now or entry.id in known.apart:
                continue
            near = decided_by == NEAR_EXACT
            if near and (known.twin_key in known.cannot or not twins(question, entry.question)):
                continue
            if not self._sharing.allows(job, slot, entry):
                continue
            self._boundaries.note(job.tenant, slot.bucket, None, served=False)
            hit = repeated(entry, decided_by)
            if not near:
                return LookupResult(slot, prompt, entry=entry, hit=hit, degraded=self._broken)
            audit = audit_of_twins(random.random())  # noqa: S311 - a sample, no secret
            twin = replace(slot, twin=known.twin_key)
            return LookupResult(twin, prompt, entry=entry, hit=hit, audit=audit, degraded=self._broken)
        return None

    def _of_ones_own(self, job: Job, slot: Slot, prompt: Prompt, encoder: Encoder | None, now: float) -> LookupResult:
        """For a user who said that what others are given is wrong: among that user's own answers alone."""
        counters.count("cache.apart")
        key = exact_key(slot.mine, prompt.words)
        return self._find(job, replace(slot, scope=slot.mine, key=key, own=True), prompt, encoder, now)

    def _served(self, job: Job, missed: LookupResult, hit: Hit, now: float) -> LookupResult:
        """The entry if its answer still lives, and whether this hit is audited."""
        slot = missed.slot
        assert slot is not None  # noqa: S101 - a hit lies somewhere
        entry, asked = self._store.serve(slot.scope, hit.entry_id) or (None, 0)
        lives = entry is not None and entry.expires_at > now and self._sharing.allows(job, slot, entry)
        self._boundaries.note(job.tenant, slot.bucket, hit.seen, served=lives, offset=hit.offset)
        if not lives:
            return missed
        # Once it was asked in vain; the others were given it.
        audit = self._boundaries.audit(job.tenant, slot.bucket, hit.probability, of_entry=max(0, asked - 1))
        return replace(missed, entry=entry, hit=hit, audit=audit)
