"""A long text in the first turn: what a question needs of it reaches the model, at the default and on a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import StoreUnavailable
from tests.agreement import CLAUSES, agreement
from workers.jobs.threads import Threads
from workers.store import keys

if TYPE_CHECKING:
    from tests.fleet import InProcess

LEAST_FOUND = 39  # of forty questions


def asked(fleet: InProcess, tenant: str, question: str, **job: object) -> tuple[str, dict[str, object]]:
    messages = [
        {"role": "user", "content": "This is our agreement.\n\n" + agreement()},
        {"role": "assistant", "content": "Thank you, I have read it."},
        {"role": "user", "content": question},
    ]
    answer = fleet.client.ask(messages, tenant=tenant, cache="bypass", **job)  # type: ignore[arg-type]
    assert answer.context is not None
    return "\n".join(str(m["content"]) for m in fleet.model.requests[-1]["messages"]), dict(answer.context)


@pytest.mark.parametrize("context", ["auto", 3_000])
def test_what_a_question_needs_of_a_long_agreement_is_sent(fleet: InProcess, tenant: str, context: str | int) -> None:
    found, shares = 0, []
    for _, _, question, needed in CLAUSES:
        sent, report = asked(fleet, tenant, question, context=context)
        found += needed in sent
        shares.append(int(str(report["prompt_tokens_after"])) / int(str(report["prompt_tokens_before"])))
    assert found >= LEAST_FOUND
    assert sum(shares) / len(shares) < 0.5


def test_all_of_it_is_sent_to_who_asks_for_all(fleet: InProcess, tenant: str) -> None:
    sent, report = asked(fleet, tenant, "What do we pay per month?", context="all")
    assert all(needed in sent for *_, needed in CLAUSES)
    assert "why" not in report


def test_what_is_left_out_is_said(fleet: InProcess, tenant: str) -> None:
    sent, report = asked(fleet, tenant, "What do we pay per month?")
    assert "[…]" in sent
    assert report["shortened_messages"] == 2 or report["dropped_messages"] == 1
    assert report["why"] == "the rest matters less to the question"


def test_an_answer_that_saw_a_part_is_not_given_to_who_asks_with_all(fleet: InProcess, tenant: str) -> None:
    messages: list[dict[str, object]] = [
        {"role": "user", "content": agreement()},
        {"role": "assistant", "content": "Read."},
        {"role": "user", "content": "And what do we pay for it?"},
    ]
    pinned = [{**messages[0], "pin": True}, *messages[1:]]
    seen = []
    for given, job in ((messages, {"context": 300}), (messages, {"context": "all"}), (messages, {}), (pinned, {})):
        answer = fleet.client.ask(given, tenant=tenant, **job)  # type: ignore[arg-type]
        fleet.settled(answer)
        seen.append(answer.source)
    assert seen == ["model"] * 4
    assert fleet.client.ask(messages, tenant=tenant, context="all").source == "exact"  # type: ignore[arg-type]


def talk(turns: int) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = []
    for number in range(turns):
        messages.append({"role": "user", "content": f"My note number {number} is about {TOPICS[number % 9]}. " * 6})
        messages.append({"role": "assistant", "content": f"Noted, that is {TOPICS[number % 9]} again. " * 6})
    return messages


TOPICS = ("sails", "ropes", "masts", "keels", "tides", "winds", "charts", "locks", "buoys")


def prompt(fleet: InProcess) -> list[dict[str, object]]:
    found: list[dict[str, object]] = fleet.model.requests[-1]["messages"]
    return found


def test_a_conversation_goes_on_as_it_was_sent_and_the_provider_knows_its_beginning(
    fleet: InProcess, tenant: str
) -> None:
    messages = [*talk(60), {"role": "user", "content": "And what did I say of that?"}]
    first = fleet.client.ask(messages, tenant=tenant, cache="bypass")  # type: ignore[arg-type]
    before = prompt(fleet)
    assert first.context is not None
    assert first.context["dropped_messages"] > 0
    longer = [*messages, {"role": "assistant", "content": first.text}, {"role": "user", "content": "Why is that so?"}]
    fleet.client.ask(longer, tenant=tenant, cache="bypass")  # type: ignore[arg-type]
    after = prompt(fleet)
    assert after[: len(before) - 1] == before[:-1]
    assert len(after) == len(before) + 2
    redis = fleet.runtime.ledger_redis
    names = list(redis.scan_iter(keys.thread(tenant, "*")))
    assert len(names) == 2
    kept = b"".join(redis.mget(names))
    assert b"sails" not in kept
    assert all(0 < redis.ttl(name) <= 3_600 for name in names)


def test_another_tenants_conversation_tells_nothing_of_this_one(fleet: InProcess, tenant: str) -> None:
    messages = [*talk(60), {"role": "user", "content": "And what did I say of that?"}]
    fleet.client.ask(messages, tenant=f"{tenant}-a", cache="bypass")  # type: ignore[arg-type]
    fleet.client.ask(messages, tenant=f"{tenant}-b", cache="bypass")  # type: ignore[arg-type]
    redis = fleet.runtime.ledger_redis
    (one,), (other,) = (list(redis.scan_iter(keys.thread(f"{tenant}-{name}", "*"))) for name in "ab")
    assert one != other


def test_without_the_ledger_a_conversation_is_sent_as_if_nobody_knew_it(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("ledger", "away")

    monkeypatch.setattr(Threads, "recall", away)
    monkeypatch.setattr(Threads, "keep", away)
    messages = [*talk(60), {"role": "user", "content": "And what did I say of that?"}]
    assert fleet.client.ask(messages, tenant=tenant, cache="bypass").source == "model"  # type: ignore[arg-type]
