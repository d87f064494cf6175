"""A question of the fleet's own to the economy model: who is asked first, and the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.routing import choice
from pipelines.text.tokens import estimate_prompt
from workers.providers import calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.job import Job
    from pipelines.routing.catalog import Catalog, Offer
    from workers.providers.calls import Called
    from workers.providers.openai_client import Providers
    from workers.stages.billing import Billing


class Economy:
    """Asks the cheapest economy model."""

    def __init__(self, catalog: Catalog, providers: Providers, billing: Billing) -> None:
        self._catalog, self._providers, self._billing = catalog, providers, billing

    def offers(self, asking: Job) -> tuple[Offer, ...]:
        """The economy models that can answer ``asking``, the cheapest for it first."""
        return choice.cheapest_first(
            asking,
            prompt_tokens=estimate_prompt(asking.messages, asking.params),
            offers=self._catalog.of_tier("economy"),
            cost=self._billing.cost_usd,
        )

    def ask(self, asking: Job, economy: Sequence[Offer], *, deadline_at: float) -> Called:
        """The answer of the first that gives one; raises what :func:`calling.call` does."""
        return calls.call(
            self._providers,
            economy,
            asking.messages,
            asking.params,
            deadline_at=deadline_at,
            deadline_s=asking.deadline_s,
            thinks=True,
        )
