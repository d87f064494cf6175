"""Gates: near questions that deserve different answers, and rewordings that must pass."""

from __future__ import annotations

import pytest

from pipelines.gates import trip

APART = [
    ("number", "Can I withdraw 50 dollars?", "Can I withdraw 500 dollars?"),
    ("number", "Is there a limit of two cards?", "Is there a limit of three cards?"),
    ("number", "满100元包邮吗？", "满200元包邮吗？"),
    ("number", "可以分三个月还吗？", "可以分六个月还吗？"),
    ("identifier", "Where is order A10001?", "Where is order A10002?"),
    ("identifier", "Does the X200 fit?", "Does the X300 fit?"),
    ("negation", "Is it allowed to return worn shoes?", "Is it not allowed to return worn shoes?"),
    ("negation", "Why can I pay by card?", "Why can't I pay by card?"),
    ("negation", "为什么能付款？", "为什么不能付款？"),
    ("opposite", "How do I upgrade my plan?", "How do I downgrade my plan?"),
    ("opposite", "How do I open an account?", "How do I close an account?"),
    ("opposite", "怎么退货？", "怎么换货？"),
    ("opposite", "如何开通会员？", "如何关闭会员？"),
    ("opposite", "怎么充值？", "怎么提现？"),
    ("direction", "Transfer money from savings to checking", "Transfer money from checking to savings"),
    ("direction", "从北京到上海要多久", "从上海到北京要多久"),
]

ALIKE = [
    ("How do I reset my password?", "How can I reset my password?"),
    ("Can I pay 1,000 dollars by card?", "Can I pay 1000 dollars by card?"),
    ("Is there a limit of two cards?", "Is there a limit of 2 cards?"),
    ("怎么退款？", "如何退款？"),
    ("是不是可以退货？", "可不可以退货？"),
    ("能不能退货？", "能否退货？"),
    ("这个怎么用一下？", "这个怎么使用？"),
    ("不好意思，怎么退款？", "怎么退款？"),
]


@pytest.mark.parametrize(("gate", "a", "b"), APART)
def test_a_gate_trips_between_questions_that_only_look_alike(gate: str, a: str, b: str) -> None:
    for found in (trip(a, b), trip(b, a)):
        assert found is not None
        assert found.gate == gate


@pytest.mark.parametrize(("a", "b"), ALIKE)
def test_a_rewording_passes(a: str, b: str) -> None:
    assert trip(a, b) is None
    assert trip(b, a) is None


def test_a_reason_quotes_no_text() -> None:
    found = trip("Where is order A10001?", "Where is order A10002?")
    assert found is not None
    assert "A1000" not in found.reason
