"""What of a conversation is sent: the plan's decision, and the summary that an operator's budget may ask for."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from pipelines.context import plan
from pipelines.context.thread import Sent
from pipelines.errors import StoreUnavailable
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.context.selection import Selected
    from pipelines.journey import Progress
    from pipelines.routing.market import Market
    from workers.config.configuration import Configuration
    from workers.encoders.turns import Turns
    from workers.jobs.threads import Threads
    from workers.stages.harm import Harm
    from workers.stages.summary import Summaries


class Contexts:
    """Chooses what to send."""

    def __init__(
        self,
        configuration: Configuration,
        market: Callable[[], Market],
        summaries: Summaries,
        turns: Turns,
        threads: Threads,
        harm: Harm,
    ) -> None:
        self._configuration, self._market, self._summaries = configuration, market, summaries
        self._turns, self._threads, self._harm = turns, threads, harm

    def chosen(self, progress: Progress) -> tuple[Selected, Progress]:
        """What is sent, and the job with what choosing it cost."""
        market, job = self._market(), progress.job
        mode = self._configuration.context_of(job.tenant).mode if job.context is None else job.context
        offer = market.offers(progress.asking, progress.route, prompt_tokens=0)[0]
        model = f"{offer.provider}/{offer.model}"
        long = mode == "auto" and plan.may_cut(progress.sent)
        if long and self._harm.stops(job.tenant):
            mode, long = "all", False
        before, known = self._recall(progress) if long else (None, True)
        now = time.time()
        found = plan.choose(
            progress.sent,
            partial(self._turns.scores, progress.sent),
            reads=self._turns.reads,
            mode=mode,
            window_tokens=market.window(progress.asking, progress.route),
            price=partial(market.cost_usd, offer),
            before=None if before is None else before.thread,
            warm=before is None or before.warm(model, now),
        )
        if found.thread is not None and known:
            self._keep(progress, Sent(found.thread, now, model))
        if found.dropped and not isinstance(mode, str):
            return self._summaries.summarised(progress, found, budget_tokens=mode)
        return found, progress

    def _recall(self, progress: Progress) -> tuple[Sent | None, bool]:
        """How it was sent last, where anybody knows; and whether anybody could be asked."""
        try:
            return self._threads.recall(progress.job.tenant, progress.sent), True
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return None, False

    def _keep(self, progress: Progress, sent: Sent) -> None:
        try:
            self._threads.keep(progress.job.tenant, progress.sent, sent)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
