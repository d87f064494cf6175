"""What one stage hands to the next comes out as it went in, and nothing else does."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from pipelines.answer import Route
from pipelines.errors import JobInvalid
from pipelines.job import Job
from pipelines.journey import Progress, Slot
from pipelines.message import Message

CALL = {"id": "c1", "type": "function", "function": {"name": "rates", "arguments": "{}"}}
TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "You are a bank's assistant."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "这是什么?"}, {"type": "image_url", "image_url": {"url": "x"}}],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "content": "4 %", "tool_call_id": "c1"},
    {"role": "user", "content": "And now?", "name": "bo"},
]


def progress(**changes: Any) -> Progress:
    job = Job.decode(
        {"messages": TALK, "tenant": "acme", "user": "u-1", "params": {"temperature": 0.2}, "metadata": {"ttl_s": 9}}
    )
    given: dict[str, Any] = {"job": job, "job_id": "j-1", "started_at": 12.5, **changes}
    return Progress(**given)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"slot": Slot("scope", "key", vector=b"\x00\x01", own=True), "audit": 2.0, "alone": True},
        {"route": Route("premium", 0.9, "hard"), "spent_usd": Decimal("0.0001"), "degraded": ("cache unavailable",)},
        {"submitted_at": 11.0, "context": {"dropped": 2}, "timings_ms": {"lookup": 1.25}},
    ],
    ids=["bare", "slot", "route", "context"],
)
def test_progress_comes_out_as_it_went_in(changes: dict[str, Any]) -> None:
    sent = progress(**changes)
    read = Progress.decode(json.loads(json.dumps(sent.encode())))
    assert read == sent
    assert read.job.fingerprint == sent.job.fingerprint


def test_messages_that_are_the_jobs_own_are_named_and_others_carried() -> None:
    sent = progress()
    shorter = (sent.job.messages[0], Message("system", "Earlier: a picture was looked at."), sent.job.messages[-1])
    sent = progress(job=sent.job, messages=shorter)
    encoded = json.loads(json.dumps(sent.encode()))
    assert [type(m) for m in encoded["messages"]] == [int, dict, int]
    assert Progress.decode(encoded).sent == shorter


@pytest.mark.parametrize(
    "raw",
    [
        *({}, [], None, "text", {"job": {}}, {"job": TALK, "job_id": "j", "started_at": 1.0}),
        {"messages": TALK, "tenant": "acme"},
        {**progress().encode(), "messages": [99]},
        {**progress().encode(), "slot": {"scope": "s"}},
        {**progress().encode(), "spent_usd": "much"},
    ],
    ids=range(10),
)
def test_what_no_stage_wrote_is_refused_by_name(raw: Any) -> None:
    with pytest.raises(JobInvalid, match="progress: got something else"):
        Progress.decode(raw)
