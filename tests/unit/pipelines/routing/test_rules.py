"""Rules: which questions they claim, and whose row they show."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.errors import RuleFailed
from pipelines.routing.rules import Rule, RuleBook, answer, faults

ORDER = Rule(
    name="order",
    patterns={"en": (r"where is (?:my )?order (?P<order>\w+)",), "zh": (r"订单(?P<order>\w+)到哪了",)},
    database="sqlite://",
    sql="SELECT 1",
    answers={"en": "Order {number} {status}.", "zh": "订单{number}{status}。"},
    user_column="customer",
)
ROW = {"number": "A1", "status": "left", "customer": "u-1"}


@pytest.mark.parametrize(
    ("question", "language", "order"),
    [
        ("Where is my order A1?", "en", "a1"),
        ("hi, WHERE is order a1", "en", "a1"),
        ("请问订单A1到哪了？", "zh", "A1"),
    ],
)
def test_a_structured_question_is_claimed(question: str, language: str, order: str) -> None:
    match = RuleBook([ORDER]).match(question)
    assert match is not None
    assert (match.rule.name, match.language) == ("order", language)
    assert match.bindings["order"].lower() == order.lower()


@pytest.mark.parametrize(
    "question",
    [
        "Where is my order A1 and can I still change the address?",
        "My friend asks: where is order A1?",
        "Where is my order?",
        "x" * 400,
        "",
    ],
)
def test_a_question_that_says_more_goes_to_the_model(question: str) -> None:
    assert RuleBook([ORDER]).match(question) is None


def test_two_rules_that_claim_one_question_both_step_back() -> None:
    twin = Rule("twin", {"en": (r"where is .*",)}, "sqlite://", "SELECT 1", {"en": "x"})
    assert RuleBook([ORDER, twin]).match("Where is order A1?") is None


@pytest.mark.parametrize(
    ("rows", "user", "text"),
    [
        ([ROW], "u-1", "Order A1 left."),
        ([ROW], "u-2", None),
        ([ROW], None, None),
        ([], "u-1", None),
        ([ROW, ROW], "u-1", None),
    ],
)
def test_only_the_one_row_of_this_very_user_is_shown(
    rows: list[dict[str, str]], user: str | None, text: str | None
) -> None:
    match = RuleBook([ORDER]).match("Where is order A1?")
    assert match is not None
    assert answer(match, rows, user=user) == text


def test_a_template_that_names_a_missing_column_is_named() -> None:
    match = RuleBook([ORDER]).match("Where is order A1?")
    assert match is not None
    with pytest.raises(RuleFailed, match="status"):
        answer(match, [{"number": "A1", "customer": "u-1"}], user="u-1")


def test_faults_of_a_rule_are_found_before_it_runs() -> None:
    bad = Rule("bad", {"en": ("x",), "zh": ("y",)}, "sqlite://", "SELECT 1", {"en": "{row.__class__}", "fr": "{"})
    found = " | ".join(faults(bad))
    assert "answers.zh: missing" in found
    assert "answers.en: in braces, expected a column's name" in found
    assert "answers.fr: not a template" in found
    with pytest.raises(ValueError, match="rule 'worse'"):
        RuleBook([Rule("worse", {"en": ("(",)}, "sqlite://", "SELECT 1", {"en": "x"})])


def test_a_hostile_pattern_and_question_take_no_time() -> None:
    slow = Rule("slow", {"en": (r"(a+)+b",)}, "sqlite://", "SELECT 1", {"en": "x"})
    assert RuleBook([slow]).match("a" * 299) is None


def test_the_demos_rules_have_no_faults() -> None:
    raw = tomllib.loads(Path("workers/demo/demo.toml").read_text(encoding="utf-8"))
    for row in raw["rules"]:
        assert not faults(Rule(row["name"], row["patterns"], row["database"], row["sql"], row["answers"]))
