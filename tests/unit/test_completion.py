"""The model call's two ends: what is sent, what is accepted, and whether to try again."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines import completion
from pipelines.answer import Usage
from pipelines.catalog import Offer
from pipelines.errors import ProviderFailed
from pipelines.job import Message

OFFER = Offer("p", "small", "economy", max_output_tokens=1_000)
WHOLE: dict[str, Any] = {
    "choices": [{"message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
}


def test_the_request_carries_the_jobs_parameters_within_the_models_limits() -> None:
    sent = completion.request(OFFER, [Message("user", "Hi")], {"temperature": 0, "max_tokens": 5_000})
    assert sent == {
        "model": "small",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0,
        "max_tokens": 1_000,
    }


def test_a_whole_answer_is_read_with_its_usage() -> None:
    found = completion.parse(WHOLE, provider="p")
    assert (found.text, found.finish_reason, found.usage) == ("Hi.", "stop", Usage(9, 4, 2))
    assert "Hi." not in repr(found)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"choices": []},
        {**WHOLE, "usage": None},
        {**WHOLE, "usage": {"prompt_tokens": "9", "completion_tokens": 2}},
        {**WHOLE, "usage": {"prompt_tokens": -1, "completion_tokens": 2}},
        {**WHOLE, "choices": [{"message": {"role": "user", "content": "Hi."}}]},
        {**WHOLE, "choices": [{"message": {"role": "assistant", "content": 5}}]},
        {**WHOLE, "choices": [{"message": None}]},
    ],
)
def test_what_is_no_answer_is_refused_and_may_be_tried_again(raw: dict[str, Any]) -> None:
    with pytest.raises(ProviderFailed, match="malformed") as caught:
        completion.parse(raw, provider="p")
    assert caught.value.retryable


def chunk(reason: str | None = None, usage: object = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": reason}], "usage": usage}


def test_a_stream_becomes_a_whole_answer() -> None:
    chunks = [chunk(role="assistant", content="Hi"), chunk(content="."), chunk("stop"), {"usage": WHOLE["usage"]}]
    found = completion.parse(completion.assemble(chunks, provider="p"), provider="p")
    assert (found.text, found.usage) == ("Hi.", Usage(9, 4, 2))


def test_a_tool_call_that_comes_in_pieces_is_put_together() -> None:
    pieces = [
        {"index": 0, "id": "c1", "function": {"name": "find", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"a"'}},
        {"index": 0, "function": {"arguments": ":1}"}},
    ]
    chunks = [*(chunk(tool_calls=[piece]) for piece in pieces), chunk("tool_calls", WHOLE["usage"])]
    (call,) = completion.parse(completion.assemble(chunks, provider="p"), provider="p").message["tool_calls"]
    assert call == {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"a":1}'}}


@pytest.mark.parametrize("chunks", [[], [chunk(content="Hi")], [chunk("stop", content="Hi")]])
def test_a_cut_stream_is_never_taken_for_an_answer(chunks: list[dict[str, Any]]) -> None:
    with pytest.raises(ProviderFailed, match="cut stream"):
        completion.assemble(chunks, provider="p")


def failed(retryable: bool = True, after: float | None = None) -> ProviderFailed:
    return ProviderFailed("p", "x", 503, retryable, after)


@pytest.mark.parametrize(
    ("failure", "attempt", "remaining_s", "jitter", "wait_s"),
    [
        (failed(), 1, 60.0, 1.0, 0.5),
        (failed(), 1, 60.0, 0.0, 0.25),
        (failed(), 2, 60.0, 1.0, 1.0),
        (failed(), 3, 60.0, 1.0, None),  # three attempts are enough
        (failed(retryable=False), 1, 60.0, 1.0, None),
        (failed(after=4.0), 1, 60.0, 0.0, 4.0),  # as the provider asks
        (failed(after=4.0), 1, 4.2, 0.0, None),  # the deadline would pass meanwhile
        (failed(), 1, 0.6, 1.0, None),
        (failed(after=-5.0), 1, 60.0, 0.0, 0.0),
    ],
)
def test_when_to_try_again(
    failure: ProviderFailed, attempt: int, remaining_s: float, jitter: float, wait_s: float | None
) -> None:
    assert completion.retry(failure, attempt, remaining_s, jitter) == wait_s
