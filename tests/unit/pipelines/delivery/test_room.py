"""A bound on what waits closes no door to who has not filled it."""

from __future__ import annotations

import pytest

from pipelines.delivery import room


@pytest.mark.parametrize(
    ("waiting", "of_tenant", "tenants", "most", "admits"),
    [
        (0, 0, 0, 10, True),
        (9, 9, 1, 10, True),
        (10, 10, 1, 10, False),
        (10, 0, 1, 10, True),  # another's flood
        (12, 5, 2, 10, False),  # it has its half
        (12, 4, 2, 10, True),
        (1_000_000, 1_000_000, 1, 0, True),  # no bound
    ],
)
def test_who_may_wait(waiting: int, of_tenant: int, tenants: int, most: int, admits: bool) -> None:
    assert room.admits(waiting=waiting, of_tenant=of_tenant, tenants=tenants, most=most) is admits


@pytest.mark.parametrize(
    ("waiting", "rate", "again"),
    [
        (1_000, None, room.SOONEST_S),
        (1_000, 0.0, room.STANDS_STILL_S),
        (1_000, 50.0, 10.0),
        (10**6, 1.0, room.LONGEST_S),
        (1, 9.0, 1.0),
    ],
)
def test_when_it_is_worth_sending_again(waiting: int, rate: float | None, again: float) -> None:
    assert room.again_in_s(waiting, rate) == again
