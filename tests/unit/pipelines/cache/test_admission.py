"""Which answers are kept, for how long, and which never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.answer import Answer
from pipelines.cache.admission import Admit, Refuse, Retention, admit
from pipelines.errors import JobInvalid
from pipelines.job import Job

HOURS = Retention(frequent_ttl_s=86_400.0, ttl_s=3_600.0, frequent_asks=3)
GOOD = Answer(text="Use the link.", source="model")


def job(question: str = "How do I log in?", **fields: Any) -> Job:
    return Job.decode({"messages": [{"role": "user", "content": question}], **fields})


@pytest.mark.parametrize(("asked", "ttl_s"), [(0, 3_600.0), (1, 3_600.0), (2, 3_600.0), (3, 86_400.0), (99, 86_400.0)])
def test_what_is_asked_often_is_kept_for_a_day_and_the_rest_for_an_hour(asked: int, ttl_s: float) -> None:
    assert admit(job(), GOOD, asked=asked, retention=HOURS) == Admit(ttl_s)


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
    assert isinstance(admit(job(), answer, asked=9, retention=HOURS), Refuse)


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
    assert isinstance(admit(job(question), GOOD, asked=9, retention=HOURS), Refuse)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "Sorry, I cannot provide account details.",
        "I am unable to assist with this request.",
        "As an AI language model, I have no access to orders.",
        "抱歉，我无法回答这个问题。",
        "很抱歉，作为一个AI助手，我不能提供此类信息。",
        "对不起，我没办法帮您处理。",
    ],
)
def test_what_declines_to_answer_is_no_answer(text: str) -> None:
    assert isinstance(admit(job(), replace(GOOD, text=text), asked=9, retention=HOURS), Refuse)


@pytest.mark.parametrize(
    "text",
    [
        "You cannot return worn shoes.",
        "I'm sorry to hear that. Please use the link.",
        "Unfortunately, refunds take five days.",
        "很抱歉给您带来不便，请点击链接。",
        "无法退货的商品有三类。",
    ],
)
def test_bad_news_is_an_answer(text: str) -> None:
    assert admit(job(), replace(GOOD, text=text), asked=0, retention=HOURS) == Admit(3_600.0)


def test_what_was_sampled_hotter_than_the_bound_is_one_of_many() -> None:
    for params, bound, kept in (({"temperature": 1.2}, 1.0, False), ({"temperature": 1.0}, 1.0, True), ({}, 0.0, True)):
        found = admit(job(params=params), GOOD, asked=0, retention=replace(HOURS, max_temperature=bound))
        assert isinstance(found, Admit) is kept


def test_a_job_may_say_how_long_its_answer_is_good() -> None:
    assert admit(job(metadata={"ttl_s": 60}), GOOD, asked=9, retention=HOURS) == Admit(60.0)
    assert isinstance(admit(job(metadata={"ttl_s": 0}), GOOD, asked=9, retention=HOURS), Refuse)
    assert admit(job("Is the weather good today?", metadata={"ttl_s": 60}), GOOD, asked=0, retention=HOURS) == Admit(
        60.0
    )
    for bad in (-1, "soon", True, 1e12):
        with pytest.raises(JobInvalid, match=r"metadata\.ttl_s"):
            job(metadata={"ttl_s": bad})


def test_a_job_that_bypasses_the_cache_leaves_nothing_in_it() -> None:
    assert isinstance(admit(job(cache="bypass"), GOOD, asked=9, retention=HOURS), Refuse)


def test_a_tenant_has_the_last_word_on_what_passes() -> None:
    own = replace(HOURS, passing=("menu of the day",), lasting=("opening hours today",))
    assert isinstance(admit(job("What is the menu of the day?"), GOOD, asked=0, retention=own), Refuse)
    assert isinstance(admit(job("Opening hours today?"), GOOD, asked=0, retention=own), Admit)
