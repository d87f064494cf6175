"""What a question needs of a conversation is sent: by default, on a budget, and all of it on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fundamentals.turns import talk

if TYPE_CHECKING:
    from tests.fleet import InProcess


CONTRACT = "Here is my contract. " + "The tenant pays on the first of each month. " * 600 + "Notice is 77 days."


def test_what_the_question_needs_is_sent_and_what_says_nothing_of_it_is_not(parrot: InProcess, tenant: str) -> None:
    answer = parrot.ask(talk(CONTRACT, "Thanks.", "What is the notice period?"), tenant=tenant)
    assert "Notice is 77 days." in answer.text
    assert answer.context is not None
    assert answer.context["why"] == "the rest matters less to the question"
    assert answer.context["prompt_tokens_after"] < 0.5 * answer.context["prompt_tokens_before"]
    assert answer.degraded == ()


def test_all_is_sent_to_who_asks_for_all(parrot: InProcess, tenant: str) -> None:
    messages = talk(CONTRACT, "Thanks.", "What is the notice period?")
    answer = parrot.client.ask(messages, tenant=tenant, context="all")
    assert CONTRACT in answer.text
    assert answer.context is not None
    assert (answer.context["alone"], answer.context["dropped_messages"], answer.degraded) == (False, 0, ())


@pytest.mark.usefixtures("budget")
def test_only_the_history_that_fits_the_operators_budget_is_sent(fleet: InProcess, tenant: str) -> None:
    long_talk = [{"role": "system", "content": "Be brief."}]
    for turn in range(60):
        long_talk += [{"role": "user", "content": f"Tell me about lamp {turn} " + "and its colours " * 20}]
        long_talk += [{"role": "assistant", "content": "It is a lamp. " * 20}]
    answer = fleet.ask([*long_talk, {"role": "user", "content": "And the last one?"}], tenant=tenant)
    sent = fleet.model.requests[-1]["messages"]
    assert sent[0]["content"] == "Be brief."
    assert sent[-1]["content"] == "And the last one?"
    assert answer.context is not None
    assert (dropped := answer.context["dropped_messages"]) == 122 - len(sent) > 0
    assert answer.usage.prompt_tokens < 3_200
    assert answer.degraded[0].startswith(f"context cut: {dropped} earlier messages were not sent")


@pytest.mark.usefixtures("budget")
def test_old_turns_are_summed_up_where_the_dear_model_answers(fleet: InProcess, tenant: str) -> None:
    long_talk = []
    for turn in range(60):
        long_talk += [{"role": "user", "content": f"Tell me about lamp {turn} " + "and its colours " * 20}]
        long_talk += [{"role": "assistant", "content": "It is a lamp. " * 20}]
    question = {"role": "user", "content": "Compare the first two."}
    answer = fleet.ask([*long_talk, question], tenant=tenant, model="premium")
    asked, sent = fleet.model.requests[-2:]
    assert (asked["model"], sent["model"]) == ("gpt-4o-mini", "gpt-4o")
    assert "Tell me about lamp 0" in asked["messages"][1]["content"]
    assert sent["messages"][0]["content"].startswith("Earlier in this conversation (summary): ")
    assert [m["role"] for m in sent["messages"]].count("user") == 5
    # The summary is part of what this answer cost, and it paid all the same.
    assert answer.cost_usd > fleet.priced("gpt-4o", answer.usage)
    assert answer.cost_usd < answer.baseline_usd
