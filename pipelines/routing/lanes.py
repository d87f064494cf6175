"""Lanes: which jobs have the time to go to a provider's Batch API, at a part of the price, and until when they wait."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.answer import Usage
    from pipelines.routing.catalog import Offer

T = TypeVar("T")
# Providers promise a batch within a day and mostly need less than an hour (OpenAI and Anthropic say so both). Who has
# less time than this is asked at once.
LEAST_S = 2 * 3_600.0
# Of a job's time, and at the least, what is left for asking at once when its batch is not done.
LAST_SHARE, LAST_S = 0.25, 1_800.0
GATHER_S = 300.0  # so long requests are gathered: each batch is looked at by itself
TENDED_WITHIN_S = 300.0  # a lane that nobody tended for longer takes no job
# A batch of which nobody heard whether it was made is looked for so long before it is made again: a request that was
# given up may arrive yet.
DOUBT_S = 600.0
FORGOTTEN_S = 86_400.0  # after a job's time in the lane: its batch is over by then, or cannot be looked at
MOST_KEPT = 50_000  # jobs in the lane: their conversations lie in Redis; whoever comes then is asked at once
MOST_REQUESTS, MOST_BYTES = 50_000, 100_000_000  # of one batch (OpenAI: 50,000 requests, 200 MB)


def has_time(remaining_s: float) -> bool:
    """May a job wait for a batch that has so many seconds left?"""
    return remaining_s >= LEAST_S


def waits_until(now: float, deadline_at: float) -> float:
    """When a job is asked at once after all; all are seconds since the epoch."""
    return deadline_at - max(LAST_S, LAST_SHARE * (deadline_at - now))


def cheapest(offers: Sequence[Offer], usage: Usage, cost: Callable[[Offer, Usage], Decimal]) -> Offer | None:
    """The offer whose Batch API is cheaper for ``usage`` than asking any of ``offers`` at once; None where none is."""
    at_once = min((cost(offer, usage) for offer in offers), default=Decimal(0))
    batched = [(cost(o, usage) * o.batch_price, number) for number, o in enumerate(offers) if o.batch_price is not None]
    best = min(batched, default=(at_once, 0))
    return offers[best[1]] if best[0] < at_once else None


def is_due(added_at: Sequence[float], now: float) -> bool:
    """Are the requests that were added then (seconds since the epoch) to be sent as a batch?"""
    return len(added_at) >= MOST_REQUESTS or now - min(added_at, default=math.inf) >= GATHER_S


def portions(jobs: Sequence[T], sizes_bytes: Sequence[int]) -> Iterator[list[T]]:
    """As many at a time as one batch takes."""
    portion: list[T] = []
    size = 0
    for job, more in zip(jobs, sizes_bytes, strict=True):
        if portion and (len(portion) >= MOST_REQUESTS or size + more > MOST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(job)
        size += more
    if portion:
        yield portion
