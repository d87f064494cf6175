"""One model call: attempts, waits and the next offer, until an answer, the deadline or nobody is left."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines import completion
from pipelines.errors import DeadlineExceeded, ProviderFailed, ProvidersExhausted
from workers import telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pipelines.catalog import Offer
    from pipelines.completion import Completion
    from pipelines.job import Message
    from workers.providers import Providers

ATTEMPT_TIMEOUT_S = 120.0  # a long answer of a slow model; a silent connection is given up after it


@dataclass(frozen=True, slots=True)
class Called:
    """Who answered, and what; ``failures`` are the sentences of those who did not."""

    offer: Offer
    completion: Completion
    failures: tuple[str, ...]


def call(
    providers: Providers,
    offers: Sequence[Offer],
    messages: Sequence[Message],
    params: Mapping[str, Any],
    *,
    deadline_at: float,
    deadline_s: float,
) -> Called:
    """Ask the offers in order. Raises DeadlineExceeded, the only offer's ProviderFailed, or ProvidersExhausted."""
    failures: list[ProviderFailed] = []
    for offer in offers:
        attempt = 0
        while True:
            attempt += 1
            remaining_s = deadline_at - time.time()
            if remaining_s <= 0:
                raise DeadlineExceeded(deadline_s, "model-call")
            try:
                request = completion.request(offer, messages, params)
                raw = providers.call(offer.provider, request, min(remaining_s, ATTEMPT_TIMEOUT_S))
                answer = completion.parse(raw, provider=offer.provider)
                return Called(offer, answer, tuple(str(f) for f in failures))
            except ProviderFailed as failure:
                telemetry.count(f"provider.{failure.kind}")
                failures.append(failure)
                telemetry.log().warning("model call failed", said=str(failure), attempt=attempt, model=offer.model)
                wait_s = completion.retry(failure, attempt, deadline_at - time.time(), random.random())  # noqa: S311 - jitter is not a secret
            if wait_s is None:
                break
            time.sleep(wait_s)
    if len(offers) == 1 and failures:
        raise failures[-1]
    raise ProvidersExhausted([str(failure) for failure in failures])
