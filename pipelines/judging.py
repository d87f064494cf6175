"""The judge of the gray zone: when to ask it, and what its verdict is worth."""

from __future__ import annotations

from pipelines.logistic import logit, sigmoid, weight

LEAST_PROBABILITY = 0.4  # below it, a yes would not suffice and a no says nothing new
GATED = 0.7  # about how often a neighbour is right although a gate tripped, at the most
CREDIT = 0.8  # of a verdict's worth: judges err together, on the pairs that are hard for the encoder too
MOST_CALLS = 2  # questions put to the judge for one job


def asks(probability: float, *, served_at: float) -> bool:
    """Is the suspect in the gray zone: not sure enough to serve, not hopeless?"""
    return LEAST_PROBABILITY <= probability < served_at


def after(probability: float, *, yes: bool, error: float) -> float:
    """Probability that the suspect is right after a verdict that errs at rate ``error`` in [0, 0.5). Bayes."""
    known = min(max(probability, 1e-6), 1.0 - 1e-6)
    worth = CREDIT * weight(error)
    return sigmoid(logit(known) + (worth if yes else -worth))


def moved(before: float, now: float) -> float:
    """What was added to the log-odds between two probabilities in [0, 1]."""
    if before == now:
        return 0.0
    return logit(min(max(now, 1e-9), 1.0 - 1e-9)) - logit(min(max(before, 1e-9), 1.0 - 1e-9))
