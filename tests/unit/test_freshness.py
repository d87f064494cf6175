"""Which answers are kept, for how long, and which never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.answer import Answer
from pipelines.freshness import Keep, Lifetimes, Refuse, keep
from pipelines.job import Job

HOURS = Lifetimes(frequent_ttl_s=86_400.0, ttl_s=3_600.0, frequent_asks=3)
GOOD = Answer(text="Use the link.", source="model")


def job(question: str = "How do I log in?", **fields: Any) -> Job:
    return Job.decode({"messages": [{"role": "user", "content": question}], **fields})


@pytest.mark.parametrize(("asked", "ttl_s"), [(0, 3_600.0), (1, 3_600.0), (2, 3_600.0), (3, 86_400.0), (99, 86_400.0)])
def test_what_is_asked_often_is_kept_for_a_day_and_the_rest_for_an_hour(asked: int, ttl_s: float) -> None:
    assert keep(job(), GOOD, asked=asked, lifetimes=HOURS) == Keep(ttl_s)


@pytest.mark.parametrize(
    "answer",
    [
        replace(GOOD, finish_reason="length"),
        replace(GOOD, finish_reason="content_filter"),
        replace(GOOD, finish_reason="tool_calls"),
        replace(GOOD, text="  "),
        replace(GOOD, source="rule"),
        replace(GOOD, message={"role": "assistant", "content": "x", "refusal": "I cannot"}),
        replace(GOOD, message={"role": "assistant", "content": "x", "tool_calls": [{}]}),
    ],
)
def test_what_is_no_whole_answer_of_a_model_is_never_kept(answer: Answer) -> None:
    assert isinstance(keep(job(), answer, asked=9, lifetimes=HOURS), Refuse)


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of gold now?",
        "What is the weather today?",
        "What are the latest offers?",
        "现在几点了？",
        "Will the weather hold?",
        "What is the exchange rate of the euro?",
        "What's the share price of your company?",
        "今天有货吗？",
        "上海天气怎么样？",
        "茅台股价多少？",
        "最新的活动是什么？",
    ],
)
def test_a_question_about_this_moment_is_asked_afresh(question: str) -> None:
    assert isinstance(keep(job(question), GOOD, asked=9, lifetimes=HOURS), Refuse)


def test_a_job_that_bypasses_the_cache_leaves_nothing_in_it() -> None:
    assert isinstance(keep(job(cache="bypass"), GOOD, asked=9, lifetimes=HOURS), Refuse)
