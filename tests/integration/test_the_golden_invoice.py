"""Ten thousand jobs of every kind, billed as the fleet does it: the ledger equals an invoice added up by hand."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.answer import Route, Usage
from pipelines.errors import ProviderFailed
from pipelines.job import Job
from pipelines.journey import Progress
from pipelines.routing.completion import Completion
from workers.providers import calls

if TYPE_CHECKING:
    import pytest

    from pipelines.routing.catalog import Offer
    from tests.fleet import InProcess

JOBS = 10_000
# Billionths of a dollar a token: input, cached input, output. By hand, from the price list.
NANO = {"gpt-4o-mini": (150, 75, 600), "gpt-4o": (2_500, 1_250, 10_000)}
DAY_S = 86_400.0


def by_hand(model: str, usage: Usage) -> int:
    fresh, cached, out = NANO[model]
    return (
        (usage.prompt_tokens - usage.cached_tokens) * fresh
        + usage.cached_tokens * cached
        + usage.completion_tokens * out
    )


class Jobs:
    """Draws jobs, and adds up what they cost."""

    def __init__(self, fleet: InProcess, tenant: str) -> None:
        self.dice = random.Random(7)
        self.fleet, self.tenants = fleet, [f"{tenant}-{number}" for number in range(7)]
        self.expected: dict[str, int] = defaultdict(int)
        self.counts: dict[str, int] = defaultdict(int)
        self.premium: Any = None
        catalog = fleet.runtime.configuration.catalog
        self.economy_offer, self.premium_offer = (catalog.of_tier(name)[0] for name in ("economy", "premium"))

    def usage(self) -> Usage:
        prompt = self.dice.randrange(1, 9_000)
        return Usage(prompt, self.dice.choice((0, self.dice.randrange(prompt))), self.dice.randrange(2_000))

    def called(self, offer: Offer, text: str) -> calls.CallResult:
        """A call that came through, perhaps after some that broke off, perhaps priced by its gateway."""
        wasted = tuple((offer, self.usage()) for _ in range(self.dice.choice((0, 0, 0, 1, 2))))
        billed = Decimal(self.dice.randrange(1, 10**7)) / 10**9 if self.dice.random() < 0.1 else None
        message = {"role": "assistant", "content": text}
        done = Completion(text, message, "stop", self.usage(), billed_usd=billed)
        return calls.CallResult(offer, done, (), wasted)

    def cost(self, called: calls.CallResult) -> int:
        own = called.completion.billed_usd
        nano = by_hand(called.offer.model, called.completion.usage) if own is None else int(own * 10**9)
        return nano + sum(by_hand(offer.model, used) for offer, used in called.wasted)

    def call(self, *_: Any, wasted: list[Any], **__: Any) -> Any:
        """Premium, after economy: it answers, or breaks off."""
        if isinstance(self.premium, ProviderFailed):
            wasted.append((self.premium_offer, self.broken))
            raise self.premium
        return self.premium

    def one(self, number: int) -> None:
        held, dice, tenant = self.fleet.runtime, self.dice, self.dice.choice(self.tenants)
        job = Job.decode({"messages": [{"role": "user", "content": f"What is {number} and one?"}], "tenant": tenant})
        spent = dice.choice((0, 0, dice.randrange(10**5)))  # an embedding, a verdict
        progress = Progress(
            job, f"{tenant}-{number}", 1.0, route=Route("economy", 0.1, "x"), spent_usd=Decimal(spent) / 10**9
        )
        progress = replace(progress, submitted_at=None, started_at=4e9)  # its deadline is far away
        kind = dice.choice(("plain", "plain", "premium", "cascade", "cascade fails", "nobody", "audit"))
        self.counts[f"{tenant} {kind}"] += 1
        if kind == "nobody":
            lost = [(self.economy_offer, self.usage()) for _ in range(dice.randrange(3))]
            held.billing.charge_wasted(progress, lost)
            if lost or spent:
                self.expected[tenant] += spent + sum(by_hand(offer.model, used) for offer, used in lost)
            return
        wrong = kind.startswith("cascade")
        offer = self.premium_offer if kind == "premium" else self.economy_offer
        first = self.called(offer, f"It is {number} + 1 = {number + (3 if wrong else 1)}.")
        cost = spent + self.cost(first)
        if kind == "cascade":
            self.premium = self.called(self.premium_offer, f"It is {number} + 1 = {number + 1}.")
            cost += self.cost(self.premium)
        elif kind == "cascade fails":
            self.premium, self.broken = ProviderFailed("openai", "cut", 0, retryable=True), self.usage()
            cost += by_hand("gpt-4o", self.broken)
        if kind == "audit":
            progress, cost = replace(progress, audit=1.0, spent_usd=Decimal(0)), cost - spent
        answer = held.cascade.answer(progress, first, took_s=0.1)
        finish = held.billing.finish_off_path if kind == "audit" else held.billing.finish
        for _ in range(dice.choice((1, 1, 2, 3))):  # a message that is delivered again is on the bill once
            finish(progress, answer)
        self.expected[tenant] += cost


def test_the_ledger_is_the_invoice(fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(fleet, tenant)
    monkeypatch.setattr(calls, "call", jobs.call)
    for number in range(JOBS):
        jobs.one(number)
    for name in jobs.tenants:
        (totals,) = (day[name] for day in fleet.runtime.accounts.totals(name).values())
        assert totals["cost_nusd"] == jobs.expected[name]
        kinds = {
            kind: jobs.counts[f"{name} {kind}"] for kind in ("plain", "premium", "cascade", "cascade fails", "audit")
        }
        assert totals["jobs"] == sum(kinds.values()) - kinds["audit"]
        assert totals["escalations"] == kinds["cascade"]
        assert totals["audits"] == kinds["audit"]
        saved = sum(amount for key, amount in totals.items() if key.startswith("saved:"))
        of_jobs = totals["cost_nusd"] - totals.get("audit_nusd", 0) - totals.get("wasted_nusd", 0)
        assert saved == totals["baseline_nusd"] - of_jobs
