"""Parameters by name: each is passed on, mapped, left out or refused, and says what it does to the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines import params
from pipelines.errors import JobInvalid
from pipelines.job import Job

ASKED = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"temperature": None, "max_tokens": None, "tools": None}, {}),
        ({"max_completion_tokens": 200}, {"max_tokens": 200}),
        ({"max_completion_tokens": 200, "max_tokens": 200}, {"max_tokens": 200}),
        ({"response_format": {"type": "text"}}, {}),
        ({"n": 1, "store": False, "service_tier": "auto", "modalities": ["text"], "logprobs": False}, {}),
        ({"reasoning_effort": "low", "verbosity": "low", "logit_bias": {"50256": -100}}, None),
        ({"prediction": {"type": "content", "content": "x"}}, None),
    ],
)
def test_what_becomes_of_a_parameter(given: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert params.read(given) == (given if kept is None else kept, None)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"n": 2}, "params.n"),
        ({"n": True}, "params.n"),
        ({"store": True}, "params.store"),
        ({"service_tier": "flex"}, "params.service_tier"),
        ({"logprobs": True}, "params.logprobs"),
        ({"top_logprobs": 5}, "params.top_logprobs"),
        ({"metadata": {"a": "b"}}, "params.metadata"),
        ({"modalities": ["audio"]}, "params.modalities"),
        ({"stream": True}, "params.stream"),
        ({"functions": []}, "params.functions"),
        ({"max_completion_tokens": 200, "max_tokens": 100}, "params.max_completion_tokens"),
        ({"logit_bias": {"1": 1000}}, "params.logit_bias"),
        ({"colour": 1}, "params.colour"),
    ],
)
def test_what_is_refused_is_refused_by_name(given: dict[str, Any], field: str) -> None:
    with pytest.raises(JobInvalid) as caught:
        params.read(given)
    assert caught.value.field.startswith(field)


def test_the_user_among_the_parameters_is_the_jobs() -> None:
    assert Job.decode({"messages": ASKED, "params": {"user": "u-1"}}).user == "u-1"
    assert Job.decode({"messages": ASKED, "params": {"user": "u-1"}, "user": "u-1"}).user == "u-1"
    with pytest.raises(JobInvalid, match="user"):
        Job.decode({"messages": ASKED, "params": {"user": "u-1"}, "user": "u-2"})


@pytest.mark.parametrize(
    "message",
    [
        {
            "content": "Click.",
            "refusal": None,
            "annotations": [],
            "audio": None,
            "function_call": None,
            "tool_calls": None,
        },
        {"content": None, "tool_calls": []},
        {"content": None, "refusal": "I will not."},
        {"content": "Click.", "reasoning_content": "hm", "index": 0, "provider_specific_fields": {"x": 1}},
    ],
)
def test_history_as_sdks_hand_it_back_is_accepted(message: dict[str, Any]) -> None:
    job = Job.decode({"messages": [*ASKED, {"role": "assistant", **message}, *ASKED]})
    assert set(job.messages[1].encode()) == {"role", "content"}
    assert job.messages[1].text == (message["content"] or message.get("refusal") or "")


def test_a_sound_that_a_model_made_is_no_input() -> None:
    with pytest.raises(JobInvalid, match="audio"):
        Job.decode({"messages": [*ASKED, {"role": "assistant", "content": "x", "audio": {"id": "a"}}, *ASKED]})


def test_the_readme_has_the_table() -> None:
    assert params.table() in Path("README.md").read_text(encoding="utf-8")
