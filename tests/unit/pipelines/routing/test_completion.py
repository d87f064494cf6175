"""The model call's two ends: what is sent, what is accepted, and whether to try again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pipelines.answer import Usage
from pipelines.errors import ProviderFailed
from pipelines.message import Message
from pipelines.routing import completion
from pipelines.routing.catalog import Offer

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


COUNTED = WHOLE["usage"]


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [chunk(content="Hi")],
        [chunk(usage=COUNTED)],
        [chunk(usage=COUNTED, content="Never mix bleach with ")],
        [chunk(usage=COUNTED, content="Never mix "), chunk(usage=COUNTED, content="bleach with ")],
        [chunk(usage=COUNTED, content="Never mix "), chunk(content="bleach with ")],
    ],
)
def test_a_cut_stream_is_never_taken_for_an_answer(chunks: list[dict[str, Any]]) -> None:
    with pytest.raises(ProviderFailed, match="cut stream"):
        completion.assemble(chunks, provider="p")


@pytest.mark.parametrize(
    ("chunks", "done"),
    [
        ([chunk("stop", content="Hi")], False),
        ([chunk(content="Hi"), chunk("", WHOLE["usage"])], False),
        ([chunk(content="Hi")], True),
        ([chunk(usage=WHOLE["usage"], content="Hi"), chunk("stop", WHOLE["usage"])], True),
        ([chunk(content="Hi"), {"choices": [], "usage": COUNTED}], False),
        ([{"choices": [{"message": {"content": "Hi"}}], "usage": COUNTED}], False),
        ([chunk(content="Hi"), {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}], True),
    ],
    ids=["no-usage", "no-reason", "neither-but-done", "usage-on-each", "counted-last", "whole", "whole-again"],
)
def test_a_whole_answer_in_another_shape_is_one(chunks: list[dict[str, Any]], done: bool) -> None:
    whole = completion.assemble(chunks, provider="p", done=done)
    found = completion.parse(whole, provider="p", estimate=lambda text: Usage(7, 0, len(text)))
    assert (found.text, found.finish_reason) == ("Hi", "stop")
    assert found.usage == (Usage(7, 0, 2) if found.estimated else Usage(9, 4, 2))


@pytest.mark.parametrize(
    ("said", "means"),
    [
        *((said, "stop") for said in ("STOP", "end_turn", "eos", "stop_sequence", "completed")),
        *(("max_tokens", "length"), ("SAFETY", "content_filter"), ("tool_use", "tool_calls"), ("mystery", "mystery")),
    ],
)
def test_a_reason_to_end_has_one_name(said: str, means: str) -> None:
    whole = completion.assemble([chunk(said, content="Hi")], provider="p")
    assert completion.parse(whole, provider="p").finish_reason == means


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["Bake", "Bake it", "Bake it now"], "Bake it now"),
        (["no", " no", " no no"], "no no no no"),
        (["a", "ab"], "aab"),
    ],
)
def test_a_provider_that_repeats_all_it_said_is_not_glued(pieces: list[str], text: str) -> None:
    chunks = [*(chunk(content=piece) for piece in pieces), chunk("stop")]
    assert completion.parse(completion.assemble(chunks, provider="p"), provider="p").text == text


def test_arguments_that_come_as_an_object_are_arguments() -> None:
    pieces = [
        chunk(tool_calls=[{"id": "a", "function": {"name": "find", "arguments": {"q": "x"}}}]),
        chunk("tool_calls"),
    ]
    (call,) = completion.parse(completion.assemble(pieces, provider="p"), provider="p").message["tool_calls"]
    assert call["function"]["arguments"] == '{"q": "x"}'


def call_part(**fields: Any) -> dict[str, Any]:
    return chunk(tool_calls=[fields])


@pytest.mark.parametrize("index", [{}, {"index": 0}, {"index": None}], ids=["no-index", "all-zero", "null"])
def test_tool_calls_are_told_apart_by_their_ids(index: dict[str, Any]) -> None:
    chunks = [
        call_part(id="a", function={"name": "weather", "arguments": '{"c"'}, **index),
        call_part(function={"name": "weather", "arguments": ':"x"}'}, **index),
        call_part(id="b", function={"name": "time", "arguments": '{"z":1}'}, **index),
        chunk("tool_calls", WHOLE["usage"]),
    ]
    calls = completion.parse(completion.assemble(chunks, provider="p"), provider="p").message["tool_calls"]
    assert [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls] == [
        ("a", "weather", '{"c":"x"}'),
        ("b", "time", '{"z":1}'),
    ]


@pytest.mark.parametrize("index", [{}, {"index": 0}])
def test_whole_calls_without_ids_are_told_apart(index: dict[str, Any]) -> None:
    chunks = [
        call_part(function={"name": "weather", "arguments": '{"c":1}'}, **index),
        call_part(function={"name": "weather", "arguments": '{"c":2}'}, **index),
        call_part(function={"name": "time", "arguments": "{}"}, **index),
        chunk("tool_calls", WHOLE["usage"]),
    ]
    calls = completion.parse(completion.assemble(chunks, provider="p"), provider="p").message["tool_calls"]
    found = [(call["function"]["name"], call["function"]["arguments"]) for call in calls]
    assert found == [("weather", '{"c":1}'), ("weather", '{"c":2}'), ("time", "{}")]


def test_a_second_answer_that_nobody_asked_for_is_not_glued_to_the_first() -> None:
    def said(index: int | None, text: str, reason: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]}

    chunks = [said(None, "Ye"), said(1, "No", "length"), said(0, "s."), said(0, "", "stop"), said(1, "!", "length")]
    (whole,) = completion.assemble(chunks, provider="p")["choices"]
    assert (whole["message"]["content"], whole["finish_reason"]) == ("Yes.", "stop")


@pytest.mark.parametrize("reason", ["error", "abort", "cancelled"])
def test_an_answer_that_the_provider_calls_failed_is_none(reason: str) -> None:
    with pytest.raises(ProviderFailed, match="ended its answer with an error") as caught:
        completion.parse(completion.assemble([chunk(reason, content="The lamp com")], provider="p"), provider="p")
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 10, "prompt_cache_hit_tokens": 90}, Usage(100, 90, 10)),
        ({"prompt_tokens": 100, "completion_tokens": 10, "cache_read_input_tokens": 90}, Usage(100, 90, 10)),
        ({"input_tokens": 100, "output_tokens": 10, "input_tokens_details": {"cached_tokens": 5}}, Usage(100, 5, 10)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 10,
                "total_tokens": 150,
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            Usage(100, 0, 50),
        ),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "total_tokens": 150,
                "completion_tokens_details": {"reasoning_tokens": 40},
            },
            Usage(100, 0, 50),
        ),
    ],
    ids=["deepseek", "anthropic", "responses", "thinking-on-top", "thinking-within"],
)
def test_tokens_are_read_by_each_providers_names(counted: dict[str, Any], usage: Usage) -> None:
    assert completion.parse({**WHOLE, "usage": counted}, provider="p").usage == usage


@pytest.mark.parametrize(
    "counted",
    [None, {"prompt_tokens": "9", "completion_tokens": 2}, {"prompt_tokens": -1, "completion_tokens": 2}, [], {}],
)
def test_no_answer_is_lost_for_how_it_was_counted(counted: Any) -> None:
    found = completion.parse({**WHOLE, "usage": counted}, provider="p", estimate=lambda _: Usage(3, 0, 1))
    assert (found.text, found.usage, found.estimated) == ("Hi.", Usage(3, 0, 1), True)


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1, True, "0.5"])
def test_what_is_no_bill_is_none(cost: Any) -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 2, "cost": cost}
    assert completion.parse({**WHOLE, "usage": counted}, provider="p").billed_usd is None


def test_a_last_count_of_nothing_replaces_none() -> None:
    chunks = [chunk("stop", WHOLE["usage"], content="Hi"), chunk(usage={"prompt_tokens": 0, "completion_tokens": 0})]
    assert completion.assemble(chunks, provider="p")["usage"] == WHOLE["usage"]


def test_what_a_gateway_says_it_bills_is_what_is_paid() -> None:
    counted = {"prompt_tokens": 1_000, "completion_tokens": 50, "cost": 0.5}
    assert completion.parse({**WHOLE, "usage": counted}, provider="p").billed_usd == Decimal("0.5")
    assert completion.parse(WHOLE, provider="p").billed_usd is None


def test_a_model_that_refuses_a_parameter_is_not_sent_it() -> None:
    params = {"temperature": 0, "max_tokens": 200, "seed": 1}
    thinker = replace(OFFER, refuses=frozenset({"max_tokens"}))
    sent = completion.request(thinker, [Message("user", "Hi")], params, refuses={"temperature"})
    assert {k: v for k, v in sent.items() if k not in ("model", "messages")} == {
        "max_completion_tokens": 200,
        "seed": 1,
    }
    assert completion.left_out(thinker, params, {"temperature"}) == ["temperature"]
    few = completion.request(thinker, [Message("user", "Hi")], {"max_tokens": 3}, thinks=True)
    assert few["max_completion_tokens"] == 3 + completion.THINKING_TOKENS
