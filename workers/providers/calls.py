"""One model call: attempts, waits and the next offer, until an answer, the deadline or nobody is left."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.context import thread
from pipelines.errors import DeadlineExceeded, ProviderFailed, ProvidersExhausted
from pipelines.message import Message
from pipelines.routing import choice, completion, health, retry
from pipelines.text import tokens
from workers.broker.away import Later
from workers.observability import counters, logs
from workers.providers.openai_client import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pipelines.journey import Progress
    from pipelines.routing.catalog import Offer
    from pipelines.routing.completion import Completion
    from workers.providers.openai_client import Providers

PROBE = {"temperature": 0, "max_tokens": 16}  # what some models refuse
PROBE_S = 10.0
AT_THE_END_S = 0.1  # of a job's time: whoever is still silent then did not answer within it
SHORT_S, LONG_S = 0.05, 1.0  # while all are left alone
POSTPONED_S = 2.5  # until a message that was put off is in a hand again
AT_ITS_LIMIT = "every provider has been asked as much as its limits allow for now"
LEFT_ALONE = "every provider failed lately and is left alone for now"


@dataclass(frozen=True, slots=True)
class CallResult:
    """Who answered, and what; ``failures`` are the sentences of those who did not; ``wasted`` what was paid for answers
    that broke off; ``left_out`` the parameters that the model refuses; ``batched``: by the Batch API, at its price.
    """

    offer: Offer
    completion: Completion
    failures: tuple[str, ...]
    wasted: tuple[tuple[Offer, Usage], ...] = ()
    left_out: tuple[str, ...] = ()
    batched: bool = False


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
    hold_s: float = math.inf,
    cache_key: str = "",
) -> CallResult:
    """Ask the offers in order, each once before one is asked again.

    Raises DeadlineExceeded, the only offer's ProviderFailed, or ProvidersExhausted. ``thinks``: few words are wanted,
    and a model that thinks first needs room for that. ``wasted`` collects what was paid for answers that broke off,
    also when nobody answers. Where nobody may be asked for more than ``hold_s``, it raises Later instead of waiting.
    ``cache_key`` names the conversation.
    """
    lost = [] if wasted is None else wasted
    walk = _Walk(providers, messages, params, deadline_at, deadline_s, thinks, lost, cache_key)
    left, attempt, idle_s, why = list(offers), 1, 0.0, LEFT_ALONE
    while left:
        found = walk.round(left, attempt)
        if isinstance(found, CallResult):
            return found
        asked, waits, resting = found
        pause_s = min(waits, default=0.0)
        if asked:
            attempt += 1
        else:
            why = LEFT_ALONE if not waits else AT_ITS_LIMIT
            again_s = max(providers.health.again_at(resting) - time.time(), SHORT_S)
            pause_s = min([*waits, again_s] if resting else waits)
            if pause_s + retry.MIN_ATTEMPT_S > deadline_at - time.time():
                break  # nobody can answer in time: said at once
            idle_s += pause_s
        if left and max(pause_s, idle_s) > hold_s and pause_s + POSTPONED_S < deadline_at - time.time():
            raise Later(max(pause_s, SHORT_S))
        time.sleep(pause_s if asked else min(pause_s, LONG_S))
    if len(offers) == 1 and walk.failures:
        raise walk.failures[-1]
    raise ProvidersExhausted([str(failure) for failure in walk.failures] or [why])


def call_for(
    progress: Progress,
    providers: Providers,
    offers: Sequence[Offer],
    *,
    wasted: list[tuple[Offer, Usage]],
    hold_s: float,
) -> CallResult:
    """:func:`call` with what is sent of a job, within its deadline."""
    knows = any(offer.takes_cache_key for offer in offers)
    return call(
        providers,
        offers,
        progress.sent,
        progress.job.params,
        deadline_at=progress.deadline_at,
        deadline_s=progress.job.deadline_s,
        wasted=wasted,
        hold_s=hold_s,
        cache_key=thread.cache_key(progress.job.tenant, progress.job.messages) if knows else "",
    )


@dataclass(slots=True)
class _Walk:
    """One job's way from offer to offer."""

    providers: Providers
    messages: Sequence[Message]
    params: Mapping[str, Any]
    deadline_at: float
    deadline_s: float
    thinks: bool
    wasted: list[tuple[Offer, Usage]]
    cache_key: str = ""
    failures: list[ProviderFailed] = field(default_factory=list)

    def round(self, left: list[Offer], attempt: int) -> CallResult | tuple[bool, list[float], list[str]]:
        """Ask each that may be asked, once. Else: was one asked, what is to be waited for, which providers rest.

        Who is not worth asking again leaves ``left``.
        """
        asked, waits, resting, providers = False, list[float](), list[str](), self.providers
        for offer in list(left):
            if not providers.health.may_ask(offer.provider):
                resting.append(offer.provider)
                continue
            lease = providers.limits.take(offer.provider, self.expected_tokens, self.deadline_at - time.time())
            if isinstance(lease, float):
                waits.append(lease)
                continue
            asked = True
            try:
                done = self.ask(offer, attempt, others=len(left) > 1)
            finally:
                providers.limits.give_back(offer.provider, lease)
            if isinstance(done, CallResult):
                return done
            wait_s = retry.retry(done, attempt, self.deadline_at - time.time(), random.random())  # noqa: S311 - jitter is no secret
            if wait_s is None:
                left.remove(offer)
            else:
                waits.append(wait_s)
        return asked, waits, resting

    def ask(self, offer: Offer, attempt: int, *, others: bool) -> CallResult | ProviderFailed:
        """One attempt; again at once where the model refuses a parameter: nothing was spent."""
        while True:
            began = time.time()
            remaining_s = self.deadline_at - began
            if remaining_s <= 0:
                raise DeadlineExceeded(self.deadline_s, "model-call")
            try:
                return self._once(offer, remaining_s, attempt, others=others)
            except ProviderFailed as failure:
                counters.count(f"provider.{failure.kind}")
                silent = failure.kind == TIMEOUT
                if failure.received or silent:  # whoever was asked and said nothing may send a bill all the same
                    self.wasted.append((offer, self._estimate(failure.received)))
                if REFUSALS.learn(offer, failure):
                    continue
                self.failures.append(failure)
                pace_s = self.providers.health.pace_s(offer.provider, offer.model)
                if failure.retryable and (not silent or health.tells(pace_s, time.time() - began)):
                    self.providers.health.failed(offer.provider, failure.retry_after_s)
                logs.log().warning("model call failed", said=str(failure), model=offer.model)
                if silent and time.time() >= self.deadline_at - AT_THE_END_S:
                    raise DeadlineExceeded(self.deadline_s, "model-call") from None
                return failure

    def expected_tokens(self) -> int:
        """Of the prompt and of what will come of it, about."""
        completion_tokens = int(self.params.get("max_tokens") or choice.EXPECTED_COMPLETION_TOKENS)
        return tokens.estimate_prompt(self.messages, self.params) + completion_tokens

    def _once(self, offer: Offer, remaining_s: float, attempt: int, *, others: bool) -> CallResult:
        refuses = REFUSALS.of(offer)
        request = completion.request(
            offer, self.messages, self.params, refuses=refuses, thinks=self.thinks, cache_key=self.cache_key
        )
        within_s = health.attempt_s(remaining_s, others=others)
        pace_s = self.providers.health.pace_s(offer.provider, offer.model)
        patience_s = health.patience_s(pace_s, remaining_s, others=others, attempt=attempt)
        raw = self.providers.call(offer.provider, request, within_s, patience_s)
        answer = _parsed(raw, offer, self._estimate)
        self.providers.health.worked(offer.provider)
        said, left_out = tuple(str(f) for f in self.failures), completion.left_out(offer, self.params, refuses)
        return CallResult(offer, answer, said, tuple(self.wasted), tuple(left_out))

    def _estimate(self, text: str) -> Usage:
        return Usage(tokens.estimate_prompt(self.messages, self.params), 0, tokens.estimate(text))


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
