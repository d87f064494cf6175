"""One model call: attempts, waits and the next offer, until an answer, the deadline or nobody is left."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.context import thread
from pipelines.errors import DeadlineExceeded, ProviderFailed, ProvidersExhausted
from pipelines.routing import choice, completion, health, retry
from pipelines.routing.catalog import Offer
from pipelines.text import tokens
from workers.broker.away import Later
from workers.observability import counters, logs
from workers.providers.hedge import Race
from workers.providers.openai_client import TIMEOUT
from workers.providers.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pipelines.journey import Progress
    from pipelines.message import Message
    from pipelines.routing.completion import Completion
    from workers.providers.openai_client import Providers

Late = Callable[[Sequence[tuple[Offer, Usage]]], None]  # what an answer cost that came after another's

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
    late: Late | None = None,
) -> CallResult:
    """Ask the offers in order, each once before one is asked again.

    Raises DeadlineExceeded, the only offer's ProviderFailed, or ProvidersExhausted. ``thinks``: few words are wanted,
    and a model that thinks first needs room for that. ``wasted`` collects what was paid for answers that broke off,
    also when nobody answers. Where nobody may be asked for more than ``hold_s``, it raises Later instead of waiting.
    ``cache_key`` names the conversation. With ``late``, a second provider is asked where the first one's first word is
    late, and it is called with what the slower of the two cost.
    """
    lost = [] if wasted is None else wasted
    walk = _Walk(providers, messages, params, deadline_at, deadline_s, thinks, lost, cache_key, late)
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
    late: Late | None = None,
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
        late=late,
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
    late: Late | None = None
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
                done = self._first_of(offer, left, attempt)
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

    def _first_of(self, offer: Offer, left: Sequence[Offer], attempt: int) -> CallResult | ProviderFailed:
        """One attempt, and, where hedging is wanted and its first word is late, one at another provider beside it."""
        slow_s = None if self.late is None else self.providers.health.slow_s(offer.provider, offer.model)
        other = next((one for one in left if one.provider != offer.provider), None)
        if self.late is None or slow_s is None or other is None or attempt > 1:
            return self.ask(offer, attempt, others=len(left) > 1)
        hedged = self.late
        one, beside = (replace(self, failures=[], wasted=[]) for _ in range(2))
        race: Race[_Asked] = Race(
            lambda on_first_word: (one, one.ask(offer, attempt, others=True, on_first_word=on_first_word)),
            lambda: None if (done := beside.ask_leased(other)) is None else (beside, done),
            answers=lambda asked: isinstance(asked[1], CallResult),
            late=lambda asked: hedged(_spent(*asked)),
        )
        walks = [one, beside]
        try:
            walk, done = race.run(slow_s)
            walks = [walk] if isinstance(done, CallResult) else walks
        finally:
            for walk in walks:
                self.failures += walk.failures
                self.wasted += walk.wasted
        if not isinstance(done, CallResult):
            return done
        return replace(done, failures=tuple(str(f) for f in self.failures), wasted=tuple(self.wasted))

    def ask_leased(self, offer: Offer) -> CallResult | ProviderFailed | None:
        """One attempt beside another's; None where this provider may not be asked now."""
        if not self.providers.health.may_ask(offer.provider):
            return None
        lease = self.providers.limits.take(offer.provider, self.expected_tokens, self.deadline_at - time.time())
        if isinstance(lease, float):
            return None
        counters.count("provider.hedged")
        try:
            return self.ask(offer, 1, others=False)
        finally:
            self.providers.limits.give_back(offer.provider, lease)

    def ask(
        self, offer: Offer, attempt: int, *, others: bool, on_first_word: Callable[[], object] = bool
    ) -> CallResult | ProviderFailed:
        """One attempt; again at once where the model refuses a parameter: nothing was spent."""
        while True:
            began = time.time()
            remaining_s = self.deadline_at - began
            if remaining_s <= 0:
                raise DeadlineExceeded(self.deadline_s, "model-call")
            try:
                return self._once(offer, remaining_s, attempt, others=others, on_first_word=on_first_word)
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

    def _once(
        self, offer: Offer, remaining_s: float, attempt: int, *, others: bool, on_first_word: Callable[[], object]
    ) -> CallResult:
        refuses = REFUSALS.of(offer)
        request = completion.request(
            offer, self.messages, self.params, refuses=refuses, thinks=self.thinks, cache_key=self.cache_key
        )
        within_s = health.attempt_s(remaining_s, others=others)
        pace_s = self.providers.health.pace_s(offer.provider, offer.model)
        patience_s = health.patience_s(pace_s, remaining_s, others=others, attempt=attempt)
        raw = self.providers.call(offer.provider, request, within_s, patience_s, on_first_word)
        answer = _parsed(raw, offer, self._estimate)
        self.providers.health.worked(offer.provider)
        said, left_out = tuple(str(f) for f in self.failures), completion.left_out(offer, self.params, refuses)
        return CallResult(offer, answer, said, tuple(self.wasted), tuple(left_out))

    def _estimate(self, text: str) -> Usage:
        return Usage(tokens.estimate_prompt(self.messages, self.params), 0, tokens.estimate(text))


_Asked = tuple[_Walk, CallResult | ProviderFailed]


def _spent(walk: _Walk, done: CallResult | ProviderFailed) -> list[tuple[Offer, Usage]]:
    """What somebody's way cost, whoever answered meanwhile."""
    return [*walk.wasted, *([(done.offer, done.completion.usage)] if isinstance(done, CallResult) else [])]


def _parsed(raw: Mapping[str, Any], offer: Offer, estimate: Callable[[str], Usage]) -> Completion:
    """The answer; one that came whole and is none was paid for all the same."""
    try:
        return completion.parse(raw, provider=offer.provider, estimate=estimate)
    except ProviderFailed as failure:
        failure.received = str(raw.get("choices") or "?")
        raise
