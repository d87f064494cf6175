"""A structured question is the database's, not the cache's and not the model's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fleet import InProcess


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


def test_a_rule_answers_whoever_asked_the_model_before(fleet: InProcess, tenant: str) -> None:
    assert fleet.ask("What is my balance?", tenant=tenant, user="stranger").source == "model"
    assert fleet.ask("What's my balance?", tenant=tenant, user="u-4").source == "model"
    assert fleet.ask("What is my balance?", tenant=tenant, user="u-3").source == "rule"


def test_what_a_rule_may_answer_is_not_the_caches_while_its_database_is_away(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.errors import RuleFailed

    def away(*_: object, rule: str, **__: object) -> Any:
        raise RuleFailed(rule, "away")

    with monkeypatch.context() as broken:
        broken.setattr(fleet.runtime.databases, "rows", away)
        answer = fleet.ask("What is my balance?", tenant=tenant, user="u-6")
        assert (answer.source, answer.degraded) == ("model", ("rule balance failed",))
    again = fleet.ask("What is my balance?", tenant=tenant, user="u-6")
    assert (again.source, again.degraded) == ("rule", ())


def test_a_template_that_cannot_be_filled_leaves_the_job_to_the_model() -> None:
    from pipelines.errors import RuleFailed
    from pipelines.routing.rules import Match, Rule, answer, faults

    for template in ("{balance:.2f}", "{balance!z}", "{balance:{customer.__class__}}", "{balance.real}", "{0}", "{"):
        rule = Rule("spec", {"en": ("x",)}, "sqlite://", "SELECT 1", {"en": template})
        assert faults(rule), "refused before the first question"
        with pytest.raises(RuleFailed, match="spec"):
            answer(Match(rule, "en", {}), [{"balance": 3, "customer": "u"}], user="u")


def test_what_two_rules_claim_is_no_ones_to_share(fleet: InProcess) -> None:
    book = fleet.runtime.configuration.rules
    assert book.claims("Where is my order A10001?", "t")
    assert not book.claims("Do you ship to Spain?", "t")


def test_a_row_answers_no_picture_and_no_wish_for_json(fleet: InProcess, tenant: str) -> None:
    params = {"response_format": {"type": "json_object"}}
    assert fleet.ask("What is my balance?", tenant=tenant, user="u-1", params=params).source == "model"


def test_one_template_answers_whatever_is_filled_in_for_its_tenants_alone(fleet: InProcess, tenant: str) -> None:
    from dataclasses import replace

    from pipelines.routing.rules import Rule, RuleBook

    patterns = {"en": (r"how do i cancel order (?P<order>[A-Z]?\d{4,})",)}
    rule = Rule("cancel", patterns, None, None, {"en": "Press Cancel beside {order}."}, tenants=(tenant,))
    configuration = replace(fleet.runtime.configuration, rules=RuleBook([rule]))
    with fleet.instead(configuration=configuration):
        for number, order in enumerate(("A10001", "A10002", "77777")):
            answer = fleet.ask(f"How do I cancel order {order}?", tenant=tenant, user=f"u-{number}")
            assert (answer.source, answer.cost_usd, answer.text) == ("rule", 0, f"Press Cancel beside {order}.")
        assert fleet.ask("How do I cancel order A10001?", tenant=f"{tenant}-other").source == "model"
