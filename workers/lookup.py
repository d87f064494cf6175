"""The cache as a lookup worker sees it: where a job belongs, and which entry may answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines import cache, encoding, fingerprint, followup, judging, privacy, risk, verify
from pipelines.errors import EncoderUnavailable, StoreUnavailable
from pipelines.journey import Place
from workers import telemetry
from workers.phrasings import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.encoding import Encoder
    from pipelines.job import Job
    from workers.boundaries import Boundaries
    from workers.membership import Membership
    from workers.replica import Replicas
    from workers.sharing import Sharing
    from workers.stores import CacheStore


@dataclass(frozen=True, slots=True)
class Found:
    """What a lookup came to: an entry and how it was chosen, or the place where a fresh answer belongs.

    ``audit`` is the weight of this hit's audit, None when it is not to be audited.
    """

    place: Place | None
    entry: cache.Entry | None = None
    hit: cache.Hit | None = None
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
        *,
        broken: Sequence[str] = (),
        judged: bool = False,
    ) -> None:
        self._store, self._members, self.replicas, self._encoders = store, members, replicas, encoders
        self._judged, self._sharing = judged, sharing
        self._boundaries, self._secret = boundaries, secret
        self._broken = tuple(broken)

    def find(self, job: Job, now: float) -> Found:
        """Look one job up at ``now`` (seconds since the epoch)."""
        if job.cache == "bypass":
            return Found(place=None)
        standing = followup.standing(job)
        personal = any(map(privacy.personal, (standing.question, *(m.text for m in standing.context))))
        if personal and job.user is None:
            return Found(place=None)  # nobody to keep it for
        encoder = encoding.reader(self._encoders, standing.question)
        scope = fingerprint.scope(
            job,
            secret=self._secret,
            encoder="" if encoder is None else encoder.fingerprint,
            context=standing.context,
            user=job.user if personal else None,
        )
        bucket = risk.bucket(
            job.category, kind=verify.SENTENCES if encoder is None else encoder.kind, follows=standing.follows
        )
        key = fingerprint.exact_key(scope, standing.question)
        place = Place(scope=scope, key=key, bucket=bucket, own=personal)
        try:
            return self._find(job, place, standing.question, encoder, now)
        except (StoreUnavailable, EncoderUnavailable) as error:
            telemetry.count("cache.unavailable")
            telemetry.log().warning("cache skipped", said=str(error))
            return Found(place=place, degraded=(*self._broken, "cache unavailable"))

    def _find(self, job: Job, place: Place, question: str, encoder: Encoder | None, now: float) -> Found:
        known = Known(None)
        if job.cache == "use":
            known = self._store.find(place.scope, place.key)
            entry = known.entry
            if entry is not None and entry.expires_at > now and self._sharing.allows(job, place, entry):
                self._boundaries.note(job.tenant, place.bucket, None, served=False)
                hit = cache.Hit(entry.id, similarity=1.0, probability=1.0, decided_by="exact")
                return Found(place=place, entry=entry, hit=hit, degraded=self._broken)
            if entry is None:
                self._sharing.note(job, place)
        if encoder is None:
            return Found(place=place, degraded=self._broken)
        vector = encoder.encode([question])[0]
        spent_usd = encoder.cost_usd(question)
        place = replace(place, encoder=encoder.fingerprint, vector=encoding.pack(vector))
        missed = Found(place=place, degraded=self._broken, spent_usd=spent_usd)
        if job.cache == "refresh":
            return missed
        around = self.replicas.search(place.scope, vector, verify.NEAREST, now)
        policy = self._boundaries.policy(job.tenant, place.bucket)
        candidates = cache.apart(around.candidates, known.cannot)
        decision = cache.decide(question, candidates, around.centres.__getitem__, policy)
        telemetry.count(f"semantic.{type(decision).__name__.lower()}")
        missed = replace(missed, place=replace(place, seen=decision.seen))
        if isinstance(decision, cache.Gray) and self._judged and judging.could_serve(decision.seen):
            verdict = self._members.verdict(place.scope, known.verdict)
            if verdict is None or verdict[0] != decision.seen.suspect or verdict[1] < policy.at:
                return missed  # the judge notes it, whatever comes of it
            decision = cache.promoted(decision.seen, verdict[1])
        if isinstance(decision, cache.Hit):
            return self._served(job, missed, decision, now)
        self._boundaries.note(job.tenant, place.bucket, decision.seen, served=False)
        return missed

    def _served(self, job: Job, missed: Found, hit: cache.Hit, now: float) -> Found:
        """The entry if its answer still lives, and whether this hit is audited."""
        place = missed.place
        assert place is not None  # noqa: S101 - a hit lies somewhere
        entry = self._store.serve(place.scope, hit.entry_id)
        lives = entry is not None and entry.expires_at > now and self._sharing.allows(job, place, entry)
        self._boundaries.note(job.tenant, place.bucket, hit.seen, served=lives, offset=hit.offset)
        if not lives:
            return missed
        audit = self._boundaries.audit(job.tenant, place.bucket, hit.probability)
        return replace(missed, entry=entry, hit=hit, audit=audit)
