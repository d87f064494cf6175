"""What of a conversation is sent: the plan's decision, with a summary of what had to be left out."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pipelines.context import plan, summary
from pipelines.context.thread import Sent
from pipelines.errors import StoreUnavailable
from pipelines.text.tokens import estimate_messages
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from celery import Celery
    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected
    from pipelines.job import Context
    from pipelines.journey import Progress
    from pipelines.routing.market import Market
    from workers.config.configuration import Configuration
    from workers.encoders.turns import Turns
    from workers.jobs.threads import Threads
    from workers.stages.harm import Harm
    from workers.stages.summary import Summaries

    Scores = Callable[[Sequence[Passage]], NDArray[np.float64]]


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

    def chosen(self, app: Celery, progress: Progress) -> Selected:
        """What is sent. Where something had to be left out, its summary stands for it, if there is one by now."""
        job = progress.job
        mode = self._configuration.context_of(job.tenant).mode if job.context is None else job.context
        long = mode == "auto" and plan.may_cut(progress.sent)
        if long and self._harm.stops(job.tenant):
            mode, long = "all", False
        scores = self._scores(progress)
        found = self._choose(progress, mode, scores, known=long)
        if not found.left_out or not found.forced:
            return found
        known = self._summaries.recall(job.tenant, progress.sent)
        self._summaries.draw(app, progress, progress.sent, known)
        if known is None:
            return found
        said = summary.within(known, found.tokens_after)
        if not said:
            return found
        less = replace(self._choose(progress, mode, scores, reserved=estimate_messages(said)), why=found.why)
        return summary.beside(less, known, said)

    def _scores(self, progress: Progress) -> Scores:
        """How much the job's passages matter, reckoned once: with a summary beside them they are the same."""
        reckoned: list[NDArray[np.float64]] = []

        def of(passages: Sequence[Passage]) -> NDArray[np.float64]:
            if not reckoned:
                reckoned.append(self._turns.scores(progress.sent, passages, tenant=progress.job.tenant))
            return reckoned[0]

        return of

    def _choose(
        self, progress: Progress, mode: Context, scores: Scores, *, known: bool = False, reserved: int = 0
    ) -> Selected:
        """``known``: is it worth knowing how the conversation was sent before? ``reserved`` tokens are others'."""
        market = self._market()
        offer = market.offers(progress.asking, progress.route, prompt_tokens=0)[0]
        model = f"{offer.provider}/{offer.model}"
        before, asked = self._recall(progress) if known else (None, True)
        now = time.time()
        found = plan.choose(
            progress.sent,
            scores,
            reads=self._turns.reads,
            mode=mode if isinstance(mode, str) else max(1, mode - reserved),
            window_tokens=max(1, market.window(progress.asking, progress.route) - reserved),
            price=partial(market.cost_usd, offer),
            before=None if before is None else before.thread,
            warm=before is None or before.warm(model, now),
        )
        if found.thread is not None and asked:
            self._keep(progress, Sent(found.thread, now, model))
        return found

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
