"""A second provider is asked beside one whose first word is late; the first answer is given, and both are paid for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ProviderFailed, ProvidersExhausted
from pipelines.message import Message
from pipelines.routing import health
from pipelines.routing.catalog import Offer
from tests.waiting import until
from workers.config.endpoints import ProviderConfig
from workers.demo.standin import Fault, StandIn
from workers.providers import calls
from workers.providers.openai_client import Providers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.answer import Usage

FIRST, SECOND = (Offer(name, "gpt-4o-mini", "economy") for name in ("first", "second"))
USUAL_S = 0.05


@pytest.fixture
def two() -> Iterator[tuple[StandIn, StandIn]]:
    with StandIn(speed=0.0) as first, StandIn(speed=0.0) as second:
        yield first, second


class Pair:
    def __init__(self, two: tuple[StandIn, StandIn], **limits: Any) -> None:
        configs = [
            ProviderConfig(n, s.url, "key", "openai", **limits) for n, s in zip(("first", "second"), two, strict=True)
        ]
        self.providers, self.two = Providers(configs), two
        self.late: list[tuple[Offer, Usage]] = []
        self.providers.warm()  # the SDK takes a second to load

    def known(self, heard: int = health.LEAST_FIRST_WORDS) -> Pair:
        for _ in range(heard):
            self.providers.health.note_pace("first", "gpt-4o-mini", USUAL_S)
        return self

    def ask(self, *offers: Offer, hedge: bool = True, deadline_s: float = 20.0) -> calls.CallResult:
        def late(spent: Sequence[tuple[Offer, Usage]]) -> None:
            self.late += spent

        return calls.call(
            self.providers,
            offers or (FIRST, SECOND),
            [Message("user", "Hi")],
            {},
            deadline_at=time.time() + deadline_s,
            deadline_s=deadline_s,
            late=late if hedge else None,
        )

    @property
    def asked(self) -> tuple[int, int]:
        return len(self.two[0].requests), len(self.two[1].requests)


@pytest.fixture
def pair(two: tuple[StandIn, StandIn]) -> Iterator[Pair]:
    made = Pair(two)
    yield made
    made.providers.close()


def test_a_late_first_word_has_another_asked_and_the_slower_is_on_the_bill_too(pair: Pair) -> None:
    pair.two[0].faults.append(Fault(silent_s=1.0))
    began = time.monotonic()
    done = pair.known().ask()
    assert done.offer == SECOND
    assert time.monotonic() - began < 0.9
    assert pair.asked == (1, 1)
    assert done.wasted == ()
    until(lambda: [offer for offer, _ in pair.late] == [FIRST])
    assert pair.late[0][1].completion_tokens > 0


def test_who_answers_as_usual_is_asked_alone(pair: Pair) -> None:
    assert pair.known().ask().offer == FIRST
    assert pair.asked == (1, 0)
    assert pair.late == []


def test_a_long_answer_that_began_in_time_is_not_late(pair: Pair) -> None:
    pair.two[0].voice = lambda _: "A word. " * 40
    pair.two[0].speed = 0.5
    for _ in range(40):
        pair.providers.health.note_pace("first", "gpt-4o-mini", 2.0)
    assert pair.ask().offer == FIRST
    assert pair.asked == (1, 0)


@pytest.mark.parametrize(
    ("heard", "hedge", "offers"),
    [(health.LEAST_FIRST_WORDS - 1, True, ()), (50, False, ()), (50, True, (FIRST,))],
    ids=["nobody knows yet", "not wanted", "no other"],
)
def test_else_nobody_is_asked_beside_it(pair: Pair, heard: int, hedge: bool, offers: tuple[Offer, ...]) -> None:
    pair.two[0].faults.append(Fault(silent_s=0.5))
    assert pair.known(heard).ask(*offers, hedge=hedge).offer == FIRST
    assert pair.asked == (1, 0)


def test_the_first_answers_after_all_while_the_other_is_slower(pair: Pair) -> None:
    pair.two[0].faults.append(Fault(silent_s=0.3))
    pair.two[1].faults.append(Fault(silent_s=1.2))
    assert pair.known().ask().offer == FIRST
    until(lambda: [offer for offer, _ in pair.late] == [SECOND])


def test_where_the_other_fails_the_first_is_waited_for(pair: Pair) -> None:
    pair.two[0].faults.append(Fault(silent_s=0.6))
    pair.two[1].faults.append(Fault(status=500))
    done = pair.known().ask()
    assert done.offer == FIRST
    assert pair.late == []


def test_where_both_fail_each_is_said_and_asked_again(pair: Pair) -> None:
    pair.two[0].faults.append(Fault(silent_s=0.3, status=500))
    pair.two[1].faults.append(Fault(status=500))
    done = pair.known().ask()
    assert len(done.failures) >= 2
    for one in pair.two:
        one.faults.extend([Fault(status=401)] * 5)
    with pytest.raises((ProvidersExhausted, ProviderFailed)):
        pair.ask(deadline_s=5.0)


def test_a_provider_that_is_left_alone_is_not_asked_beside_another(pair: Pair) -> None:
    for _ in range(health.FAILURES):
        pair.providers.health.failed("second", None)
    pair.two[0].faults.append(Fault(silent_s=0.5))
    assert pair.known().ask().offer == FIRST
    assert pair.asked == (1, 0)
