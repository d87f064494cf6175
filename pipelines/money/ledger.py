"""The ledger's arithmetic: one answer becomes integer counters, counters become totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage, usd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.answer import Answer

# Counters are whole numbers, so that Redis adds them exactly: money in billionths of a dollar.
NANO = Decimal(1_000_000_000)
MICRO = Decimal(1_000_000)  # dollars are squared as millionths: of billionths a day's sum would be no 64 bits
SQUARES = 10  # of a square, the parts that are counted: an answer may cost two millionths
CAUSES = ("hit", "rule", "model", "context")
BATCH = "batch"  # a timing of who waited for a Batch API: hours, of which no mean says anything
LEAST_ANSWERS = 20  # of a tier, from which on their mean length is believed
NOT_COUNTED = "usage estimated: the provider did not count"  # what an answer says of itself
PRIOR_TOKENS = 2_000  # of prompts: so many are taken to be as estimated, beside what a provider counted


def record(answer: Answer) -> dict[str, int]:
    """The counters that one answer adds."""
    tier = answer.route.tier if answer.route else None
    counters = {
        "jobs": 1,
        f"source:{answer.source}": 1,
        **_spent(answer.cost_usd, answer.usage),
        "baseline_nusd": _nano(answer.baseline_usd),
        "latency_us": round(answer.timings_ms.get("total", 0.0) * 1000),
    }
    if tier is not None and answer.source in ("rule", "model"):
        counters[f"tier:{tier}"] = 1
    if answer.source == "model" and tier is not None:
        counters[f"answer_tokens:{tier}"] = answer.usage.completion_tokens
    estimated = int((answer.context or {}).get("prompt_tokens_after") or 0)
    if answer.source == "model" and estimated and answer.usage.prompt_tokens and NOT_COUNTED not in answer.degraded:
        model = f"{answer.provider}/{answer.model}"
        counters |= {f"estimated:{model}": estimated, f"counted:{model}": answer.usage.prompt_tokens}
    if answer.source == "model" and answer.route is not None and answer.route.arm:
        arm, squared = answer.route.arm, int((answer.cost_usd * MICRO) ** 2 * SQUARES)
        counters |= {f"{arm}:jobs": 1, f"{arm}:nusd": _nano(answer.cost_usd), f"{arm}:squares": squared}
    if BATCH in answer.timings_ms:
        counters |= {"batched": 1, "latency_us": 0}
    if answer.source == "model" and answer.route is not None and answer.route.escalated:
        counters |= {"escalations": 1, "escalation_nusd": _nano(answer.route.premium_usd)}
    for cause, amount in saved(answer).items():
        counters[f"saved:{cause}_nusd"] = _nano(amount)
    return counters


def saved(answer: Answer) -> dict[str, Decimal]:
    """What an answer saved, by cause: a hit, a rule, a shorter context, a cheaper model. They sum to all of it."""
    if answer.source != "model":
        return {"rule" if answer.source == "rule" else "hit": answer.saved_usd}
    context = Decimal((answer.context or {}).get("saved_usd") or 0)
    return {"context": context, "model": answer.saved_usd - context}


def answer_tokens(total: Totals) -> dict[str, int]:
    """How long a model's answers are on average, by tier, of the tiers that gave enough."""
    found: dict[str, int] = {}
    for name in ("economy", "premium"):
        given = total.count(f"tier:{name}")
        if given >= LEAST_ANSWERS and total.count(f"answer_tokens:{name}"):
            found[name] = max(1, round(total.count(f"answer_tokens:{name}") / given))
    return found


def prompt_scales(total: Totals) -> dict[str, float]:
    """How many tokens a provider counts for one that was estimated, by provider/model: 1 where nobody counted yet.

    Vocabularies differ, most of all in Chinese; a tenant's prompts are of one kind, mostly.
    """
    found = {}
    for name in total.counters:
        kind, _, model = name.partition(":")
        if kind == "estimated":
            estimated, counted = total.count(name), total.count(f"counted:{model}")
            found[model] = (counted + PRIOR_TOKENS) / (estimated + PRIOR_TOKENS)
    return found


def record_audit(answer: Answer) -> dict[str, int]:
    """The counters that an audit's answer adds: it cost, and answered no job."""
    return {"audits": 1, "audit_nusd": _nano(answer.cost_usd), **_spent(answer.cost_usd, answer.usage)}


def record_summary(answer: Answer) -> dict[str, int]:
    """The counters that a summary adds: it cost, and answered no job."""
    return {"summaries": 1, "summary_nusd": _nano(answer.cost_usd), **_spent(answer.cost_usd, answer.usage)}


def record_judge(cost_usd: Decimal, usage: Usage) -> dict[str, int]:
    """The counters that a verdict off any caller's path adds."""
    return {"judge_nusd": _nano(cost_usd), **_spent(cost_usd, usage)}


def record_verdicts(calls: int, yes: int, cost_usd: Decimal, saved_usd: Decimal | None) -> dict[str, int]:
    """The counters of a job's verdicts, whose cost is on the job's own bill: ``saved_usd`` is what the call would have
    cost that they made unnecessary, None where they did not.
    """
    counters = {"verdicts": calls, "verdicts_yes": yes, "verdicts_nusd": _nano(cost_usd)}
    return (
        counters if saved_usd is None else {**counters, "verdicts_served": 1, "verdicts_saved_nusd": _nano(saved_usd)}
    )


