"""The answer: what the caller gets back, what it cost and what it would have cost, with its codec."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.job import Job

Source = Literal["exact", "semantic", "follower", "rule", "model"]
SOURCES: tuple[Source, ...] = ("exact", "semantic", "follower", "rule", "model")
Tier = Literal["rule", "economy", "premium"]


def usd(amount: Decimal) -> str:
    """Dollars as a plain decimal string (never ``1E-7``), trailing zeros dropped, at least one digit."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; ``cached_tokens`` are part of ``prompt_tokens``."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def __post_init__(self) -> None:
        if min(self.prompt_tokens, self.cached_tokens, self.completion_tokens) < 0:
            raise ValueError(f"usage: got {self}, expected counts of 0 or more")
        if self.cached_tokens > self.prompt_tokens:
            raise ValueError(f"usage: got {self}, expected cached_tokens <= prompt_tokens")


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers. ``score`` in [0, 1] rises with the expected gain of premium; ``reason`` is words.

    ``checks`` are the names of those that spoke of the answer that is given; ``escalated`` of those that spoke of
    economy's, where premium was asked after it: ``first_usd`` and ``premium_usd`` are what each cost. ``spoiled``: the
    answer is not kept for others. ``by_gain``: what is expected of the tiers decided, no rule; ``gain`` is the expected
    gain of premium where outcomes told it; ``models`` are asked in this order where a panel of models decided.
    ``arm`` is where it counts while another router is tried (see canary), '' where none is.
    """

    tier: Tier
    score: float
    reason: str
    model: str | None = None
    provider: str | None = None
    checks: tuple[str, ...] = ()
    escalated: tuple[str, ...] = ()
    first_usd: Decimal = Decimal(0)
    premium_usd: Decimal = Decimal(0)
    spoiled: bool = False
    by_gain: bool = False
    gain: float = 0.0
    models: tuple[str, ...] = ()
    arm: str = ""

    def encode(self) -> dict[str, Any]:
        """As it stands in an answer."""
        found: dict[str, Any] = {"tier": self.tier, "score": self.score, "reason": self.reason}
        if self.checks:
            found |= {"checks": list(self.checks), "spoiled": self.spoiled}
        if self.escalated:
            found |= {
                "escalated": list(self.escalated),
                "first_usd": usd(self.first_usd),
                "premium_usd": usd(self.premium_usd),
            }
        return found

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Route:
        """Read what :meth:`encode` wrote, or a stage handed on."""
        return cls(
            tier=raw["tier"],
            score=raw["score"],
            reason=raw["reason"],
            model=raw.get("model"),
            provider=raw.get("provider"),
            checks=tuple(raw.get("checks") or ()),
            escalated=tuple(raw.get("escalated") or ()),
            first_usd=Decimal(raw.get("first_usd") or 0),
            premium_usd=Decimal(raw.get("premium_usd") or 0),
            spoiled=bool(raw.get("spoiled")),
            by_gain=bool(raw.get("by_gain")),
            gain=float(raw.get("gain") or 0.0),
            models=tuple(raw.get("models") or ()),
            arm=str(raw.get("arm") or ""),
        )

    def hand_on(self) -> dict[str, Any]:
        """For the next stage: all that :meth:`decode` reads."""
        more: dict[str, Any] = {"model": self.model, "provider": self.provider}
        more |= {"by_gain": self.by_gain, "gain": self.gain}
        if self.models:
            more["models"] = list(self.models)
        if self.arm:
            more["arm"] = self.arm
        return {**self.encode(), **more}


@dataclass(frozen=True, slots=True)
class Answer:
    """One job's answer. Money is Decimal dollars; timings are milliseconds; ``tenant`` and ``fingerprint`` say whose it
    is (see Job.fingerprint).
    """

    text: str
    source: Source
    finish_reason: str = "stop"
    message: Mapping[str, Any] | None = None
    model: str | None = None
    provider: str | None = None
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal = Decimal(0)
    baseline_usd: Decimal = Decimal(0)
    price_version: str = ""
    route: Route | None = None
    cache: Mapping[str, Any] | None = None
    context: Mapping[str, Any] | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    job_id: str | None = None
    tenant: str | None = None
    fingerprint: str | None = None

    def __repr__(self) -> str:
        return f"Answer(job_id={self.job_id!r}, source={self.source!r}, {len(self.text)} characters)"

    @property
    def saved_usd(self) -> Decimal:
        """Baseline minus cost; negative when Farthing cost more than it saved."""
        return self.baseline_usd - self.cost_usd

    def encode(self) -> dict[str, Any]:
        """The answer as JSON values, in the contract's shape."""
        return {
            "job_id": self.job_id,
            "tenant": self.tenant,
            "fingerprint": self.fingerprint,
            "text": self.text,
            "message": dict(self.message) if self.message else {"role": "assistant", "content": self.text},
            "finish_reason": self.finish_reason,
            "source": self.source,
            "model": self.model,
            "provider": self.provider,
            "usage": asdict(self.usage),
            "cost_usd": usd(self.cost_usd),
            "baseline_usd": usd(self.baseline_usd),
            "price_version": self.price_version,
            "route": self.route.encode() if self.route else None,
            "cache": dict(self.cache) if self.cache else None,
            "context": dict(self.context) if self.context else None,
            "timings_ms": dict(self.timings_ms),
            "degraded": list(self.degraded),
        }

    @property
    def kept(self) -> dict[str, Any]:
        """:meth:`encode` without what :meth:`decode` fills in, for Redis."""
        alike = {
            "message": {"role": "assistant", "content": self.text},
            "finish_reason": "stop",
            "usage": asdict(Usage()),
        }
        said = {name: value for name, value in self.encode().items() if value and value != "0"}
        return {"text": self.text} | {name: value for name, value in said.items() if value != alike.get(name)}

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> Answer:
        """Read an answer that a worker encoded or :attr:`kept`; fields that a newer worker added are left out."""
        route = raw.get("route")
        usage = raw.get("usage") or {}
        return cls(
            text=raw["text"],
            source=raw["source"],
            finish_reason=raw.get("finish_reason") or "stop",
            message=raw.get("message"),
            model=raw.get("model"),
            provider=raw.get("provider"),
            usage=Usage(**{name: usage.get(name, 0) for name in Usage.__slots__}),
            cost_usd=Decimal(raw.get("cost_usd") or 0),
            baseline_usd=Decimal(raw.get("baseline_usd") or 0),
            price_version=raw.get("price_version") or "",
            route=Route.decode(route) if route else None,
            cache=raw.get("cache"),
            context=raw.get("context"),
            timings_ms=raw.get("timings_ms") or {},
            degraded=tuple(raw.get("degraded") or ()),
            job_id=raw.get("job_id"),
            tenant=raw.get("tenant"),
            fingerprint=raw.get("fingerprint"),
        )

    def under(self, job_id: str, job: Job, *, degraded: tuple[str, ...] = ()) -> Answer:
        """The same answer as that job's, and what was degraded on its way."""
        return replace(
            self,
            job_id=job_id,
            tenant=job.tenant,
            fingerprint=job.fingerprint,
            degraded=(*self.degraded, *degraded),
        )

    @property
    def anonymous(self) -> Answer:
        """The answer as a cache keeps it for others: whose it was stays behind."""
        counted = {k: v for k, v in (self.context or {}).items() if k == "prompt_tokens_after"}
        route = None if self.route is None else replace(self.route, escalated=())
        return replace(
            self,
            job_id=None,
            tenant=None,
            fingerprint=None,
            route=route,
            context=counted or None,
            timings_ms={},
            degraded=(),
        )
