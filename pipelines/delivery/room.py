"""Room: whether one more job may wait, and when a job that may not is worth sending again."""

from __future__ import annotations

SOONEST_S, LONGEST_S = 1.0, 300.0
STANDS_STILL_S = 60.0  # where nothing is taken at all


def admits(*, waiting: int, of_tenant: int, tenants: int, most: int) -> bool:
    """May one more of this tenant's jobs wait, where ``waiting`` of ``tenants`` do? ``most`` 0: always.

    Of what is full, whoever has less than an equal share has room still: one tenant's flood closes no door to another.
    """
    return most == 0 or waiting < most or of_tenant < most // max(1, tenants)


def again_in_s(waiting: int, taken_per_s: float | None) -> float:
    """Seconds until half of what waits will have been taken; None: nobody knows yet how fast that goes."""
    if taken_per_s is None:
        return SOONEST_S
    if taken_per_s <= 0.0:
        return STANDS_STILL_S
    return round(min(max(waiting / 2 / taken_per_s, SOONEST_S), LONGEST_S), 1)
