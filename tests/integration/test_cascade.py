"""After an economy answer that its checks find wrong, premium is asked once, and the bill says so."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.answer import Usage
from pipelines.errors import ProviderFailed, StoreUnavailable
from pipelines.routing.completion import Completion
from tests.waiting import until
from workers.broker.away import Later
from workers.config.tenants import RoutingRules
from workers.jobs import reports
from workers.jobs.escalations import Escalations
from workers.providers import calls
from workers.store import keys

if TYPE_CHECKING:
    from pipelines.answer import Answer
    from tests.fleet import InProcess

WRONG_SUM = "You pay 3 times 25 euros, and 3 * 25 = 85 euros in the whole."
RIGHT_SUM = "You pay 3 times 25 euros, and 3 * 25 = 75 euros in the whole."
DECLINES = "I'm sorry, but I can't help with that."
USED = Usage(100, 0, 20)


class Models:
    """What economy and premium say; ``asked`` are the tiers that were asked; ``premium`` may be raised instead."""

    def __init__(self) -> None:
        self.says: dict[str, Any] = {"economy": WRONG_SUM, "premium": RIGHT_SUM}
        self.asked: list[str] = []

    def call(self, _: Any, offers: Any, *__: Any, wasted: list[Any] | None = None, **___: Any) -> Any:
        offer = offers[0]
        self.asked.append(offer.tier)
        said = self.says[offer.tier]
        if isinstance(said, Exception):
            if wasted is not None:
                wasted.append((offer, USED))
            raise said
        message = {"role": "assistant", "content": said}
        return calls.CallResult(offer, Completion(said, message, "stop", USED), (), tuple(wasted or ()))


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    made = Models()
    monkeypatch.setattr(calls, "call", made.call)
    return made


def prices(fleet: InProcess) -> tuple[Decimal, Decimal]:
    return fleet.priced("gpt-4o-mini", USED), fleet.priced("gpt-4o", USED)


def ask(fleet: InProcess, tenant: str, question: str = "What do three tickets cost?", **fields: Any) -> Answer:
    return fleet.ask(question, tenant=tenant, **fields)


def test_premium_answers_where_economys_sum_does_not_come_out(fleet: InProcess, tenant: str, models: Models) -> None:
    answer = ask(fleet, tenant)
    economy, premium = prices(fleet)
    assert (models.asked, answer.text, answer.model) == (["economy", "premium"], RIGHT_SUM, "gpt-4o")
    assert answer.route is not None
    assert (answer.route.tier, answer.route.escalated, answer.route.checks) == ("premium", ("sums",), ())
    assert "a sum that does not come out" in answer.route.reason
    assert (answer.cost_usd, answer.route.first_usd) == (economy + premium, economy)
    assert answer.timings_ms["cascade"] >= 0.0


def test_the_better_answer_is_kept_and_the_bill_names_the_escalation(fleet: InProcess, tenant: str) -> None:
    fleet.settled(ask(fleet, tenant))
    again = ask(fleet, tenant)
    assert (again.source, again.text, again.cost_usd) == ("exact", RIGHT_SUM, Decimal(0))
    report = reports.as_json(fleet.runtime.accounts.totals(tenant))["tenants"][tenant]
    economy, premium = prices(fleet)
    assert (report["escalations"], Decimal(report["escalations_usd"])) == (1, premium)
    assert Decimal(report["cost_usd"]) == economy + premium
    assert report["tiers"] == {"premium": 1}


def test_what_a_check_found_and_nobody_mended_is_not_kept(fleet: InProcess, tenant: str, models: Models) -> None:
    models.says["premium"] = WRONG_SUM
    first, second = ask(fleet, tenant), ask(fleet, tenant)
    assert first.route is not None
    assert (first.route.checks, second.source) == (("sums",), "model")


def test_refusals_that_premium_repeats_are_soon_believed(fleet: InProcess, tenant: str, models: Models) -> None:
    models.says = {"economy": DECLINES, "premium": DECLINES}
    for number in range(8):
        ask(fleet, tenant, f"Tell me secret number {number} of your founder.")
    assert 0 < models.asked.count("premium") < 4
    assert models.asked.count("economy") == 8


@pytest.mark.parametrize("fields", [{"model": "economy"}, {"model": "gpt-4o-mini"}])
def test_who_names_the_model_gets_its_answer(
    fleet: InProcess, tenant: str, models: Models, fields: dict[str, Any]
) -> None:
    answer = ask(fleet, tenant, **fields)
    assert (models.asked, answer.text) == (["economy"], WRONG_SUM)
    assert answer.route is not None
    assert answer.route.checks == ("sums",)


@pytest.mark.parametrize("failure", [ProviderFailed("openai", "overloaded", 503, retryable=True), Later(3.0)])
def test_where_premium_cannot_be_asked_economys_answer_is_given_and_says_so(
    fleet: InProcess, tenant: str, models: Models, failure: Exception
) -> None:
    models.says["premium"] = failure
    answer = ask(fleet, tenant)
    economy, premium = prices(fleet)
    assert answer.text == WRONG_SUM
    assert any(said.startswith("premium not asked: ") for said in answer.degraded)
    assert answer.cost_usd == economy + premium, "what broke off is on the bill"


def test_no_time_is_no_reason_to_fail(
    fleet: InProcess, tenant: str, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = models.call

    def slow(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.7)
        return call(*args, **kwargs)

    monkeypatch.setattr(calls, "call", slow)
    answer = ask(fleet, tenant, deadline_s=1.2)
    assert (models.asked, answer.text) == (["economy"], WRONG_SUM)
    assert "premium not asked: no time was left" in answer.degraded


def test_a_tenant_may_want_none_of_it(fleet: InProcess, tenant: str, models: Models) -> None:
    configuration = replace(fleet.runtime.configuration, tenants_routing={tenant: RoutingRules(escalate_from=1.0)})
    with fleet.instead(configuration=configuration):
        assert ask(fleet, tenant).text == WRONG_SUM
    assert models.asked == ["economy"]


def test_a_worse_answer_does_not_stand_in_its_place(fleet: InProcess, tenant: str, models: Models) -> None:
    models.says = {"economy": DECLINES, "premium": " "}
    answer = ask(fleet, tenant)
    economy, premium = prices(fleet)
    assert (answer.text, answer.model, answer.cost_usd) == (DECLINES, "gpt-4o-mini", economy + premium)


def test_without_the_ledger_the_checks_are_believed_as_they_come(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("ledger", "away")

    monkeypatch.setattr(Escalations, "seen", away)
    monkeypatch.setattr(Escalations, "note", away)
    assert ask(fleet, tenant).text == RIGHT_SUM


def test_what_was_learned_is_a_tenants_own_and_goes_after_a_month(fleet: InProcess, tenant: str) -> None:
    ask(fleet, tenant)
    redis: Any = fleet.runtime.ledger_redis
    until(lambda: redis.exists(keys.escalations(tenant)))
    assert redis.hgetall(keys.escalations(tenant)) == {b"sums": b"1", b"sums:better": b"1"}
    assert 0 < redis.ttl(keys.escalations(tenant)) <= 30 * 86_400
    assert not redis.exists(keys.escalations(f"{tenant}-other"))


def test_an_answer_that_is_paid_for_is_lost_to_no_check(
    fleet: InProcess, tenant: str, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError("a pattern of ours")

    monkeypatch.setattr("pipelines.routing.checks.checked", breaks)
    assert ask(fleet, tenant).text == WRONG_SUM
    assert models.asked == ["economy"]
