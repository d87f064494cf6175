"""What of a conversation is sent: the plan's decision, and the summary that an operator's budget may ask for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipelines.context import plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.context.selection import Selected
    from pipelines.journey import Progress
    from pipelines.routing.market import Market
    from workers.config.configuration import Configuration
    from workers.encoders.turns import Turns
    from workers.stages.summary import Summaries


class Contexts:
    """Chooses what to send."""

    def __init__(
        self, configuration: Configuration, market: Callable[[], Market], summaries: Summaries, turns: Turns
    ) -> None:
        self._configuration, self._market, self._summaries, self._turns = configuration, market, summaries, turns

    def chosen(self, progress: Progress) -> tuple[Selected, Progress]:
        """What is sent, and the job with what choosing it cost."""
        market, job = self._market(), progress.job
        mode = self._configuration.context if job.context is None else job.context
        offers = market.offers(progress.asking, progress.route, prompt_tokens=0)
        found = plan.choose(
            progress.sent,
            partial(self._turns.scores, progress.sent),
            reads=self._turns.reads,
            mode=mode,
            window_tokens=market.window(progress.asking, progress.route),
            price=partial(market.cost_usd, offers[0]),
        )
        if found.dropped and not isinstance(mode, str):
            return self._summaries.summarised(progress, found, budget_tokens=mode)
        return found, progress
