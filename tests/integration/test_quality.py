"""Audits of economy's answers: what is lost by not asking premium, learned off the path and said in the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.answer import Usage
from pipelines.errors import ConfigurationInvalid
from pipelines.routing import surface
from pipelines.routing.completion import Completion
from tests.fleet import counts_heard
from tests.waiting import until
from workers.cli import main
from workers.config.tenants import ContextRules, RoutingRules
from workers.evaluation import outcomes
from workers.jobs import reports
from workers.jobs.outcomes import Outcome, Outcomes
from workers.providers import calls, routers

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from pipelines.answer import Answer
    from tests.fleet import InProcess

USED = Usage(100, 0, 20)
ECONOMY = "You can return it within fourteen days, at your own cost, with the form that came in the parcel."


class Models:
    """Premium answers ``premium`` and grades by ``verdict``; economy answers the same always."""

    def __init__(self) -> None:
        self.premium, self.verdict = "Returns are free for thirty days: print a label in your account.", "yes"
        self.asked: list[tuple[str, str]] = []

    def call(self, _: Any, offers: Any, messages: Any, *__: Any, **___: Any) -> Any:
        tier = offers[0].tier
        graded = "You compare two answers" in messages[0].text
        sums_up = messages[0].text.startswith("Note what")
        self.asked.append((tier, "grade" if graded else "summary" if sums_up else "answer"))
        said = self.verdict if graded else ECONOMY if tier == "economy" else self.premium
        return calls.CallResult(offers[0], Completion(said, {"role": "assistant", "content": said}, "stop", USED), ())


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    made = Models()
    monkeypatch.setattr(calls, "call", made.call)
    return made


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return counts_heard(monkeypatch)


def ask(
    fleet: InProcess, tenant: str, question: str = "How do I return a lamp?", share: float = 1.0, **f: Any
) -> Answer:
    rules = {tenant: RoutingRules(audit_share=share)}
    with fleet.instead(configuration=replace(fleet.runtime.configuration, tenants_routing=rules)):
        answer = fleet.ask(question, tenant=tenant, **f)
        until(lambda: models_are_idle(fleet))
    return answer


def models_are_idle(fleet: InProcess) -> bool:
    from celery.worker import state

    return not list(state.reserved_requests) and not fleet.runtime.broker_redis.llen("model-call")


def totals(fleet: InProcess, tenant: str) -> dict[str, Any]:
    found: dict[str, Any] = reports.as_json(fleet.runtime.accounts.totals(tenant))["tenants"][tenant]
    return found


def test_an_answer_that_premium_would_have_given_better_is_counted_and_kept_to_learn_from(
    fleet: InProcess, tenant: str, models: Models, heard: Counter[str]
) -> None:
    answer = ask(fleet, tenant)
    assert (answer.text, answer.model) == (ECONOMY, "gpt-4o-mini"), "the caller's answer stands"
    until(lambda: heard["quality.worse"])
    assert models.asked == [("economy", "answer"), ("premium", "answer"), ("premium", "grade")]
    until(lambda: totals(fleet, tenant)["quality_audits"])
    found = totals(fleet, tenant)
    assert (found["jobs"], found["quality_audits"], found["quality_worse"]) == (1, 1, 1)
    economy, premium = fleet.priced("gpt-4o-mini", USED), fleet.priced("gpt-4o", USED)
    assert Decimal(found["cost_usd"]) == economy + 2 * premium, "it is on the bill"
    (outcome,) = fleet.runtime.quality.outcomes(tenant)
    assert outcome.worse
    assert len(outcome.surface) == 17
    assert outcome.vector is not None
    assert "lamp" not in outcome.encode()


def test_answers_that_say_the_same_need_no_grade(
    fleet: InProcess, tenant: str, models: Models, heard: Counter[str]
) -> None:
    models.premium = ECONOMY
    ask(fleet, tenant)
    until(lambda: heard["quality.same"])
    assert models.asked == [("economy", "answer"), ("premium", "answer")]
    until(lambda: totals(fleet, tenant)["quality_audits"])
    assert totals(fleet, tenant)["quality_worse"] == 0


def test_a_verdict_that_is_none_teaches_nothing(
    fleet: InProcess, tenant: str, models: Models, heard: Counter[str]
) -> None:
    models.verdict = "It depends."
    ask(fleet, tenant, "How do I return a chair?", metadata={"x": "y"})
    until(lambda: heard["quality.unclear"])
    assert fleet.runtime.quality.outcomes(tenant) == []


@pytest.mark.parametrize("fields", [{"model": "economy"}, {"model": "premium"}])
def test_who_says_which_model_is_not_audited(
    fleet: InProcess, tenant: str, models: Models, fields: dict[str, Any]
) -> None:
    ask(fleet, tenant, **fields)
    assert len(models.asked) == 1


LONG = [
    turn
    for number in range(60)
    for turn in (
        {"role": "user", "content": f"About order {number}: the parcel came late and the box was wet, what can I do?"},
        {
            "role": "assistant",
            "content": f"I am sorry about order {number}. Please send a picture of the wet box. " * 3,
        },
    )
]


def ask_long(fleet: InProcess, tenant: str, rules: ContextRules, **fields: Any) -> Answer:
    asked = [*LONG, {"role": "user", "content": "What did you say about order 17, and which picture do you want?"}]
    with fleet.instead(configuration=replace(fleet.runtime.configuration, tenants_context={tenant: rules})):
        answer = fleet.ask(asked, tenant=tenant, cache="bypass", **fields)
        until(lambda: models_are_idle(fleet))
    return answer


@pytest.mark.parametrize(("verdict", "worse"), [("yes", 1), ("no", 0)])
def test_an_answer_to_a_shorter_context_is_compared_to_the_whole_ones(
    fleet: InProcess, tenant: str, models: Models, heard: Counter[str], verdict: str, worse: int, monkeypatch: Any
) -> None:
    models.verdict, lengths = verdict, []
    call = models.call

    def counted(providers: Any, offers: Any, messages: Any, *more: Any, **fields: Any) -> Any:
        lengths.append(len(messages))
        found = call(providers, offers, messages, *more, **fields)
        if len(messages) > len(LONG):  # with the whole of it, the model says something else
            said = "We want one of the wet box of order 17, from above, within a week."
            return replace(found, completion=Completion(said, {"role": "assistant", "content": said}, "stop", USED))
        return found

    monkeypatch.setattr(calls, "call", counted)
    answer = ask_long(fleet, tenant, ContextRules(audit_share=1.0))
    assert answer.text == ECONOMY, "the caller's answer stands"
    assert answer.context is not None
    assert answer.context["dropped_messages"] > 0
    until(lambda: heard["context.worse"] + heard["context.same"])
    assert lengths[0] < len(LONG)
    assert lengths[1:] == [len(LONG) + 1, 2], "the whole of it, and the grade"
    assert [tier for tier, _ in models.asked] == ["economy", "economy", "premium"]
    until(lambda: totals(fleet, tenant)["context_audits"])
    found = totals(fleet, tenant)
    assert (found["jobs"], found["context_audits"], found["context_worse"]) == (1, 1, worse)
    assert found["quality_audits"] == 0


@pytest.mark.parametrize("fields", [{"context": "all"}, {"context": 700}])
def test_what_was_not_cut_to_save_is_not_compared(
    fleet: InProcess, tenant: str, models: Models, fields: dict[str, Any]
) -> None:
    ask_long(fleet, tenant, ContextRules(audit_share=1.0), **fields)
    assert [kind for _, kind in models.asked if kind != "summary"] == ["answer"]


def test_where_shorter_contexts_harm_conversations_are_sent_whole(
    fleet: InProcess, tenant: str, heard: Counter[str]
) -> None:
    rules = ContextRules(audit_share=1e-9)
    today = datetime.now(UTC).date().isoformat()
    answer = ask_long(fleet, tenant, rules)
    assert answer.context is not None
    assert answer.context["dropped_messages"] > 0
    fleet.runtime.accounts.count("harm", tenant, today, {"context_audits": 40, "context_worse": 4})
    answer = ask_long(fleet, tenant, rules)
    assert answer.context is not None
    assert answer.context["dropped_messages"] == 0
    assert heard["context.stopped"] == 1
    unaudited = ask_long(fleet, tenant, ContextRules())
    assert unaudited.context is not None
    assert unaudited.context["dropped_messages"] > 0, "who asks for no audits is not ruled by old ones"


def test_nothing_is_audited_unless_it_is_wanted(fleet: InProcess, tenant: str, models: Models) -> None:
    ask(fleet, tenant, share=0.0)
    assert models.asked == [("economy", "answer")]
    assert RoutingRules().audit_share == 0.0


def test_the_report_says_what_is_lost_with_its_interval() -> None:
    total = {"quality_audits": 100, "quality_worse": 4, "tiers": {"economy": 900, "premium": 100}}
    assert reports.quality_lost(total) == "4.0 % (1.6 to 9.8 %) of economy's, in 100 compared"
    assert reports.quality_lost({**total, "quality_audits": 0, "quality_worse": 0}) == "none compared (audit_share)"


def test_a_router_is_trained_on_what_audits_came_to(fleet: InProcess, tenant: str, tmp_path: Path) -> None:
    dice, kept = np.random.default_rng(0), Outcomes(fleet.runtime.ledger_redis)
    for number in range(120):
        hard = number % 3 == 0
        question = f"Why does clause {number} void the other one, and since when?" if hard else f"Where is it {number}?"
        vector = dice.normal(size=8) * 0.1 + (np.arange(8) == (0 if hard else 1))
        packed = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
        features = tuple(surface.surfaces([question])[0].tolist())
        kept.keep(tenant, Outcome(hard, features, packed if number % 10 else None, "mine" if number % 10 else ""))
    kept.keep(tenant, Outcome(True, features, dice.normal(size=4).astype("<f2").tobytes(), "another"))
    taught = outcomes.of_tenant(tenant, kept.of(tenant))
    assert (taught.encoder, taught.vectors.shape, len(taught.economy)) == ("mine", (121, 8), 121)
    found = outcomes.train(taught, tmp_path / "router.json", premium_share=None, quality=0.95)
    assert found["outcomes"] == 121
    assert found["premium_share"] < 0.45
    router = routers.load(str(tmp_path / "router.json"), "--router")
    hard, simple = np.eye(8, dtype=np.float32)[0], np.eye(8, dtype=np.float32)[1]
    assert router.expects("Why does clause 7 void the other one?", hard) > router.expects("Where is it?", simple)


def test_too_few_audits_are_said_to_be_too_few(fleet: InProcess, tenant: str, tmp_path: Path) -> None:
    taught = outcomes.of_tenant(tenant, fleet.runtime.quality.outcomes(tenant))
    with pytest.raises(ConfigurationInvalid, match=rf"the audits of {tenant}: outcomes: got 0, expected at least 50"):
        outcomes.train(taught, tmp_path / "router.json", premium_share=0.1, quality=None)


def test_either_a_file_or_a_tenant_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["train", "routing", "--out", str(tmp_path / "r.json"), "--quality", "0.9"])
    assert done.exit_code == 2
    assert "say either a file or --tenant" in done.output
