"""Checks of an answer, each with what it finds and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.answer import Usage
from pipelines.job import Job
from pipelines.routing.checks import CHECKS, checked
from pipelines.routing.completion import Completion

SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "order",
        "schema": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "paid": {"type": "boolean"}},
            "required": ["id", "paid"],
            "additionalProperties": False,
        },
    },
}
ENGLISH = "You can pay by card, by bank transfer or in one of our shops, whichever you like best; all of them are free."
CHINESE = "您可以使用银行卡、银行转账付款，也可以到我们的任何一家门店用现金付款，这些付款方式都不收取手续费。"
LOOP = "I can help you with that order today. " * 6
LONG = " ".join(f"Step {n}: open page {n} of your account and read what it says about refunds there." for n in range(9))


def found(question: str, answer: str, *, system: str = "", finish: str = "stop", **params: Any) -> list[str]:
    before = [{"role": "system", "content": system}] if system else []
    job = Job.decode({"messages": [*before, {"role": "user", "content": question}], "params": params})
    said = {"role": "assistant", "content": answer}
    return [check.name for check in checked(job, Completion(answer, said, finish, Usage()))]


@pytest.mark.parametrize(
    ("question", "answer", "name"),
    [
        ("How do I pay?", "  ", "empty"),
        ("How do I pay?", "An internal error occurred. Please try again later.", "broken"),
        ("怎么付款？", "系统繁忙，请稍后再试。", "broken"),
        ("How do I pay?", "I'm sorry, but I can't help with that.", "declines"),
        ("怎么付款？", "抱歉，这个问题我不清楚。", "declines"),
        ("怎么付款？", ENGLISH, "language"),
        ("How do I pay, please?", CHINESE, "language"),
        ("Where is order AB1234?", "Your order XY9876 left our house on Monday.", "identifier"),
        ("订单 AB1234 在哪里？", "您的订单 CD5678 已经发货。", "identifier"),
        ("What is 15% of 80?", "15% of 80 = 13, so you save 13 dollars.", "sums"),
        ("Write a function that adds.", "```python\ndef add(a, b)\n    return a + b\n```", "code"),
        ("Return the answer as JSON: name and age of Ann, 30.", '{"name": "Ann", "age": 30', "format"),
        ("Is it open? Answer with yes or no.", "It depends on the day of the week.", "format"),
        ("请用JSON格式返回姓名", "{姓名: 安}", "format"),
    ],
)
def test_a_check_speaks(question: str, answer: str, name: str) -> None:
    assert name in found(question, answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How do I pay?", "By card."),
        ("How do I pay?", "Could you tell me your order number?"),
        ("怎么付款？", "请提供您的订单号。"),
        ("How do I pay?", "I'm sorry, I can't see your account. " + LONG),
        ("How do I say 'pay' in Chinese?", "付款，您可以说：我想付款，请问可以刷卡吗？谢谢您！"),
        ("Write a letter to my bank.", "Dear [name of the bank], please close my account. Yours, [your name]"),
        ("Where is order AB1234?", "Order AB1234 is on its way; its parcel is DE5555."),
        ("Where is order AB1234?", "It is on its way with parcel 77."),
        ("What is 15% of 80?", "15% of 80 = 12."),
        ("Write a function that adds.", "```python\ndef add(a, b):\n    return a + b\n```"),
        ("Show me a session.", "```python\n>>> 1 +\n```"),
        ("Write it in Go.", "```go\nfunc add(a int b int) int {\n```"),
        ("Return the answer as JSON.", 'Here it is:\n```json\n{"name": "Ann"}\n```'),
        ("Is it open? Answer with yes or no.", "Yes."),
        (
            "Write a song.",
            "La la la, we go home tonight.\n" + "\n".join(f"Verse {n} is another one." for n in range(9)),
        ),
        ("Do you like it?", "🙂"),
        ("How do I return JSON from a Flask view?", 'Like this:\n```python\nreturn jsonify({"a": 1})\n```'),
        ("Python 中如何用 json 模块读取文件？", "```python\nwith open(path) as f:\n    data = {**json.load(f)}\n```"),
        ("Please do not answer with a simple yes or no. Why is it open?", "Because it is Monday."),
        ("只回答是或否：开门吗？", "是的。"),
        ("Classify this line as info, warning or error: disk full", "error"),
        ("What is the value? Say N/A where there is none.", "N/A"),
        ("Traduce al inglés, por favor: ¿dónde está mi pedido de ayer?", ENGLISH),
        ("Bitte schreibe meiner Bank auf Englisch, dass ich mein Konto schließe.", ENGLISH),
        ("用意大利语写一封信给我的银行", ENGLISH),
        ("How do I pay?", ""),
    ][:-1],
)
def test_what_is_well_is_left_alone(question: str, answer: str) -> None:
    assert found(question, answer) == []


def test_what_was_cut_by_the_jobs_own_bound_is_no_models_fault() -> None:
    assert found("Tell me all.", "First of all,", finish="length") == ["cut_off"]
    assert found("Tell me all.", "First of all,", finish="length", max_tokens=4) == []


def test_a_model_that_runs_in_circles_until_it_is_cut_off_repeats_itself() -> None:
    assert "repeats" in found("How do I pay for my order?", LOOP, finish="length", max_tokens=60)
    assert found("How do I pay for my order?", LOOP) == []
    assert found("How do I pay for my order?", LONG, finish="length", max_tokens=60) == []


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ('{"id": "aaa", "paid": true}', False),
        ('{"id": "aaa"}', True),
        ('{"id": 7, "paid": true}', True),
        ('{"id": "b", "paid": true, "more": 1}', True),
        ("not JSON", True),
        ("[" * 100_000, True),
        (
            '{"id": "' + "a" * 40 + '!", "paid": true}',
            False,
        ),  # patterns are not held against it: they may take for ever
    ],
)
def test_an_answer_is_as_its_schema_says(text: str, speaks: bool) -> None:
    assert ("format" in found("Give me the order.", text, response_format=SCHEMA)) is speaks


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/never"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": 7},
        {"properties": []},
        {"enum": ["x" * 30_000]},
        {"properties": {"a": {"type": "int"}}},
        {"multipleOf": 0},
        {"patternProperties": {"^x": {}}, "additionalProperties": False},
        {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
        {"$ref": "#/$defs/a0", "$defs": {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(30)}},
        {"$defs": {"n": {"allOf": [{"properties": {"c": {"$ref": "#/$defs/n"}}}] * 2}}, "$ref": "#/$defs/n"},
    ],
)
def test_a_schema_that_cannot_be_read_is_held_against_no_answer(schema: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert found("Give me the order.", '{"a": 1}', response_format=wanted) == []


@pytest.mark.parametrize("described", ["a schema", ["a"], 7, None])
def test_a_description_that_is_none_is_held_against_no_answer(described: object) -> None:
    asked = {"type": "json_schema", "json_schema": described}
    job = replace(
        Job.decode({"messages": [{"role": "user", "content": "Give me it."}]}), params={"response_format": asked}
    )
    assert checked(job, Completion('{"a": 1}', {"role": "assistant"}, "stop", Usage())) == ()


def test_a_schema_with_parts_is_held_to() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert found("Give me it.", '{"a": 1}', response_format=wanted) == []
    assert found("Give me it.", '{"a": "b"}', response_format=wanted) == ["format"]


def test_instructions_that_name_a_language_know_what_is_wanted() -> None:
    assert found("怎么付款？", ENGLISH, system="Always answer in English.") == []


def test_a_refusal_and_a_filter_decline_whatever_they_say() -> None:
    job = Job.decode({"messages": [{"role": "user", "content": "How?"}]})
    refused = Completion("", {"role": "assistant", "content": "", "refusal": "No."}, "stop", Usage())
    filtered = Completion("So", {"role": "assistant", "content": "So"}, "content_filter", Usage())
    called = Completion("", {"role": "assistant", "content": "", "tool_calls": [{}]}, "tool_calls", Usage())
    assert [check.name for check in checked(job, refused)] == ["declines"]
    assert [check.name for check in checked(job, filtered)] == ["declines"]
    assert checked(job, called) == ()


def test_no_finding_has_a_word_of_the_answer_in_it() -> None:
    assert all(check.says and check.says == check.says.lower().replace("json", "JSON") for check in CHECKS)
