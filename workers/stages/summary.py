"""The economy model's summary of turns that the budget leaves out, where it pays and there is time."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pipelines.context import summary
from pipelines.errors import FarthingError
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.context.selection import Selected
    from pipelines.journey import Progress
    from pipelines.routing.market import Market
    from workers.stages.economy import Economy


class Summaries:
    """Has the economy model sum up old turns."""

    def __init__(self, economy: Economy, market: Callable[[], Market]) -> None:
        self._economy, self._market = economy, market

    def summarised(self, progress: Progress, chosen: Selected, *, budget_tokens: int) -> tuple[Selected, Progress]:
        """The context with a summary, and what it cost; both as they were when there is to be none."""
        job, market = progress.job, self._market()
        planned = summary.plan(progress.sent, budget_tokens=budget_tokens)
        if planned is None or progress.deadline_at - time.time() < summary.LEAST_REMAINING_S:
            return chosen, progress
        asking = summary.request(planned, job)
        offers = self._economy.offers(asking)
        answering = market.offers(progress.asking, progress.route, prompt_tokens=planned.before_tokens)[0]
        if not summary.pays(
            planned,
            answering=partial(market.cost_usd, answering),
            summing_up=partial(market.cost_usd, offers[0]),
        ):
            return chosen, progress
        try:
            called = self._economy.ask(asking, offers, deadline_at=progress.deadline_at)
        except FarthingError as error:
            counters.count("summary.failed")
            logs.log().warning("sent without a summary", said=str(error))
            return chosen, replace(progress, degraded=(*progress.degraded, "no summary"))
        counters.count("summary.made")
        spent = progress.spent_usd + self._economy.spent_usd(called)
        return summary.applied(planned, called.completion.text), replace(progress, spent_usd=spent)
