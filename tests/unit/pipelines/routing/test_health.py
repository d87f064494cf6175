"""When a provider is left alone, when it is tried again, and how long its first word is waited for."""

from __future__ import annotations

import pytest

from pipelines.routing.health import COOL_S, FAILURES, LONGEST_COOL_S, Health, attempt_s, average_s, patience_s, tells

NOW = 1_000.0


def failed(times: int, retry_after_s: float | None = None) -> Health:
    found = Health()
    for _ in range(times):
        found = found.failed(NOW, retry_after_s)
    return found


def test_some_failures_in_a_row_leave_a_provider_alone_for_a_while() -> None:
    assert failed(FAILURES - 1).state(NOW) == "well"
    broken = failed(FAILURES)
    assert broken.state(NOW) == "left alone"
    assert broken.state(NOW + COOL_S - 0.1) == "left alone"
    assert broken.state(NOW + COOL_S) == "due"


def test_a_trial_that_fails_doubles_the_time_up_to_a_bound() -> None:
    found = failed(FAILURES)
    times = []
    for _ in range(8):
        before = found.until
        found = found.failed(before, None)
        times.append(found.until - before)
    assert times[:3] == [2 * COOL_S, 4 * COOL_S, 8 * COOL_S]
    assert times[-1] == LONGEST_COOL_S


@pytest.mark.parametrize(("asks", "until"), [(3.0, 3.0), (30.0, 30.0), (3_600.0, LONGEST_COOL_S), (0.0, 0.5)])
def test_a_provider_that_says_when_is_left_alone_until_then(asks: float, until: float) -> None:
    assert failed(1, asks).until == NOW + until


@pytest.mark.parametrize(
    ("average", "remaining_s", "others", "patience"),
    [
        (0.3, 60.0, False, 10.0),  # nobody else could answer: longer
        (5.0, 60.0, False, 40.0),
        (None, 60.0, False, 60.0),
        (0.3, 60.0, True, 2.5),
        (2.0, 60.0, True, 8.0),
        (None, 60.0, True, 10.0),
        (20.0, 60.0, True, 30.0),  # half of what is left is the other's
        (None, 6.0, True, 3.0),
    ],
)
def test_how_long_a_first_word_is_waited_for(
    average: float | None, remaining_s: float, others: bool, patience: float
) -> None:
    assert patience_s(average, remaining_s, others=others) == patience


@pytest.mark.parametrize(("attempt", "patience"), [(1, 10.0), (2, 20.0), (3, 90.0)])
def test_one_that_is_alone_is_waited_for_longer_each_time(attempt: int, patience: float) -> None:
    assert patience_s(0.3, 90.0, others=False, attempt=attempt) == patience


@pytest.mark.parametrize(
    ("average", "waited_s", "says"),
    [(2.0, 1.2, False), (2.0, 8.0, True), (None, 1.0, False), (None, 2.5, True), (0.2, 1.0, False), (0.2, 2.5, True)],
)
def test_silence_says_something_after_a_fair_time(average: float | None, waited_s: float, says: bool) -> None:
    assert tells(average, waited_s) is says


def test_the_average_follows_a_change() -> None:
    found: float | None = None
    for word in [0.3] * 20 + [3.0] * 20:
        found = average_s(found, word)
    assert found == pytest.approx(3.0, abs=0.1)


def test_what_was_under_way_when_it_was_left_alone_says_nothing_new() -> None:
    broken = failed(FAILURES)
    assert broken.failed(NOW + 1, None) == broken
    assert broken.failed(NOW + 1, 30.0).until == NOW + 31, "but when to come again is believed"


def test_a_provider_that_says_when_is_not_left_alone_for_longer_each_time() -> None:
    found = Health()
    for n in range(9):
        found = found.failed(NOW + 10 * n, 5.0)
    assert found.until == NOW + 85


def test_an_attempt_leaves_time_for_the_others() -> None:
    assert attempt_s(20.0, others=True) == 12.0
    assert attempt_s(20.0, others=False) == 20.0
    assert attempt_s(900.0, others=True) == 120.0
