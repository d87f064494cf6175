"""When a summary replaces old turns, and what is sent then."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.context import summary
from pipelines.job import Job
from pipelines.message import Message

if TYPE_CHECKING:
    from pipelines.answer import Usage


def conversation(turns: int, words: int = 60) -> tuple[Message, ...]:
    said = [Message("system", "You are a bank's assistant.")]
    for number in range(turns):
        said += [Message("user", f"question {number} " * words), Message("assistant", f"answer {number} " * words)]
    return (*said, Message("user", "And the fee?"))


def price(per_prompt: int, per_completion: int):  # type: ignore[no-untyped-def]
    def of(usage: Usage) -> Decimal:
        return Decimal(usage.prompt_tokens * per_prompt + usage.completion_tokens * per_completion)

    return of


def test_the_last_five_turns_stay_as_they_were() -> None:
    messages = conversation(20)
    plan = summary.plan(messages, budget_tokens=3_000)
    assert plan is not None
    assert [m.role for m in plan.kept].count("user") == summary.LAST_TURNS
    assert plan.kept[0] == messages[0]
    assert plan.kept[1:] == messages[-9:]
    assert (*plan.kept[:1], *plan.older, *plan.kept[1:]) == messages


def test_there_is_no_summary_where_it_would_not_fit_or_nothing_is_older() -> None:
    assert summary.plan(conversation(20), budget_tokens=500) is None
    assert summary.plan(conversation(4), budget_tokens=50_000) is None


def test_it_pays_where_the_model_that_answers_is_dearer() -> None:
    plan = summary.plan(conversation(20), budget_tokens=3_000)
    assert plan is not None
    cheap, dear = price(1, 4), price(16, 64)
    assert summary.pays(plan, answering=dear, summing_up=cheap)
    assert not summary.pays(plan, answering=cheap, summing_up=cheap)


def test_the_summary_follows_the_instructions_and_is_told_apart_from_them() -> None:
    plan = summary.plan(conversation(20), budget_tokens=3_000)
    assert plan is not None
    chosen = summary.applied(plan, " They asked about fees. \n")
    assert [m.role for m in chosen.messages[:3]] == ["system", "system", "user"]
    assert chosen.messages[1].text == "Earlier in this conversation (summary): They asked about fees."
    assert chosen.tokens_after < chosen.tokens_before
    assert chosen.report(before=conversation(20), alone=False)["summarised_messages"] == len(plan.older)


def test_the_request_carries_the_old_turns_and_none_of_the_jobs_own_parameters() -> None:
    job = Job(messages=conversation(8), params={"tools": [{}], "temperature": 1.5})
    plan = summary.plan(job.messages, budget_tokens=50_000)
    assert plan is not None
    asked = summary.request(plan, job)
    assert dict(asked.params) == {"temperature": 0, "max_tokens": summary.SUMMARY_TOKENS}
    assert "question 0" in asked.messages[1].text
    assert "question 7" not in asked.messages[1].text
