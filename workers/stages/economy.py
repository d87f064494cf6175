"""A question of the fleet's own to the economy model: the call, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workers.providers import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from pipelines.answer import Usage
    from pipelines.job import Job
    from pipelines.routing.catalog import Offer
    from pipelines.routing.market import Market
    from workers.providers.calls import CallResult
    from workers.providers.openai_client import Providers


class Economy:
    """Asks the cheapest economy model that can answer."""

    def __init__(self, market: Callable[[], Market], providers: Providers) -> None:
        self._market, self._providers = market, providers

    def offers(self, asking: Job) -> tuple[Offer, ...]:
        """Who can answer, the cheapest first."""
        return self._market().economy(asking)

    def ask(
        self,
        asking: Job,
        economy: Sequence[Offer],
        *,
        deadline_at: float,
        wasted: list[tuple[Offer, Usage]] | None = None,
    ) -> CallResult:
        """The answer of the first that gives one; raises what :func:`workers.providers.calls.call` does, and ``wasted``
        has then what was paid all the same.
        """
        return calls.call(
            self._providers,
            economy,
            asking.messages,
            asking.params,
            deadline_at=deadline_at,
            deadline_s=asking.deadline_s,
            thinks=True,
            wasted=wasted,
        )

    def lost_usd(self, wasted: Sequence[tuple[Offer, Usage]]) -> Decimal:
        """What was paid although nobody answered."""
        return self._market().sum_usd(wasted)

    def spent_usd(self, called: CallResult) -> Decimal:
        """What the call cost, answers that broke off included."""
        return self._market().sum_usd([(called.offer, called.completion.usage), *called.wasted])
