"""Who may answer: the offers that can do what a job needs, the cheapest for this request first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.answer import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from pipelines.job import Job
    from pipelines.routing.catalog import Offer

    Scale = Callable[[Offer], float]

EXPECTED_COMPLETION_TOKENS = 300  # a chat answer of some 200 words, when the job sets no bound of its own


def needs(job: Job) -> frozenset[str]:
    """The capabilities without which a model must refuse this job: tools, json_schema, vision."""
    wanted = set()
    if job.params.get("tools"):
        wanted.add("tools")
    if (job.params.get("response_format") or {}).get("type") == "json_schema":
        wanted.add("json_schema")
    if any(message.has_parts for message in job.messages):
        wanted.add("vision")
    return frozenset(wanted)


def as_estimated(_: Offer) -> float:
    """How many prompt tokens an offer counts for one that is estimated, where nobody knows better."""
    return 1.0


def room(offer: Offer, job: Job, scale: Scale = as_estimated) -> int:
    """Estimated prompt tokens that fit beside the completion that the job may ask for."""
    left = offer.context_tokens - min(
        int(job.params.get("max_tokens") or offer.max_output_tokens), offer.context_tokens
    )
    return int(left / max(1.0, scale(offer)))  # that others of the tenant's prompts had fewer is no room for this one


def lacking(job: Job, *, prompt_tokens: int, offers: Sequence[Offer], scale: Scale = as_estimated) -> str | None:
    """Why none of these offers can serve the job, in words; None when one can."""
    if not any(room(offer, job, scale) >= prompt_tokens for offer in offers):
        return "the prompt exceeds every economy model's window"
    for need in sorted(needs(job)):
        if not any(need in offer.capabilities for offer in offers):
            return f"no economy model has {need}"
    found = able(job, prompt_tokens=prompt_tokens, offers=offers, scale=scale)
    return None if found else "no economy model has all that it needs"


def able(job: Job, *, prompt_tokens: int, offers: Sequence[Offer], scale: Scale = as_estimated) -> tuple[Offer, ...]:
    """The offers that have room and every capability, in the order given."""
    wanted = needs(job)
    return tuple(o for o in offers if wanted <= o.capabilities and room(o, job, scale) >= prompt_tokens)


def widest(job: Job, offers: Sequence[Offer], scale: Scale = as_estimated) -> int:
    """Estimated prompt tokens that the roomiest of the offers takes, at least 1; of those that can do what it needs."""
    wanted = needs(job)
    return max(1, *(room(offer, job, scale) for offer in [o for o in offers if wanted <= o.capabilities] or offers))


def expected_tokens(job: Job, known: int | None = None) -> int:
    """Tokens of the answer, about: as long as such answers are, no longer than the job's own bound."""
    expected, bound = known or EXPECTED_COMPLETION_TOKENS, job.params.get("max_tokens")
    return min(expected, int(bound)) if bound else expected


def cheapest_first(
    job: Job,
    *,
    prompt_tokens: int,
    offers: Sequence[Offer],
    cost: Callable[[Offer, Usage], Decimal],
    completion_tokens: int | None = None,
    scale: Scale = as_estimated,
) -> tuple[Offer, ...]:
    """The offers that can serve the job by what it is expected to cost there; equal prices keep the given order.

    ``completion_tokens``: how long such answers are, where that is known. When no offer can (the estimate of tokens may
    be wrong), all are returned: the provider has the last word.
    """
    expected = expected_tokens(job, completion_tokens)
    found = able(job, prompt_tokens=prompt_tokens, offers=offers, scale=scale) or tuple(offers)
    return tuple(sorted(found, key=lambda o: cost(o, Usage(round(prompt_tokens * scale(o)), 0, expected))))
