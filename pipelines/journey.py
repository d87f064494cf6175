"""The journey: the stages of a job, their names on the wire, and what each hands to the next.

cache-lookup ── hit ─▶ Answer
     │ miss (the only fork)
     ▼
classify ── rule ─▶ Answer
     ▼ Route
compress-context
     ▼ fewer messages
model-call ─▶ Answer ─▶ write-back
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pipelines.answer import Route, usd
from pipelines.errors import JobInvalid
from pipelines.job import Job
from pipelines.message import Message
from pipelines.neighbourhood import Neighbourhood

if TYPE_CHECKING:
    from collections.abc import Mapping

# Task names are the wire's contract: they never follow the file that a function happens to live in.
LOOKUP = "chat.cache_lookup"
CLASSIFY = "chat.classify"
COMPRESS = "chat.compress_context"
MODEL_CALL = "chat.model_call"
WRITE_BACK = "cache.write_back"
MAINTAIN = "cache.maintain"
FEEDBACK = "cache.feedback"

# Headers of a job's broker messages, beside Celery's own.
SUBMITTED_AT = "farthing_submitted_at"  # seconds since the epoch, by the sender's clock
TENANT = "farthing_tenant"  # whose turn it uses

AFTER_A_MISS = (CLASSIFY, COMPRESS, MODEL_CALL)

Compared = Literal["premium", "conversation"]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where in the cache this job's answer belongs.

    ``scope`` and ``key`` are hex digests (see fingerprint); ``vector`` is the question's unit vector as
    little-endian float16 bytes, or None when no encoder reads the question; ``encoder`` is that encoder's
    fingerprint, empty without one; ``bucket`` is what the question's risk is counted under (see risk); ``seen`` is what
    lay near, with which the fresh answer is compared; ``own`` when the scope is one user's alone; ``mine`` is the
    scope of this job's user alone, empty without a user; ``twin`` is the exact key of the phrasing that is near-exactly
    this question, where its answer was served.
    """

    scope: str
    key: str
    encoder: str = ""
    bucket: str = ""
    vector: bytes | None = None
    seen: Neighbourhood | None = None
    own: bool = False
    mine: str = ""
    twin: str = ""

    def encode(self) -> dict[str, Any]:
        """JSON values; the vector in base64."""
        vector = None if self.vector is None else base64.b64encode(self.vector).decode("ascii")
        seen = None if self.seen is None else self.seen.encode()
        return {
            "scope": self.scope,
            "key": self.key,
            "encoder": self.encoder,
            "bucket": self.bucket,
            "vector": vector,
            "seen": seen,
            "own": self.own,
            "mine": self.mine,
            "twin": self.twin,
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Slot:
        """Read what :meth:`encode` wrote."""
        vector, seen = raw.get("vector"), raw.get("seen")
        return cls(
            scope=raw["scope"],
            key=raw["key"],
            encoder=raw.get("encoder") or "",
            bucket=raw.get("bucket") or "",
            vector=None if vector is None else base64.b64decode(vector, validate=True),
            seen=None if seen is None else Neighbourhood.decode(seen),
            own=bool(raw.get("own")),
            mine=raw.get("mine") or "",
            twin=raw.get("twin") or "",
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """What one stage hands to the next: the job, and everything decided so far. It grows forward only.

    ``submitted_at`` and ``started_at`` are seconds since the epoch (when the sender submitted the job, if it
    said so; when the first stage began); ``spent_usd`` is what was paid before the model call (embedding).
    ``slot`` is None when the cache must not be written; ``messages`` are those that are sent, None for all of the
    job's; ``alone`` when no earlier turn is among them because the question needs none. ``audit`` is the weight of an
    audit: the job was answered from the cache, and is answered afresh to see if that was right. ``flight`` names the
    jobs that wait for this one's answer, empty where none can. ``against`` is the answer that the caller had, where the
    question is asked again off the path to compare: of ``premium``, or with the whole ``conversation``. ``sums_up``
    says of which part of a conversation the answer is the summary, where it is one.
    """

    job: Job
    job_id: str
    started_at: float
    submitted_at: float | None = None
    slot: Slot | None = None
    route: Route | None = None
    messages: tuple[Message, ...] | None = None
    context: Mapping[str, Any] | None = None
    spent_usd: Decimal = Decimal(0)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    audit: float | None = None
    alone: bool = False
    flight: str = ""
    against: str | None = None
    sums_up: Mapping[str, Any] | None = None
    compares: Compared = "premium"

    def __repr__(self) -> str:
        return f"Progress(job_id={self.job_id!r}, {self.job!r})"

    @property
    def deadline_at(self) -> float:
        """Seconds since the epoch at which the caller stops waiting."""
        return self.waits_since + self.job.deadline_s

    @property
    def waits_since(self) -> float:
        """From when on the caller waits, seconds since the epoch: as the sender said, else as the first stage began."""
        return self.started_at if self.submitted_at is None else self.submitted_at

    @property
    def off_path(self) -> bool:
        """Does no caller wait for it?"""
        return self.audit is not None or self.sums_up is not None

    @property
    def sent(self) -> tuple[Message, ...]:
        """What goes to the model."""
        return self.job.messages if self.messages is None else self.messages

    @property
    def asking(self) -> Job:
        """The job as the model gets it: its messages are those that are sent."""
        return self.job if self.messages is None else replace(self.job, messages=self.messages)

    @property
    def lean(self) -> Progress:
        """What write-back needs: no text but the question's."""
        job = self.job
        params = {name: value for name, value in job.params.items() if name == "temperature"}
        return replace(
            self, job=replace(job, messages=(job.question.without_files,), params=params), messages=None, context=None
        )

    def encode(self) -> dict[str, Any]:
        """JSON values, for the next stage's argument. A message that is the job's own is named by its number."""
        place_of = {id(message): number for number, message in enumerate(self.job.messages)}
        return {
            "job": self.job.encode(),
            "job_id": self.job_id,
            "started_at": self.started_at,
            "submitted_at": self.submitted_at,
            "slot": None if self.slot is None else self.slot.encode(),
            "route": None if self.route is None else self.route.hand_on(),
            "messages": None
            if self.messages is None
            else [place_of[id(m)] if id(m) in place_of else m.encode() for m in self.messages],
            "context": None if self.context is None else dict(self.context),
            "spent_usd": usd(self.spent_usd),
            "timings_ms": dict(self.timings_ms),
            "degraded": list(self.degraded),
            "audit": self.audit,
            "alone": self.alone,
            "flight": self.flight,
            **({} if self.sums_up is None else {"sums_up": dict(self.sums_up)}),
            **({} if self.against is None else {"against": self.against, "compares": self.compares}),
        }

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Progress:
        """Read what :meth:`encode` wrote; raises JobInvalid when another than a stage of this fleet wrote it."""
        try:
            return cls._restored(raw)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            raise JobInvalid("progress", "something else", "what the stage before this one handed on") from None

    @classmethod
    def _restored(cls, raw: Mapping[str, Any]) -> Progress:
        messages, slot, route = raw.get("messages"), raw.get("slot"), raw.get("route")
        job = Job.restore(raw["job"])
        return cls(
            job=job,
            job_id=raw["job_id"],
            started_at=raw["started_at"],
            submitted_at=raw.get("submitted_at"),
            slot=None if slot is None else Slot.decode(slot),
            route=None if route is None else Route.decode(route),
            messages=None
            if messages is None
            else tuple(job.messages[m] if isinstance(m, int) else Message.restore(m) for m in messages),
            context=raw.get("context"),
            spent_usd=Decimal(raw.get("spent_usd") or 0),
            timings_ms=raw.get("timings_ms") or {},
            degraded=tuple(raw.get("degraded") or ()),
            audit=raw.get("audit"),
            alone=bool(raw.get("alone")),
            flight=raw.get("flight") or "",
            against=raw.get("against"),
            sums_up=raw.get("sums_up"),
            compares=raw.get("compares") or "premium",  # a worker of an older version did not say
        )
