"""Rules: which questions they claim, and whose row they show."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.errors import RuleFailed
from pipelines.routing.rules import Rule, RuleBook, answer, faults, filled

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
    match = RuleBook([ORDER]).match(question, "t")
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
    assert RuleBook([ORDER]).match(question, "t") is None


def test_two_rules_that_claim_one_question_both_step_back() -> None:
    twin = Rule("twin", {"en": (r"where is .*",)}, "sqlite://", "SELECT 1", {"en": "x"})
    assert RuleBook([ORDER, twin]).match("Where is order A1?", "t") is None


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
    match = RuleBook([ORDER]).match("Where is order A1?", "t")
    assert match is not None
    assert answer(match, rows, user=user) == text


def test_a_template_that_names_a_missing_column_is_named() -> None:
    match = RuleBook([ORDER]).match("Where is order A1?", "t")
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
    assert RuleBook([slow]).match("a" * 299, "t") is None


def test_the_demos_rules_have_no_faults() -> None:
    raw = tomllib.loads(Path("workers/demo/demo.toml").read_text(encoding="utf-8"))
    for row in raw["rules"]:
        assert not faults(Rule(row["name"], row["patterns"], row["database"], row["sql"], row["answers"]))


CANCEL = Rule(
    name="cancel",
    patterns={
        "en": (
            r"(?:how (?:do|can) i |i want to )?cancel (?:my )?order (?P<order>[A-Z]{0,3}\d{4,})(?: in (?P<city>\w+))?",
        ),
        "zh": (r"(?:怎么)?取消订单(?P<order>[A-Z]{0,3}\d{4,})",),
    },
    database=None,
    sql=None,
    answers={"en": "To cancel {order}, open Orders and press Cancel.", "zh": "请打开“订单”，选择{order}，点“取消”。"},
)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("How can I cancel my order AB10001?", "To cancel AB10001, open Orders and press Cancel."),
        ("please cancel order ab10002", "To cancel ab10002, open Orders and press Cancel."),
        ("请问怎么取消订单A10003？", "请打开“订单”，选择A10003，点“取消”。"),
    ],
)
def test_a_template_is_filled_from_the_question(question: str, says: str) -> None:
    assert not faults(CANCEL)
    match = RuleBook([CANCEL]).match(question, "t")
    assert match is not None
    assert filled(match) == says


@pytest.mark.parametrize(
    "question",
    [
        "How do I cancel my order?",
        "How do I not cancel my order AB10001?",
        "Cancel order AB10001 and order AB10002",
        "Cancel my order AB10001, what does it cost?",
        "Cancel order {order}",
    ],
)
def test_a_question_that_a_template_does_not_answer_goes_on(question: str) -> None:
    assert RuleBook([CANCEL]).match(question, "t") is None


def test_what_no_group_caught_is_not_filled_in() -> None:
    rule = Rule(CANCEL.name, {"en": CANCEL.patterns["en"]}, None, None, {"en": "In {city}: {order}."})
    book = RuleBook([rule])
    with_city, without = (book.match(f"cancel order A10001{more}", "t") for more in (" in Bonn", ""))
    assert with_city is not None
    assert without is not None
    assert filled(with_city) == "In Bonn: A10001."
    assert filled(without) is None


def test_a_rule_claims_its_tenants_questions_alone() -> None:
    book = RuleBook([Rule("x", {"en": ("hello",)}, None, None, {"en": "hi"}, tenants=("a", "b"))])
    assert [book.claims("hello", tenant) for tenant in ("a", "b", "c", "")] == [True, True, False, False]
    assert book.match("hello", "a") is not None
    assert book.match("hello", "c") is None
    ours, theirs = (Rule(t, {"en": ("hello",)}, None, None, {"en": t}, tenants=(t,)) for t in ("a", "c"))
    match = RuleBook([ours, theirs]).match("hello", "c")
    assert match is not None, "another tenant's rule does not make two of one"
    assert filled(match) == "c"


def test_faults_of_a_template_are_found_before_it_is_filled() -> None:
    def of(answers: dict[str, str], **more: str | None) -> str:
        given = {"database": None, "sql": None, **more}
        return " | ".join(faults(Rule("x", {"en": (r"a (?P<order>\d+)", r"b")}, answers=answers, **given)))  # type: ignore[arg-type]

    assert "{order}: not each pattern has a group" in of({"en": "{order}"})
    assert "expected both, or neither" in of({"en": "x"}, sql="SELECT 1")
    assert "expected both, or neither" in of({"en": "x"}, database="sqlite://")
    assert "user_column: expected a database" in of({"en": "x"}, user_column="customer")
    assert of({"en": "x"}) == ""
