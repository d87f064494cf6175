"""What a worker process runs on: its parts, and the stages built of them, once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workers.config.settings import Settings
from workers.encoders.shared_vectors import SharedVectors
from workers.encoders.turns import Turns
from workers.jobs.batches import Batches
from workers.jobs.budgets import Budgets
from workers.jobs.escalations import Escalations
from workers.jobs.lengths import Lengths
from workers.jobs.outcomes import Outcomes
from workers.jobs.summaries import SummaryStore
from workers.jobs.threads import Threads
from workers.once import once
from workers.parts import Parts
from workers.stages.arrival import Arrival
from workers.stages.batch_lane import BatchLane
from workers.stages.batch_tending import BatchTending
from workers.stages.billing import Billing
from workers.stages.canary import Canaries, Chosen
from workers.stages.cascade import Cascade
from workers.stages.context import Contexts
from workers.stages.economy import Economy
from workers.stages.feedback import Feedback
from workers.stages.flight import Flight
from workers.stages.harm import Harm
from workers.stages.judge import Judge
from workers.stages.learning import Learning
from workers.stages.paid_once import PaidOnce
from workers.stages.quality import Quality
from workers.stages.quality_bounds import QualityBounds
from workers.stages.routing import Routing
from workers.stages.rules import Rules
from workers.stages.spending import Spending
from workers.stages.summary import Summaries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.routing.market import Market


class Runtime(Parts):
    """The stages of a job, each built of what its constructor names."""

    def with_(self, **instead: Any) -> Runtime:
        """Another one that shares what this one has made, but for ``instead`` and what was made of that."""
        stages = {name for name, one in vars(Runtime).items() if isinstance(one, once)}
        other = Runtime(self.settings, self.environ, **{**self.without({*stages, *instead}), **instead})
        other.uses = {user: set(used) for user, used in dict(self.uses).items()}
        return other

    def market(self) -> Market:
        """Who serves at what price, at this moment."""
        lengths = self.lengths
        return replace(self.configuration.market(datetime.now(UTC)), lengths=lengths.expected, scales=lengths.scale)

    @once
    def lengths(self) -> Lengths:
        """How long answers are."""
        return Lengths(self.accounts)

    @once
    def billing(self) -> Billing:
        """Prices answers and puts them on the bill."""
        return Billing(self.market, self.accounts, self.configuration.cache_of, lambda: self.secret)

    @once
    def economy(self) -> Economy:
        """The fleet's own questions to the cheapest model."""
        return Economy(self.market, self.providers)

    @once
    def spending(self) -> Spending:
        """What may be spent."""
        return Spending(
            Budgets(self.ledger_redis),
            lambda tenant: self.configuration.routing_of(tenant).budget,
            self.market,
            self.billing,
            lambda tenant: self.configuration.routing_of(tenant).hedge,
        )

    @once
    def cascade(self) -> Cascade:
        """What is looked at in an answer, and premium after economy."""
        return Cascade(
            Escalations(self.ledger_redis),
            self.configuration.routing_of,
            self.market,
            self.providers,
            self.billing,
            self.spending,
        )

    @once
    def batch_lane(self) -> BatchLane:
        """Jobs with hours to wait."""
        return BatchLane(self.batches, self.market, self.billing, self.spending, self.flight)

    @once
    def batch_tending(self) -> BatchTending:
        """What sends and fetches their batches."""
        return BatchTending(self.batches, self.providers, self.batch_lane, self.records, self.flight)

    @once
    def batches(self) -> Batches:
        """Where they are kept."""
        return Batches(self.ledger_redis)

    @once
    def quality_bounds(self) -> QualityBounds:
        """From where on premium is asked, for tenants with a target."""
        return QualityBounds(Outcomes(self.ledger_redis), self.configuration.routing_of, self.router)

    @once
    def quality(self) -> Quality:
        """What was saved, and what the answers are worth beside premium's and the whole conversation's."""
        return Quality(
            Outcomes(self.ledger_redis),
            self.configuration.routing_of,
            self.configuration.context_of,
            self.market,
            self.economy,
            self.billing,
            self.spending,
        )

    @once
    def judge(self) -> Judge:
        """The judge of the gray zone."""
        return Judge(
            self.store,
            self.members,
            self.sharing,
            self.boundaries,
            self.judge_budget,
            self.economy,
            self.billing,
            self.market,
        )

    @once
    def arrival(self) -> Arrival:
        """Where jobs come in."""
        return Arrival(self.configuration.catalog, lambda: self.lookup, self.settings, lambda: self.broker_redis)

    @once
    def rules(self) -> Rules:
        """What a database answers."""
        return Rules(self.configuration.rules, self.databases, self.market)

    @once
    def routing(self) -> Routing:
        """Which tier answers."""
        own, rules_of = Chosen(self.router, self.quality_bounds), self.configuration.routing_of
        outcomes = Outcomes(self.ledger_redis)
        return Routing(self.market, Canaries(own, self.accounts, outcomes, rules_of), rules_of)

    @once
    def summaries(self) -> Summaries:
        """Summaries of old turns."""
        return Summaries(SummaryStore(self.ledger_redis, lambda: self.secret), self.market, self.spending)

    @once
    def contexts(self) -> Contexts:
        """How much of a conversation is sent."""
        threads = Threads(self.ledger_redis, lambda: self.secret)
        harm = Harm(self.accounts, self.configuration.context_of)
        turns = Turns(lambda: self.readers, shared=SharedVectors(self.cache_redis, lambda: self.secret))
        return Contexts(self.configuration, self.market, self.summaries, turns, threads, harm)

    @once
    def paid_once(self) -> PaidOnce:
        """What was paid is not paid again."""
        return PaidOnce(self.records)

    @once
    def flight(self) -> Flight:
        """Of jobs that ask the same at the same time, one is answered."""
        return Flight(self.flights, self.boundaries.policy)

    @once
    def learning(self) -> Learning:
        """What fresh answers and audits teach."""
        return Learning(self.store, self.members, self.boundaries, self.sources, self.judge, self.billing)

    @once
    def feedback(self) -> Feedback:
        """What people say of answers."""
        return Feedback(
            self.records,
            self.members,
            self.store,
            self.reviews,
            self.accounts,
            self.configuration.cache_of,
            lambda: self.secret,
        )


_lock = threading.Lock()
_runtime: Runtime | None = None


def runtime() -> Runtime:
    """This process's runtime, made from its environment on first use."""
    global _runtime  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _runtime is None:
            _runtime = Runtime(Settings.from_env())
        return _runtime


@contextmanager
def using(other: Runtime) -> Iterator[Runtime]:
    """This process works with another runtime until the block ends."""
    global _runtime  # noqa: PLW0603 - as above
    before = runtime()
    _runtime = other
    try:
        yield other
    finally:
        _runtime = before
