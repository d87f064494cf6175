"""The questions of one conversation have one key, and no two conversations have the same."""

from __future__ import annotations

import pytest

from pipelines.context.thread import cache_key
from pipelines.message import Message
from pipelines.routing import completion
from pipelines.routing.catalog import Offer

SYSTEM, FIRST = Message("system", "You sell lamps."), Message("user", "我想退货")
ANSWER, NEXT = Message("assistant", "Which order?"), Message("user", "Order 17.")


def test_it_stays_as_the_conversation_grows() -> None:
    short = cache_key("acme", [SYSTEM, FIRST, ANSWER, NEXT])
    assert short == cache_key("acme", [SYSTEM, FIRST, ANSWER, NEXT, ANSWER, Message("user", "And order 18?")])
    assert len(short) == 32


def test_others_have_another() -> None:
    conversations = [
        ("acme", [SYSTEM, FIRST, ANSWER, NEXT]),
        ("other", [SYSTEM, FIRST, ANSWER, NEXT]),
        ("acme", [FIRST, ANSWER, NEXT]),
        ("acme", [SYSTEM, Message("user", "I want to return it"), ANSWER, NEXT]),
    ]
    assert len({cache_key(*one) for one in conversations}) == len(conversations)


@pytest.mark.parametrize("messages", [[FIRST], [SYSTEM, FIRST], [SYSTEM, FIRST, ANSWER]])
def test_one_question_alone_needs_none(messages: list[Message]) -> None:
    assert cache_key("acme", messages) == ""


@pytest.mark.parametrize(("takes", "key", "sent"), [(True, "k", True), (False, "k", False), (True, "", False)])
def test_it_is_sent_to_who_knows_it(takes: bool, key: str, sent: bool) -> None:
    offer = Offer("p", "m", "economy", takes_cache_key=takes)
    request = completion.request(offer, [FIRST], {}, cache_key=key)
    assert request.get("prompt_cache_key") == (key if sent else None)
