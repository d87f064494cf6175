"""Whether premium is asked after economy: by what the checks found, what came of it before, and the time left."""

from __future__ import annotations

import pytest

from pipelines.routing.cascade import Tried, did_better, doubt, judged, no_worse, precision
from pipelines.routing.checks import CHECKS

NAMED = {check.name: check for check in CHECKS}
SUMS, DECLINES, EMPTY, LANGUAGE = (NAMED[name] for name in ("sums", "declines", "empty", "language"))


def test_without_a_finding_premium_is_not_asked_whatever_was_expected() -> None:
    assert not judged([], {}, base=0.99, took_s=1.0, left_s=60.0).escalate


def test_a_check_is_believed_as_it_comes_and_then_as_it_proved() -> None:
    assert precision(SUMS, None) == SUMS.precision
    assert precision(SUMS, Tried(12, 0)) == pytest.approx(SUMS.precision / 2)
    assert precision(DECLINES, Tried(1_000, 1_000)) > 0.99
    assert judged([DECLINES], {}, took_s=1.0, left_s=60.0).escalate
    assert not judged([DECLINES], {"declines": Tried(3, 0)}, took_s=1.0, left_s=60.0).escalate, "its refusals are right"


def test_findings_add_up_and_so_does_what_was_expected() -> None:
    both = doubt([SUMS, DECLINES], {})
    assert both == pytest.approx(1 - (1 - SUMS.precision) * (1 - DECLINES.precision))
    assert doubt([SUMS], {}, base=0.5) > doubt([SUMS], {})
    assert doubt([SUMS], {}, base=-0.5) == doubt([SUMS], {})
    assert doubt([], {}) == 0.0


def test_premium_is_asked_from_the_given_probability_on() -> None:
    assert not judged([SUMS], {}, at=SUMS.precision + 0.01, took_s=1.0, left_s=60.0).escalate
    assert judged([SUMS], {}, at=SUMS.precision - 0.01, took_s=1.0, left_s=60.0).escalate
    assert not judged([SUMS, EMPTY, LANGUAGE], {}, at=1.0, took_s=1.0, left_s=60.0).escalate, "1 is never"


def test_who_has_no_time_left_is_told_so() -> None:
    verdict = judged([SUMS], {}, took_s=10.0, left_s=12.0)
    assert (verdict.escalate, verdict.why_not) == (False, "no time was left")
    assert judged([SUMS], {}, took_s=10.0, left_s=16.0).escalate


@pytest.mark.parametrize(
    ("first", "second", "better", "stands"),
    [
        ([SUMS], [], True, True),
        ([DECLINES], [DECLINES], False, True),
        ([DECLINES], [EMPTY], False, False),
        ([SUMS], [DECLINES], True, True),
        ([SUMS, DECLINES], [DECLINES], False, True),
    ],
)
def test_premium_did_better_where_nothing_as_grave_is_found_again(
    first: list[object], second: list[object], better: bool, stands: bool
) -> None:
    assert (did_better(first, second), no_worse(first, second)) == (better, stands)  # type: ignore[arg-type]
