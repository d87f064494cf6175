"""Job and answer: what is accepted, what is refused, and in which words."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.answer import Answer, Route, Usage, usd
from pipelines.errors import JobInvalid
from pipelines.job import MAX_MESSAGES, Job
from pipelines.message import Message


def user(text: str = "How do I log in?") -> dict[str, object]:
    return {"role": "user", "content": text}


def test_messages_alone_are_enough() -> None:
    job = Job.decode({"messages": [user()]})
    assert (job.tenant, job.model, job.cache, job.deadline_s) == ("default", "auto", "use", 60.0)
    assert job.question.text == "How do I log in?"


def test_a_job_survives_its_own_codec() -> None:
    raw = {
        "messages": [{"role": "system", "content": "Be brief."}, user("怎么重设登录密码?")],
        "tenant": "acme",
        "user": "u-17",
        "model": "premium",
        "params": {"temperature": 0, "max_tokens": 400, "stop": ["\n"]},
        "cache": "refresh",
        "knowledge": "2026-11-01",
        "deadline_s": 30,
        "metadata": {"channel": "web"},
    }
    assert Job.decode(raw).encode() == raw
    assert Job.decode(Job.decode(raw).encode()) == Job.decode(raw)


@pytest.mark.parametrize(
    ("job", "field"),
    [
        (None, "job"),
        ([], "job"),
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [user()] * (MAX_MESSAGES + 1)}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [user("a\x00b")]}, "messages[0].content"),
        ({"messages": [user("a\ud800b")]}, "messages[0].content"),
        ({"messages": [user("   ")]}, "messages"),
        ({"messages": [user(), {"role": "assistant", "content": "hi"}]}, "messages[1].role"),
        ({"messages": [{"role": "user", "content": "x", "colour": 1}]}, "messages[0].colour"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [user("x" * 400_001)]}, "messages[0].content"),
        ({"messages": [user()], "prompt": "x"}, "prompt"),
        ({"messages": [user()], "tenant": ""}, "tenant"),
        ({"messages": [user()], "tenant": 7}, "tenant"),
        ({"messages": [user()], "tenant": "a\nb"}, "tenant"),
        ({"messages": [user()], "cache": "maybe"}, "cache"),
        ({"messages": [user()], "cache": []}, "cache"),
        ({"messages": [user()], "deadline_s": 0}, "deadline_s"),
        ({"messages": [user()], "deadline_s": float("nan")}, "deadline_s"),
        ({"messages": [user()], "deadline_s": True}, "deadline_s"),
        ({"messages": [user()], "params": {"temperature": 3}}, "params.temperature"),
        ({"messages": [user()], "params": {"temprature": 1}}, "params.temprature"),
        ({"messages": [user()], "params": {"max_tokens": 1.5}}, "params.max_tokens"),
        ({"messages": [user()], "params": {"stop": [1]}}, "params.stop[0]"),
        ({"messages": [user()], "metadata": {"x": "y" * 20_000}}, "metadata"),
    ],
)
def test_a_malformed_job_names_its_field(job: object, field: str) -> None:
    with pytest.raises(JobInvalid) as caught:
        Job.decode(job)
    assert caught.value.field == field
    assert "expected" in str(caught.value)


def test_nesting_is_bounded() -> None:
    deep: object = 1
    for _ in range(100):
        deep = [deep]
    with pytest.raises(JobInvalid, match="nesting"):
        Job.decode({"messages": [user()], "metadata": {"x": deep}})


def test_errors_and_reprs_show_no_text() -> None:
    secret = "my card is 4111 1111 1111 1111"
    with pytest.raises(JobInvalid) as caught:
        Job.decode({"messages": [user(secret)], "cache": secret})
    assert "4111" not in str(caught.value)
    job = Job.decode({"messages": [user(secret)]})
    assert "4111" not in repr(job) + repr(job.messages)


def test_an_error_is_rebuilt_from_its_args_as_celery_does() -> None:
    error = JobInvalid("messages", "nothing", "a list")
    again = JobInvalid(*error.args)
    assert (str(again), again.field) == (str(error), "messages")


JOB_FIELDS = ("messages", "tenant", "user", "model", "params", "cache", "knowledge", "deadline_s", "metadata")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(JOB_FIELDS, json_values),
    )
)
def test_any_json_is_a_job_or_a_named_fault(raw: dict[str, object]) -> None:
    try:
        job = Job.decode(raw)
    except JobInvalid:
        return
    assert Job.decode(job.encode()) == job


def test_an_answer_survives_its_own_codec() -> None:
    answer = Answer(
        text="Use the link.",
        source="model",
        model="gpt-4o-mini",
        provider="openai",
        usage=Usage(41, 0, 88),
        cost_usd=Decimal("0.0000001"),
        baseline_usd=Decimal("0.002113"),
        route=Route("economy", 0.12, "short question"),
        timings_ms={"total": 9.7},
        job_id="j1",
    )
    encoded = answer.encode()
    assert encoded["cost_usd"] == "0.0000001"
    assert encoded["message"] == {"role": "assistant", "content": "Use the link."}
    assert Answer.decode(encoded).encode() == encoded
    assert Answer.decode({**encoded, "from_the_future": 1}).text == "Use the link."
    assert Answer.decode(answer.kept).encode() == encoded
    assert len(json.dumps(answer.kept)) < len(json.dumps(encoded)) / 1.5


@pytest.mark.parametrize(
    "answer",
    [
        Answer(text="", source="model", message={"role": "assistant", "content": None, "tool_calls": [{"id": "c1"}]}),
        Answer(text="Nothing.", source="rule", message={"role": "assistant", "content": "Something else."}),
        Answer(text="0", source="exact", cost_usd=Decimal("0.00"), baseline_usd=Decimal("0.1"), degraded=("cache",)),
        Answer(text="Cut.", source="model", finish_reason="length", usage=Usage(3, 3, 0), context={"kept_messages": 0}),
    ],
    ids=["tool calls", "another message", "zeros", "cut off"],
)
def test_what_is_kept_of_an_answer_is_all_of_it(answer: Answer) -> None:
    assert Answer.decode(json.loads(json.dumps(answer.kept))).encode() == answer.encode()


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "0"), ("1E-7", "0.0000001"), ("12.50", "12.5"), ("100", "100"), ("0.00", "0")]
)
def test_money_is_written_plainly(amount: str, text: str) -> None:
    assert usd(Decimal(amount)) == text


def test_a_message_with_parts_keeps_its_text() -> None:
    message = Message.decode(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "x"}},
            ],
        }
    )
    assert message.text == "What is this?"
    assert message.has_parts


@pytest.mark.parametrize("sources", ["faq", [""], [7], ["x" * 300], {"a": 1}])
def test_sources_that_are_no_list_of_ids_are_named(sources: object) -> None:
    with pytest.raises(JobInvalid, match=r"metadata\.sources"):
        Job.decode({"messages": [{"role": "user", "content": "x"}], "metadata": {"sources": sources}})


def test_category_and_sources_are_read_from_the_metadata() -> None:
    given = {"messages": [{"role": "user", "content": "x"}], "metadata": {"sources": ["a"], "category": "billing"}}
    job = Job.decode(given)
    assert (job.sources, job.category) == (("a",), "billing")
    assert Job.decode({**given, "metadata": {"category": 7}}).category == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"deadline_s": 10**400},
        {"params": {"temperature": 10**400}},
        {"params": {"logit_bias": {"1": 10**400}}},
        {"params": {"seed": 10**5000}},
        {"tenant": 10**5000},
        {"metadata": {"n": 10**5000}},
        {"params": {"tools": [{"n": 10**5000}]}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_number_of_many_digits_is_an_error_of_ours(fields: dict[str, object]) -> None:
    with pytest.raises(JobInvalid):
        Job.decode({"messages": [{"role": "user", "content": "x"}], **fields})
