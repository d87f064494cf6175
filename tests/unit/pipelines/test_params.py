"""Parameters by name: each is passed on, mapped, left out or refused, and says what it does to the key."""

from __future__ import annotations

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
        ({"tools": [], "stop": []}, {}),
        ({"prompt_cache_key": "shop", "safety_identifier": "u-1"}, {}),
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
        ({"functions": [{}]}, "params.functions"),
        ({"top_k": 5}, "params.top_k"),
        ({"extra_body": {"top_k": 5}}, "params.extra_body"),
        ({"web_search_options": {}}, "params.web_search_options"),
        ({"reasoning": {"effort": "low"}}, "params.reasoning"),
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


@pytest.mark.parametrize(
    "beside", [{"context": {"citations": []}}, {"images": []}, {"signature": "x"}, {"id": "m1", "createdAt": "2026"}]
)
def test_what_gateways_add_to_a_message_is_left_out(beside: dict[str, Any]) -> None:
    job = Job.decode({"messages": [*ASKED, {"role": "assistant", "content": "Click.", **beside}, *ASKED]})
    assert set(job.messages[1].encode()) == {"role", "content"}


def test_ids_and_times_that_an_application_keeps_are_left_out_of_every_role() -> None:
    kept = {"id": "m1", "created_at": 1, "createdAt": "2026-11-25"}
    assert Job.decode({"messages": [{**ASKED[0], **kept}]}).messages[0].encode() == ASKED[0]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"role": "assistant", "content": None, "audio": {"id": "a", "data": "…", "transcript": "Hi."}}, "Hi."),
        ({"role": "assistant", "content": "x", "audio": {"id": "a"}}, "x"),
        ({"role": "assistant", "content": []}, ""),
        ({"role": "tool", "content": None, "tool_call_id": "c"}, ""),
    ],
)
def test_what_a_model_said_aloud_or_not_at_all_is_what_it_said(message: dict[str, Any], said: str) -> None:
    assert Job.decode({"messages": [*ASKED, message, *ASKED]}).messages[1].text == said


def test_a_sound_without_its_words_is_no_input() -> None:
    with pytest.raises(JobInvalid, match=r"audio\.transcript"):
        Job.decode({"messages": [*ASKED, {"role": "assistant", "content": None, "audio": {"id": "a"}}, *ASKED]})


def test_a_number_that_names_a_user_is_a_name() -> None:
    assert params.read({"user": 17}) == ({}, "17")


@pytest.mark.parametrize(
    "job",
    [
        {"messages": [{"role": "ZEBRASECRET", "content": "x"}]},
        {"messages": ASKED, "My card is 4111": 1},
        {"messages": ASKED, "params": {"What is my balance?": 1}},
        {"messages": [{**ASKED[0], "ZEBRASECRET": 1}]},
    ],
)
def test_an_error_repeats_nothing_that_a_customer_may_have_written(job: Any) -> None:
    with pytest.raises(JobInvalid) as caught:
        Job.decode(job)
    assert not any(told in str(caught.value) for told in ("ZEBRA", "4111", "balance"))


def test_a_picture_of_a_telephones_is_a_picture() -> None:
    def asked(size: int) -> dict[str, Any]:
        url = "data:image/jpeg;base64," + "A" * size
        return {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "?"}],
        }

    assert Job.decode({"messages": [asked(3_000_000)]}).question.has_parts
    with pytest.raises(JobInvalid, match="send an address"):
        Job.decode({"messages": [asked(6_000_000), asked(6_000_000)]})
