"""Which tier suffices, in English and Chinese, and why."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.errors import UnknownModel
from pipelines.job import Job
from pipelines.routing.catalog import Catalog, Offer
from pipelines.routing.tier import route

CATALOG = Catalog(
    (Offer("p", "small", "economy", context_tokens=8_000, max_output_tokens=1_000), Offer("p", "big", "premium"))
)


def routed(question: str, *, prompt_tokens: int = 50, **fields: Any) -> Any:
    job = Job.decode({"messages": [{"role": "user", "content": question}], **fields})
    return route(job, prompt_tokens=prompt_tokens, catalog=CATALOG)


@pytest.mark.parametrize(
    "question",
    [
        "How do I reset my password?",
        "What are your opening hours?",
        "Can I pay by card?",
        "怎么修改收货地址？",
        "可以用支付宝付款吗？",
        "退货运费谁承担？",
        "What is proof of work?",
        "什么是智能合约？",
        "Explain how I can change my plan, in detail please, since I have tried it twice and it did not work " * 5,
        "Write a Python function that merges two sorted lists.",
        "写一段Python代码实现快速排序",
    ],
)
def test_simple_questions_go_to_economy(question: str) -> None:
    assert routed(question).tier == "economy"


@pytest.mark.parametrize(
    "question",
    [
        "Compare your two plans and analyze their trade-offs.",
        "Prove that the square root of 2 is irrational.",
        "Build a payment platform with fraud detection, retries and an audit log.",
        "设计一个支持百万用户的消息系统，包括存储和监控",
        "Analyze our Q3 revenue against last year.",
        "对比Q3财报与去年同期的变化",
        "解释量子纠缠的原理",
        "用归纳法证明前 n 个奇数之和等于 n 的平方",
        "分析这份合同的风险",
    ],
)
def test_hard_questions_go_to_premium_and_say_why(question: str) -> None:
    found = routed(question)
    assert found.tier == "premium"
    assert found.reason.startswith("hard: ")


@pytest.mark.parametrize(
    ("fields", "tier", "reason"),
    [
        ({"model": "premium"}, "premium", "asked for this tier"),
        ({"model": "economy"}, "economy", "asked for this tier"),
        ({"model": "big"}, "premium", "asked for this model"),
        ({"prompt_tokens": 7_500}, "premium", "window"),
        ({"params": {"response_format": {"type": "json_schema"}}}, "economy", "simple"),
    ],
)
def test_what_the_job_says_comes_before_the_score(fields: dict[str, Any], tier: str, reason: str) -> None:
    found = routed("How do I log in?", **fields)
    assert found.tier == tier
    assert reason in found.reason


def test_an_image_goes_to_a_model_that_sees() -> None:
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    job = Job.decode({"messages": [{"role": "user", "content": parts}]})
    found = route(job, prompt_tokens=100, catalog=CATALOG)
    assert (found.tier, found.reason) == ("premium", "no economy model has vision")


def test_an_unknown_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownModel, match="a string of 4 characters, expected one of auto, economy, premium"):
        routed("x", model="huge")
