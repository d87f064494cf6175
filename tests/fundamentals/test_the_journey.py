"""Read me first: what Farthing does with a question, one promise a test."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import DeadlineExceeded, JobInvalid, ProviderFailed, UnknownModel
from workers.demo.standin import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet import InProcess

QUESTIONS = ["How do I close my account?", "怎么关闭我的账户？"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_new_question_goes_to_the_cheapest_model_that_suffices(fleet: InProcess, tenant: str, question: str) -> None:
    answer = fleet.ask(question, tenant=tenant)
    assert (answer.source, answer.model) == ("model", "gpt-4o-mini")
    assert Decimal(0) < answer.cost_usd < answer.baseline_usd


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_repeated_question_is_free(fleet: InProcess, tenant: str, question: str) -> None:
    first = fleet.settled(fleet.ask(question, tenant=tenant))
    calls = len(fleet.model.requests)
    again = fleet.ask(question, tenant=tenant)
    assert (again.source, again.text, again.cost_usd) == ("exact", first.text, Decimal(0))
    assert again.baseline_usd > 0
    assert len(fleet.model.requests) == calls


def test_a_question_in_other_words_is_free_too(fleet: InProcess, tenant: str) -> None:
    first = fleet.settled(fleet.ask("How do I reset my password?", tenant=tenant))
    again = fleet.ask("How can I reset my password?", tenant=tenant)
    assert (again.source, again.text) == ("semantic", first.text)
    assert again.cache is not None
    assert again.cache["similarity"] > 0.92


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I return an item?", "How do I exchange an item?"),
        ("How do I upgrade my membership?", "How do I downgrade my membership?"),
        ("Can I withdraw 100 dollars?", "Can I withdraw 900 dollars?"),
        ("怎么退货？", "怎么换货？"),
        ("如何开通会员？", "如何关闭会员？"),
    ],
)
def test_a_question_that_only_looks_alike_is_asked(fleet: InProcess, tenant: str, one: str, other: str) -> None:
    fleet.settled(fleet.ask(one, tenant=tenant))
    assert fleet.ask(other, tenant=tenant).source == "model"


def test_one_tenant_never_gets_anothers_answer(fleet: InProcess, tenant: str) -> None:
    fleet.settled(fleet.ask("How do I log out?", tenant=tenant))
    assert fleet.ask("How do I log out?", tenant=f"{tenant}-b").source == "model"


def test_a_question_with_personal_data_is_kept_for_its_user_alone(fleet: InProcess, tenant: str) -> None:
    question = "Why was my card 4111 1111 1111 1111 refused?"
    fleet.settled(fleet.ask(question, tenant=tenant, user="u-1"))
    assert fleet.ask(question, tenant=tenant, user="u-1").source == "exact"
    assert fleet.ask(question, tenant=tenant, user="u-2").source == "model"
    assert fleet.ask(question, tenant=tenant).source == "model"


@pytest.mark.parametrize(
    ("first", "reply", "then"),
    [
        ("How do I return a lamp?", "Print the label.", "And how long does that take?"),
        ("怎么退台灯？", "打印退货单。", "那要多久？"),
    ],
)
def test_a_follow_up_is_never_answered_without_what_came_before(
    fleet: InProcess, tenant: str, first: str, reply: str, then: str
) -> None:
    def talk(opening: str) -> list[dict[str, str]]:
        said = [("user", opening), ("assistant", reply), ("user", then)]
        return [{"role": role, "content": content} for role, content in said]

    fleet.settled(fleet.ask(talk(first), tenant=tenant))
    assert fleet.ask(talk(first), tenant=tenant).source == "exact"
    assert fleet.ask(talk(f"{first}!!"), tenant=tenant).source == "model"


@pytest.mark.parametrize(
    ("question", "says"),
    [("Where is my order A10001?", "A10001"), ("我的订单A10001到哪了？", "A10001"), ("What is my balance?", "$0.00")],
)
def test_a_structured_question_is_answered_by_the_database(
    fleet: InProcess, tenant: str, question: str, says: str
) -> None:
    answer = fleet.ask(question, tenant=tenant, user="u-1")
    assert (answer.source, answer.cost_usd) == ("rule", Decimal(0))
    assert says in answer.text
    assert answer.route is not None
    assert answer.route.tier == "rule"


def test_a_rule_shows_nobody_elses_record(fleet: InProcess, tenant: str) -> None:
    assert fleet.ask("Where is my order A10001?", tenant=tenant, user="u-2").source == "model"
    assert fleet.ask("Where is my order A10001?", tenant=tenant).source == "model"


@pytest.mark.parametrize(
    "question", ["Compare your two plans and analyze their trade-offs.", "对比Q3财报与去年同期变化"]
)
def test_a_hard_question_goes_to_the_premium_model(fleet: InProcess, tenant: str, question: str) -> None:
    answer = fleet.ask(question, tenant=tenant)
    assert answer.model == "gpt-4o"
    assert answer.route is not None
    assert answer.route.reason.startswith("hard: ")


def test_the_callers_id_survives_the_whole_journey(fleet: InProcess, tenant: str) -> None:
    job_id = fleet.client.submit("Do you sell lamps?", tenant=tenant, job_id=f"mine-{tenant}")
    assert fleet.client.result(job_id, 30).job_id == job_id == f"mine-{tenant}"


@pytest.fixture
def budget(fleet: InProcess) -> Iterator[None]:
    """As with `[context] budget_tokens = 3000`."""
    with fleet.instead(configuration=replace(fleet.runtime.configuration, context_budget_tokens=3_000)):
        yield


@pytest.mark.usefixtures("budget")
def test_only_the_history_that_fits_the_operators_budget_is_sent(fleet: InProcess, tenant: str) -> None:
    long_talk = [{"role": "system", "content": "Be brief."}]
    for turn in range(60):
        long_talk += [{"role": "user", "content": f"Tell me about lamp {turn} " + "and its colours " * 20}]
        long_talk += [{"role": "assistant", "content": "It is a lamp. " * 20}]
    answer = fleet.ask([*long_talk, {"role": "user", "content": "And the last one?"}], tenant=tenant)
    sent = fleet.model.requests[-1]["messages"]
    assert sent[0]["content"] == "Be brief."
    assert sent[-1]["content"] == "And the last one?"
    assert answer.context is not None
    assert answer.context["dropped_messages"] == 122 - len(sent) > 0
    assert answer.usage.prompt_tokens < 3_200
    assert answer.degraded == (f"context cut: {answer.context['dropped_messages']} earlier messages were not sent",)


@pytest.mark.usefixtures("budget")
def test_old_turns_are_summed_up_where_the_dear_model_answers(fleet: InProcess, tenant: str) -> None:
    long_talk = []
    for turn in range(60):
        long_talk += [{"role": "user", "content": f"Tell me about lamp {turn} " + "and its colours " * 20}]
        long_talk += [{"role": "assistant", "content": "It is a lamp. " * 20}]
    answer = fleet.ask([*long_talk, {"role": "user", "content": "Compare the first two."}], tenant=tenant)
    asked, sent = fleet.model.requests[-2:]
    assert (asked["model"], sent["model"]) == ("gpt-4o-mini", "gpt-4o")
    assert "Tell me about lamp 0" in asked["messages"][1]["content"]
    assert sent["messages"][0]["content"].startswith("Earlier in this conversation (summary): ")
    assert [m["role"] for m in sent["messages"]].count("user") == 5
    # The summary is part of what this answer cost, and it paid all the same.
    assert answer.cost_usd > fleet.priced("gpt-4o", answer.usage)
    assert answer.cost_usd < answer.baseline_usd


def test_a_model_that_fails_once_is_asked_again(fleet: InProcess, tenant: str) -> None:
    fleet.model.faults.append(Fault(status=503))
    assert fleet.ask("Do you sell chairs?", tenant=tenant).source == "model"


def test_a_failed_model_call_reaches_the_caller(fleet: InProcess, tenant: str) -> None:
    fleet.model.faults.append(Fault(status=401))
    with pytest.raises(ProviderFailed, match="refused the API key") as caught:
        fleet.ask("Do you sell tables?", tenant=tenant)
    assert (caught.value.status, caught.value.retryable) == (401, False)


def test_a_model_that_nobody_offers_is_refused_before_anything_is_spent(fleet: InProcess, tenant: str) -> None:
    calls = len(fleet.model.requests)
    with pytest.raises(UnknownModel, match="gpt-17"):
        fleet.ask("hello", tenant=tenant, model="gpt-17")
    assert len(fleet.model.requests) == calls


def test_a_job_that_is_too_late_says_so(fleet: InProcess, tenant: str) -> None:
    with pytest.raises(DeadlineExceeded):
        fleet.ask("Do you sell beds?", tenant=tenant, deadline_s=0.001)


def test_a_malformed_job_from_any_sender_gets_an_answer_that_names_the_field(fleet: InProcess) -> None:
    sent = fleet.app.send_task("chat.cache_lookup", [{"messages": [], "colour": 1}], queue="cache-lookup")
    with pytest.raises(JobInvalid, match="colour"):
        fleet.client.result(sent.id, 30)


def test_an_operators_feedback_removes_a_wrong_answer_and_stores_the_right_one(fleet: InProcess, tenant: str) -> None:
    wrong = fleet.settled(fleet.ask("Is the shop open on Sundays?", tenant=tenant))
    done = fleet.client.feedback(
        str(wrong.job_id), rating="wrong", correction="Yes, 10 to 16.", approve=True, wait_s=30
    )
    assert (done["known"], done["dropped"], done["corrected"]) == (True, True, True)
    again = fleet.ask("Is the shop open on Sundays?", tenant=tenant)
    assert (again.source, again.text) == ("exact", "Yes, 10 to 16.")


def test_every_answer_is_in_the_ledger_once(fleet: InProcess, tenant: str) -> None:
    fleet.settled(fleet.ask("Do you sell sofas?", tenant=tenant))
    fleet.ask("Do you sell sofas?", tenant=tenant)
    days = fleet.runtime.accounts.totals(tenant, 2)
    counters = next(iter(days.values()))[tenant]
    assert (counters["jobs"], counters["source:model"], counters["source:exact"]) == (2, 1, 1)
    assert 0 < counters["cost_nusd"] < counters["baseline_nusd"]
