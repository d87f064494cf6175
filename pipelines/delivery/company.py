"""Company: how long a job may wait for others that ask the same, or nearly the same, before it asks for itself."""

from __future__ import annotations

MOST_WAITS = 4  # the further times for some of those who were left
LONGER = 4.0  # times this job's time left: whose leader has more of it, a batch job for one, is not waited for


def has_time(left_s: float, deadline_s: float) -> bool:
    """May it wait for one that asks nearly the same? Not once half of its time is over: a model may be needed yet."""
    return left_s >= deadline_s / 2
