"""Harm: do shorter contexts change more of a tenant's answers than it allows? Then no more are cut for it."""

from __future__ import annotations

from pipelines.statistics.intervals import interval

TARGET = 0.02  # answers that a shorter context may make worse, of those that had one
LEAST_WORSE = 3  # one bad answer early on would end every tenant's saving
SURELY = 3.0
LOOKS_BACK_DAYS = 30  # what was compared before says nothing of today's conversations, or of today's plan


def stops(worse: int, compared: int, target: float) -> bool:
    """Are surely more than ``target`` of the answers worse, of ``compared`` ones ``worse``? In doubt, no.

    Surely: by no fewer than three, and by the lower end of an interval of three standard deviations, for it is looked
    at again and again. Of fifty compared answers three worse ones say nothing yet of a target of 2 %; four do.
    """
    return worse >= LEAST_WORSE and interval(worse, compared, SURELY)[0] > target
