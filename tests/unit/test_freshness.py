"""Which answers are kept, for how long, and which never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.answer import Answer
from pipelines.freshness import Keep, Refuse, keep
from pipelines.job import Job

GOOD = Answer(text="Use the link.", source="model")


def job(question: str = "How do I log in?", **fields: Any) -> Job:
    return Job.decode({"messages": [{"role": "user", "content": question}], **fields})


def test_a_models_whole_answer_is_kept_for_as_long_as_told() -> None:
    assert keep(job(), GOOD, default_ttl_s=60.0) == Keep(60.0)


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
    assert isinstance(keep(job(), answer, default_ttl_s=60.0), Refuse)


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of gold now?",
        "What is the weather today?",
        "What are the latest offers?",
        "现在几点了？",
        "今天有货吗？",
        "最新的活动是什么？",
    ],
)
def test_a_question_about_this_moment_is_asked_afresh(question: str) -> None:
    assert isinstance(keep(job(question), GOOD, default_ttl_s=60.0), Refuse)


def test_a_job_that_bypasses_the_cache_leaves_nothing_in_it() -> None:
    assert isinstance(keep(job(cache="bypass"), GOOD, default_ttl_s=60.0), Refuse)
