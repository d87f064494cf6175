"""Parameters that models refuse: learned from their refusals, and not sent to them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ProviderFailed
from pipelines.message import Message
from pipelines.routing import completion
from workers.observability import counters, logs

if TYPE_CHECKING:
    from pipelines.routing.catalog import Offer
    from workers.providers.openai_client import Providers

PROBE = {"temperature": 0, "max_tokens": 16}  # what some models refuse
PROBE_S = 10.0


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
