"""Harm: do shorter contexts change more of a tenant's answers than it allows? Then no more are cut for it."""

from __future__ import annotations

from pipelines.statistics.intervals import interval

TARGET = 0.02  # answers that a shorter context may make worse, of those that had one
LEAST_WORSE = 3  # it is looked again and again: one bad answer early on would end every tenant's saving
LOOKS_BACK_DAYS = 30  # what was compared before says nothing of today's conversations, or of today's plan


def stops(worse: int, compared: int, target: float) -> bool:
    """Are surely more than ``target`` of the answers worse, of ``compared`` ones ``worse``? In doubt, no.

    Surely: by the lower end of the interval of 95 %, and by no fewer than three. Of fifty compared answers, two worse
    ones say nothing yet of a target of 2 %; three do.
    """
    return worse >= LEAST_WORSE and interval(worse, compared)[0] > target
