"""One model call: attempts, waits and the next offer, until an answer, the deadline or nobody is left."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.errors import DeadlineExceeded, ProviderFailed, ProvidersExhausted
from pipelines.message import Message
from pipelines.routing import completion, retry
from pipelines.text import tokens
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pipelines.routing.catalog import Offer
    from pipelines.routing.completion import Completion
    from workers.providers.openai_client import Providers

ATTEMPT_TIMEOUT_S = 120.0  # a long answer of a slow model; a silent connection is given up after it
PROBE = {"temperature": 0, "max_tokens": 16}  # what some models refuse
PROBE_S = 10.0


@dataclass(frozen=True, slots=True)
class CallResult:
    """Who answered, and what; ``failures`` are the sentences of those who did not; ``wasted`` what was paid for answers
    that broke off; ``left_out`` the parameters that the model refuses.
    """

    offer: Offer
    completion: Completion
    failures: tuple[str, ...]
    wasted: tuple[tuple[Offer, Usage], ...] = ()
    left_out: tuple[str, ...] = ()


class Refusals:
    """Parameters that models were seen to refuse, of this process; a request that has none of them costs nothing."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, offer: Offer) -> frozenset[str]:
        """What this model refuses, beside what the configuration says."""
        return self._seen.get((offer.provider, offer.model), frozenset())

    def learn(self, offer: Offer, failure: ProviderFailed) -> bool:
        """Take a refusal in; False when it teaches nothing new."""
        param = failure.refused_param
        if param is None or param in self.of(offer) | offer.refuses:
            return False
        self._seen[offer.provider, offer.model] = self.of(offer) | {param}
        counters.count("provider.param_refused")
        logs.log().warning("a model refuses a parameter", model=offer.model, param=param)
        return True


REFUSALS = Refusals()


def call(
    providers: Providers,
    offers: Sequence[Offer],
    messages: Sequence[Message],
    params: Mapping[str, Any],
    *,
    deadline_at: float,
    deadline_s: float,
    thinks: bool = False,
    wasted: list[tuple[Offer, Usage]] | None = None,
) -> CallResult:
    """Ask the offers in order. Raises DeadlineExceeded, the only offer's ProviderFailed, or ProvidersExhausted.

    ``thinks``: few words are wanted, and a model that thinks first needs room for that. ``wasted`` collects what was
    paid for answers that broke off, also when nobody answers.
    """
    failures: list[ProviderFailed] = []
    wasted = [] if wasted is None else wasted

    def estimate(text: str) -> Usage:
        return Usage(tokens.estimate_prompt(messages, params), 0, tokens.estimate(text))

    for offer in offers:
        attempt = 0
        while True:
            attempt += 1
            remaining_s = deadline_at - time.time()
            if remaining_s <= 0:
                raise DeadlineExceeded(deadline_s, "model-call")
            try:
                refuses = REFUSALS.of(offer)
                request = completion.request(offer, messages, params, refuses=refuses, thinks=thinks)
                raw = providers.call(offer.provider, request, min(remaining_s, ATTEMPT_TIMEOUT_S))
                answer = _parsed(raw, offer, estimate)
                said, left_out = tuple(str(f) for f in failures), completion.left_out(offer, params, refuses)
                return CallResult(offer, answer, said, tuple(wasted), tuple(left_out))
            except ProviderFailed as failure:
                counters.count(f"provider.{failure.kind}")
                if failure.received:
                    wasted.append((offer, estimate(failure.received)))
                if REFUSALS.learn(offer, failure):
                    attempt -= 1  # the same request without it: nothing was spent
                    continue
                failures.append(failure)
                logs.log().warning("model call failed", said=str(failure), attempt=attempt, model=offer.model)
                wait_s = retry.retry(failure, attempt, deadline_at - time.time(), random.random())  # noqa: S311 - jitter is not a secret
            if wait_s is None:
                break
            time.sleep(wait_s)
    if len(offers) == 1 and failures:
        raise failures[-1]
    raise ProvidersExhausted([str(failure) for failure in failures])


def _parsed(raw: Mapping[str, Any], offer: Offer, estimate: Callable[[str], Usage]) -> Completion:
    """The answer; one that came whole and is none was paid for all the same."""
    try:
        return completion.parse(raw, provider=offer.provider, estimate=estimate)
    except ProviderFailed as failure:
        failure.received = str(raw.get("choices") or "?")
        raise


def refuses(providers: Providers, offer: Offer) -> frozenset[str]:
    """What a model refuses of the usual parameters, beside what the configuration says, by asking for one word."""
    seen = Refusals()
    for _ in PROBE:
        asked = completion.request(offer, [Message("user", "Say yes.")], PROBE, refuses=seen.of(offer))
        try:
            providers.call(offer.provider, asked, PROBE_S)
        except ProviderFailed as failure:
            if seen.learn(offer, failure):
                continue
        break
    return seen.of(offer)
