"""Summaries of turns that had to be left out: made off the path by an economy model, there for the next question."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pipelines import journey
from pipelines.answer import Route
from pipelines.context import summary
from pipelines.context.summary import NOTHING, Summary
from pipelines.errors import FarthingError, StoreUnavailable
from workers.observability import counters
from workers.stages import canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celery import Celery

    from pipelines.answer import Answer
    from pipelines.journey import Progress
    from pipelines.message import Message
    from pipelines.routing.market import Market
    from workers.jobs.summaries import SummaryStore
    from workers.stages.spending import Spending

ROUTE = Route(tier="economy", score=0.0, reason="sums up what had to be left out")


class Summaries:
    """Finds them, and has them made. Without one, or late, what matters most is selected."""

    def __init__(self, kept: SummaryStore, market: Callable[[], Market], spending: Spending) -> None:
        self._kept, self._market, self._spending = kept, market, spending

    def recall(self, tenant: str, messages: Sequence[Message]) -> Summary | None:
        """What was summed up of the conversation, if anything was."""
        try:
            return self._kept.recall(tenant, messages)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return None

    def draw(self, app: Celery, progress: Progress, messages: Sequence[Message], known: Summary | None) -> None:
        """Have the next part summed up, where there is one and it pays: a call of its own that nobody waits for."""
        part = summary.due(messages, known or NOTHING)
        if part is None or not self._pays(progress, part, messages):
            return
        try:
            self._spending.miss(progress.job.tenant)
            digest = self._kept.begin(progress.job.tenant, messages, part.end)
        except FarthingError:  # its money is spent, or nobody knows: it waits for another day
            return
        if digest is None:
            return
        asking = summary.request(part, progress.job)
        sums_up = {"digest": digest, "end": part.end, "before": part.before.encode()}
        again = canvas.afresh(progress, "summary", job=asking, slot=None, route=ROUTE, sums_up=sums_up)
        again = replace(again, messages=None, context=None, alone=False)
        work = app.signature(journey.MODEL_CALL, args=(again.encode(),), **canvas.off_path(asking))
        canvas.send_off_path(work, "summary")

    def learn(self, progress: Progress, answer: Answer) -> None:
        """The summary is there: keep it, where it says nothing that was not said."""
        asked = progress.sums_up or {}
        before = Summary.decode(asked["before"])
        made = summary.extended(before, asked["end"], answer.text, progress.job.messages[-1].text)
        if made is None or answer.finish_reason != "stop":
            counters.count("summary.failed")
            return
        try:
            self._kept.keep(progress.job.tenant, asked["digest"], made)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return
        counters.count("summary.made")

    def _pays(self, progress: Progress, part: summary.Part, messages: Sequence[Message]) -> bool:
        market = self._market()
        summing_up = market.economy(summary.request(part, progress.job))[0]
        answering = market.offers(progress.asking, progress.route, prompt_tokens=part.tokens)[0]
        further = sum(message.role == "user" for message in messages)
        return summary.pays(
            part,
            further,
            answering=partial(market.cost_usd, answering),
            summing_up=partial(market.cost_usd, summing_up),
        )
