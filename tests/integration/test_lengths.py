"""How long a tenant's prompts and answers are, by its ledger, and what that changes about who is the cheapest."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.answer import Answer, Route, Usage
from pipelines.errors import StoreUnavailable
from pipelines.job import Job
from pipelines.money import ledger
from pipelines.routing import choice
from pipelines.routing.catalog import Offer
from workers.jobs import believed
from workers.jobs.ledger import Accounts
from workers.jobs.lengths import Lengths

if TYPE_CHECKING:
    from tests.fleet import InProcess


@pytest.fixture
def accounts(client: Any) -> Accounts:
    return Accounts(client)


def answer(accounts: Accounts, tenant: str, count: int, completion_tokens: int, tier: Any = "economy") -> None:
    given = Answer(text="", source="model", usage=Usage(10, 0, completion_tokens), route=Route(tier, 0.1, "words"))
    for _ in range(count):
        accounts.count(uuid.uuid4().hex, tenant, datetime.now(UTC).date().isoformat(), ledger.record(given))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    told = [0.0]
    monkeypatch.setattr(believed, "monotonic", lambda: told[0])
    return told


def test_it_is_the_mean_of_a_tenants_own_answers_of_a_tier(accounts: Accounts) -> None:
    answer(accounts, "brief", 30, 20)
    answer(accounts, "brief", 25, 900, "premium")
    answer(accounts, "long", 10, 400)
    answer(accounts, "long", 10, 600)
    lengths = Lengths(accounts)
    found = [lengths.expected(tenant, tier) for tenant in ("brief", "long") for tier in ("economy", "premium")]
    assert found == [20, 900, 500, None]


def test_few_answers_say_nothing_and_it_is_read_again_after_a_minute(accounts: Accounts, clock: list[float]) -> None:
    lengths = Lengths(accounts)
    answer(accounts, "t", ledger.LEAST_ANSWERS - 1, 80)
    assert lengths.expected("t", "economy") is None
    answer(accounts, "t", 1, 80)
    assert lengths.expected("t", "economy") is None
    clock[0] += believed.BELIEVED_S + 1
    assert lengths.expected("t", "economy") == 80


def test_a_ledger_that_is_away_changes_nothing(
    accounts: Accounts, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = Lengths(accounts)
    answer(accounts, "t", 30, 80)
    assert lengths.expected("t", "economy") == 80

    def away(*_: Any) -> None:
        raise StoreUnavailable("ledger", "TimeoutError")

    monkeypatch.setattr(accounts, "totals", away)
    clock[0] += believed.BELIEVED_S + 1
    assert lengths.expected("t", "economy") == 80


def counted(accounts: Accounts, tenant: str, estimated: int, counted: int, *remarks: str) -> None:
    given = Answer(
        text="",
        source="model",
        provider="p",
        model="m",
        usage=Usage(counted, 0, 9),
        context={"prompt_tokens_after": estimated},
        degraded=remarks,
    )
    accounts.count(uuid.uuid4().hex, tenant, datetime.now(UTC).date().isoformat(), ledger.record(given))


def test_what_a_model_counts_corrects_what_is_estimated_of_that_tenants_prompts(
    accounts: Accounts, clock: list[float]
) -> None:
    lengths = Lengths(accounts)
    assert lengths.scale("zh", "p/m") == 1.0
    for _ in range(50):
        counted(accounts, "zh", 1_000, 1_350)
        counted(accounts, "en", 1_000, 1_010)
        counted(accounts, "silent", 1_000, 4_000, ledger.NOT_COUNTED)
    clock[0] += believed.BELIEVED_S + 1
    assert lengths.scale("zh", "p/m") == pytest.approx(1.35, abs=0.02)
    assert lengths.scale("en", "p/m") == pytest.approx(1.01, abs=0.01)
    assert lengths.scale("silent", "p/m") == lengths.scale("zh", "p/other") == 1.0


def test_one_prompt_is_not_believed_much(accounts: Accounts) -> None:
    counted(accounts, "new", 10, 3_000)
    assert Lengths(accounts).scale("new", "p/m") < 2.5


def test_the_ledger_of_a_fleet_says_how_well_prompts_are_estimated(fleet: InProcess, tenant: str) -> None:
    fleet.settled(fleet.ask("How do I unfold a deck chair?", tenant=tenant))
    totals = ledger.Totals(fleet.runtime.accounts.totals(tenant, 1).popitem()[1][tenant])
    assert totals.encode()["prompt_scales"] == {"stand-in/gpt-4o-mini": 1.0}


# Two alike, but one counts what is asked of it as twice as much.
ONE, TWICE = Offer("a", "one", "economy", context_tokens=4_000), Offer("b", "twice", "economy", context_tokens=8_000)


def test_who_counts_more_tokens_is_dearer_and_has_less_room() -> None:
    long = Job.decode({"messages": [{"role": "user", "content": "?"}], "params": {"max_tokens": 10}})

    def scale(offer: Offer) -> float:
        return 2.0 if offer is TWICE else 1.0

    def flat(_: Offer, usage: Usage) -> Decimal:
        return Decimal(usage.prompt_tokens)

    given = {"prompt_tokens": 3_000, "offers": (TWICE, ONE)}
    assert choice.cheapest_first(long, **given, cost=flat, scale=scale)[0] is ONE
    assert choice.cheapest_first(long, **given, cost=flat)[0] is TWICE
    assert choice.widest(long, (TWICE, ONE), scale) == 3_995
    assert choice.able(long, prompt_tokens=3_992, offers=(TWICE, ONE), scale=scale) == (TWICE,)
    assert choice.lacking(long, prompt_tokens=3_999, offers=(TWICE, ONE), scale=scale) is not None
    assert choice.lacking(long, prompt_tokens=3_999, offers=(TWICE, ONE)) is None


# One is cheap to ask, the other to hear.
ASKED, HEARD = Offer("a", "asked", "economy"), Offer("b", "heard", "economy")


def cost(offer: Offer, usage: Usage) -> Decimal:
    each = (1, 10) if offer is ASKED else (3, 4)
    return Decimal(usage.prompt_tokens * each[0] + usage.completion_tokens * each[1])


@pytest.mark.parametrize(
    ("known", "bound", "first"),
    [(None, None, HEARD), (20, None, ASKED), (900, None, HEARD), (900, 30, ASKED), (20, 4_000, ASKED)],
    ids=["nobody knows", "short", "long", "long, and bound", "short, whatever the bound"],
)
def test_who_answers_briefly_is_cheapest_where_asking_is(known: int | None, bound: int | None, first: Offer) -> None:
    given = {"messages": [{"role": "user", "content": "?"}], "params": {} if bound is None else {"max_tokens": bound}}
    found = choice.cheapest_first(
        Job.decode(given), prompt_tokens=400, offers=(ASKED, HEARD), cost=cost, completion_tokens=known
    )
    assert found[0] is first


def test_hours_in_a_batch_are_in_no_mean_latency() -> None:
    fast = Answer(text="", source="exact", timings_ms={"total": 20.0})
    slow = Answer(text="", source="model", timings_ms={"total": 7.2e6, "batch": 7.2e6})
    totals = ledger.Totals().plus(ledger.record(fast)).plus(ledger.record(slow))
    assert totals.mean_latency_ms == 20.0
    assert totals.encode()["batched"] == 1