def record_wasted(cost_usd: Decimal, used: Sequence[Usage]) -> dict[str, int]:
    """The counters of what was paid for a job that nobody answered."""
    spent = _spent(cost_usd, Usage(sum(u.prompt_tokens for u in used), 0, sum(u.completion_tokens for u in used)))
    return {"wasted": 1, "wasted_nusd": _nano(cost_usd), **spent}


def record_grade(cost_usd: Decimal, usage: Usage) -> dict[str, int]:
    """The counters that the grade of an audit adds: it is what the audit cost, too."""
    return {"audit_nusd": _nano(cost_usd), **_spent(cost_usd, usage)}


def record_quality(*, worse: bool) -> dict[str, int]:
    """The counters of one economy answer that premium was asked again."""
    return {"quality_audits": 1, "quality_worse": int(worse)}


def record_arm(arm: str, *, lost: bool) -> dict[str, int]:
    """The counters that an answer of an arm (``Route.arm``) adds that was compared: was premium's better than its?"""
    return {f"{arm}:compared": 1, f"{arm}:lost": int(lost)}


def record_cut(*, worse: bool) -> dict[str, int]:
    """The counters of one answer to a shorter context that was compared to the whole conversation's."""
    return {"context_audits": 1, "context_worse": int(worse)}


def record_twin(*, wrong: bool) -> dict[str, int]:
    """The counters of one near-exact hit that was checked."""
    return {"twin_audits": 1, "twin_wrong": int(wrong)}


def _spent(cost_usd: Decimal, usage: Usage) -> dict[str, int]:
    return {
        "cost_nusd": _nano(cost_usd),
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
    }


def _nano(amount: Decimal) -> int:
    return int((amount * NANO).to_integral_value())


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over jobs; ``counters`` are as :func:`record` names them."""

    counters: Mapping[str, int] = field(default_factory=dict)

    def plus(self, counters: Mapping[str, int]) -> Totals:
        """These totals and some more counters."""
        merged = dict(self.counters)
        for name, amount in counters.items():
            merged[name] = merged.get(name, 0) + amount
        return Totals(merged)

    def count(self, name: str) -> int:
        """One counter, 0 when it never counted."""
        return self.counters.get(name, 0)

    @property
    def jobs(self) -> int:
        """Answered jobs."""
        return self.count("jobs")

    @property
    def hits(self) -> int:
        """Jobs answered from the cache."""
        return self.count("source:exact") + self.count("source:semantic")

    @property
    def hit_rate(self) -> float:
        """Hits per job, in [0, 1]."""
        return self.hits / self.jobs if self.jobs else 0.0

    @property
    def premium_share(self) -> float:
        """Premium calls per job, in [0, 1]."""
        return self.count("tier:premium") / self.jobs if self.jobs else 0.0

    @property
    def cost_usd(self) -> Decimal:
        """Dollars spent."""
        return self.count("cost_nusd") / NANO

    @property
    def baseline_usd(self) -> Decimal:
        """Dollars that the same jobs would have cost."""
        return self.count("baseline_nusd") / NANO

    @property
    def mean_latency_ms(self) -> float:
        """Mean milliseconds from submit to answer, of those that did not wait for a batch."""
        waited = self.jobs - self.count("batched")
        return self.count("latency_us") / 1000 / waited if waited > 0 else 0.0

    def encode(self) -> dict[str, Any]:
        """JSON values: money as decimal strings, shares in [0, 1]."""
        return {
            "jobs": self.jobs,
            "hits": self.hits,
            "hit_rate": round(self.hit_rate, 6),
            "premium_share": round(self.premium_share, 6),
            "sources": self._of("source:"),
            "tiers": self._of("tier:"),
            "cost_usd": usd(self.cost_usd),
            "baseline_usd": usd(self.baseline_usd),
            "saved_usd": usd(self.baseline_usd - self.cost_usd),
            "saved_by": {cause: usd(self.count(f"saved:{cause}_nusd") / NANO) for cause in CAUSES},
            "batched": self.count("batched"),
            "escalations": self.count("escalations"),
            "escalations_usd": usd(self.count("escalation_nusd") / NANO),
            "wasted_usd": usd(self.count("wasted_nusd") / NANO),
            "audits": self.count("audits"),
            "quality_audits": self.count("quality_audits"),
            "quality_worse": self.count("quality_worse"),
            "context_audits": self.count("context_audits"),
            "context_worse": self.count("context_worse"),
            "near_exact_audits": self.count("twin_audits"),
            "near_exact_wrong": self.count("twin_wrong"),
            "audits_usd": usd(self.count("audit_nusd") / NANO),
            "judge": {
                "calls": self.count("verdicts"),
                "yes": self.count("verdicts_yes"),
                "served": self.count("verdicts_served"),
                "cost_usd": usd(self.count("verdicts_nusd") / NANO),
                "saved_usd": usd(self.count("verdicts_saved_nusd") / NANO),
                "off_path_usd": usd(self.count("judge_nusd") / NANO),
            },
            "summaries": self.count("summaries"),
            "summaries_usd": usd(self.count("summary_nusd") / NANO),
            "prompt_tokens": self.count("prompt_tokens"),
            "cached_tokens": self.count("cached_tokens"),
            "completion_tokens": self.count("completion_tokens"),
            "prompt_scales": {model: round(scale, 3) for model, scale in sorted(prompt_scales(self).items())},
            "mean_latency_ms": round(self.mean_latency_ms, 3),
        }

    def _of(self, prefix: str) -> dict[str, int]:
        return {
            name.removeprefix(prefix): amount
            for name, amount in sorted(self.counters.items())
            if name.startswith(prefix)
        }
