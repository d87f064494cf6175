"""What a question needs of a conversation is sent: by default, on a budget, and all of it on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fundamentals.turns import talk
from tests.waiting import until
from workers.observability import counters

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
    sent = last_asked(fleet)
    assert sent[0]["content"] == "Be brief."
    assert sent[-1]["content"] == "And the last one?"
    assert answer.context is not None
    assert (dropped := answer.context["dropped_messages"]) == 122 - len(sent) > 0
    assert answer.usage.prompt_tokens < 3_200
    assert answer.degraded[0].startswith(f"context cut: {dropped} earlier messages were not sent")


def sums_up(request: dict[str, Any]) -> bool:
    """Is a request one for a summary? The model keeps those of all tests, some of which send parts."""
    return str(request["messages"][0]["content"]).startswith("Note what")


def last_asked(fleet: InProcess) -> Any:
    """The messages of the latest request but those that sum up, off the path, for the next question."""
    return next(request["messages"] for request in reversed(fleet.model.requests) if not sums_up(request))


LAMPS = [
    {"role": role, "content": said}
    for turn in range(60)
    for role, said in (
        ("user", f"Tell me about lamp {turn} " + "and its colours " * 20),
        ("assistant", "It is a lamp. " * 20),
    )
]


def sum_up_as(fleet: InProcess, said: str) -> None:
    fleet.model.voice = lambda messages: said if messages[0].text.startswith("Note what") else "It is a lamp."


@pytest.mark.usefixtures("budget", "parrot")
def test_old_turns_are_summed_up_for_the_next_question(fleet: InProcess, tenant: str) -> None:
    sum_up_as(fleet, "They asked about lamp 0 and lamp 1, and about their colours.")
    first = fleet.ask([*LAMPS, {"role": "user", "content": "Compare the first two."}], tenant=tenant)
    assert first.context is not None
    assert first.context["summarised_messages"] == 0, "nobody waits for a summary"

    def summed_up() -> bool:
        question = {"role": "user", "content": "And which of those two is the brighter one?"}
        answer = fleet.ask([*LAMPS, question], tenant=tenant, cache="bypass")
        return bool((answer.context or {})["summarised_messages"])

    until(summed_up)
    sent = last_asked(fleet)
    assert sent[0]["content"].startswith(
        "Earlier in this conversation (summary): They asked about lamp 0 and lamp 1, and about their colours."
    )
    asked = [request for request in fleet.model.requests if sums_up(request)]
    assert {request["model"] for request in asked} == {"gpt-4o-mini"}
    assert any("Tell me about lamp 0" in request["messages"][1]["content"] for request in asked)
    totals = next(iter(fleet.runtime.accounts.totals(tenant, 1).values()))[tenant]
    assert totals["summaries"] >= 1
    assert totals["summary_nusd"] > 0
    other = fleet.ask([*LAMPS, {"role": "user", "content": "Compare the first two."}], tenant=f"{tenant}-other")
    assert (other.context or {})["summarised_messages"] == 0, "another tenant's"


@pytest.mark.usefixtures("budget", "parrot")
def test_a_summary_that_says_what_nobody_said_is_not_kept(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sum_up_as(fleet, "They bought lamp 977 for 12.50 in Paris.")
    failed: list[str] = []
    count = counters.count
    monkeypatch.setattr(counters, "count", lambda event, amount=1: (failed.append(event), count(event, amount))[0])
    question = {"role": "user", "content": "Compare the first two."}
    fleet.ask([*LAMPS, question], tenant=tenant)
    until(lambda: "summary.failed" in failed)
    answer = fleet.ask([*LAMPS, question], tenant=tenant, cache="bypass")
    assert (answer.context or {})["summarised_messages"] == 0
