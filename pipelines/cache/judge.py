"""The judge of the gray zone: when to ask it, about what, and what its verdict is worth. It fails closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.neighbourhood import WORTH
from pipelines.statistics.logistic import logit, sigmoid, sigmoids, weight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.neighbourhood import Neighbourhood

LEAST_PROBABILITY = 0.4  # below it a verdict on whether a suspect was right says nothing new
HOPELESS = 0.05  # below it nobody is asked, whatever is left to spend
AGAIN = 0.5  # of a verdict's worth, where the same pair is put the other way round: one judge repeats its mistakes
VETOES = ("identifier", "number")  # gates that no judge may overrule: a slip is costly, and easy to see
GATED = 0.7  # about how often a neighbour is right although a gate tripped, at the most
UNPROVEN = 0.5  # at the most, of a new tenant's far neighbour: two verdicts must agree
CREDIT = 0.8  # of a verdict's log-odds: judges err on the pairs that are hard for the encoder too
LEAST_WORTH, MOST_WORTH = 0.3, 4.0  # between which audits may put it
HOLDS_WORTH = 1.0  # how strongly it is held where it begins: as by some twenty verdicts of known outcome
MOST_CALLS = 2  # to the judge for one job
MOST_TOGETHER = 2  # phrasings of a suspect that are put to the judge in one call
SHARE = 0.2  # calls for each job, unless the operator chose another
BURST = 10.0  # calls that may be saved up
LEAST_GAIN, MOST_GAIN = 0.05, 0.85  # hits that a call must be expected to bring, while many are left and few
LEAST_REMAINING_S = 10.0  # a judge is a model call before the model call: not for a caller in a hurry


def asks(probability: float, *, served_at: float) -> bool:
    """Is the suspect in the gray zone: not sure enough to serve, not hopeless?"""
    return HOPELESS <= probability < served_at


def after(probability: float, *, yes: bool, worth: float = WORTH) -> float:
    """Probability that the suspect is right after a verdict, which is worth so much in log-odds. Bayes."""
    return _shifted(probability, evidence(yes=yes, worth=worth))


def _shifted(probability: float, said: float) -> float:
    return sigmoid(logit(min(max(probability, 1e-6), 1.0 - 1e-6)) + said)


def evidence(*, yes: bool, worth: float = WORTH) -> float:
    """What a verdict adds to the log-odds."""
    return worth if yes else -worth


def worth_of(error: float) -> float:
    """What a verdict is worth that errs at a rate in [0, 0.5)."""
    return CREDIT * weight(error)


def learned_worth(
    margins: NDArray[np.float64],
    verdicts: NDArray[np.float64],
    right: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    """What a verdict is worth by those whose outcome is known, all (n,): log-odds without them, verdicts (a yes 1, a no
    -1, summed), how right the suspect was, and for how many each stands. Newton's method, held at where it begins.
    """
    worth = WORTH
    for _ in range(20):
        expected = sigmoids(margins + worth * verdicts)
        slope = float((weights * verdicts * (expected - right)).sum()) + HOLDS_WORTH * (worth - WORTH)
        bend = float((weights * verdicts**2 * expected * (1.0 - expected)).sum()) + HOLDS_WORTH
        step = slope / bend
        worth = min(max(worth - step, LEAST_WORTH), MOST_WORTH)
        if abs(step) < 1e-3:
            break
    return worth


def moved(before: float, now: float) -> float:
    """What was added to the log-odds between two probabilities in [0, 1]."""
    if before == now:
        return 0.0
    return logit(min(max(now, 1e-9), 1.0 - 1e-9)) - logit(min(max(before, 1e-9), 1.0 - 1e-9))


def before(probability: float, gate: str | None, *, proven: bool = True) -> float:
    """The suspect's probability before a verdict; 0 where ``gate``, the one that tripped, is no judge's to overrule.

    ``proven``: are probabilities of so near a neighbour known to be true for this tenant? Otherwise one verdict, which
    may err, is not enough.
    """
    if gate in VETOES:
        return 0.0
    known = probability if gate is None else min(probability, GATED)
    return known if proven else min(known, UNPROVEN)


def matters(seen: Neighbourhood) -> bool:
    """Is it worth a verdict to know whether the suspect was right?"""
    return before(seen.probability, seen.gate, proven=seen.proven) >= LEAST_PROBABILITY


def could_serve(seen: Neighbourhood) -> bool:
    """Could verdicts make the suspect probable enough to be served?"""
    return gain(seen) > 0.0


def gain(seen: Neighbourhood) -> float:
    """Hits that a call is expected to bring, in [0, 1]; 0 where even as many as may be made could serve nothing."""
    probability, chance, calls = before(seen.probability, seen.gate, proven=seen.proven), 1.0, 0.0
    if probability < HOPELESS:
        return 0.0
    together = min(sum(one.entry == seen.suspect for one in seen.near), MOST_TOGETHER)
    if together > 1:
        return probability if after(probability, yes=True, worth=together * seen.worth) >= seen.served_at else 0.0
    for call in range(MOST_CALLS):
        calls += chance
        chance *= probability  # about how often it says yes
        probability = after(probability, yes=True, worth=seen.worth * (AGAIN if call else 1.0))
        if probability >= seen.served_at:
            return chance / calls
    return 0.0


def known(seen: Neighbourhood) -> float:
    """Verdicts from whose outcome may be learned what one is worth: not where a gate, or a new tenant, bounds it."""
    return seen.verdicts if seen.gate is None and seen.proven else 0.0


def about(seen: Neighbourhood, served: str) -> list[str]:
    """What the judge is asked about: the phrasing whose answer would be served, then the entry's nearest."""
    return [served, *(one.key for one in seen.near if one.entry == seen.suspect and one.key != served)]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A suspect's probability after verdicts; do they let it be served; the verdicts, a yes 1 and a no -1, summed."""

    probability: float
    serves: bool
    verdicts: float


def after_verdicts(
    probability: float,
    phrasings: Sequence[str],
    ask: Callable[[Sequence[str], bool, float], Sequence[bool] | None],
    *,
    served_at: float,
    worth: float = WORTH,
) -> Judgement:
    """What the verdicts on its phrasings make of a suspect.

    ``ask`` puts phrasings to the judge in one call, as they are or turned round, and gives a verdict on each; None when
    there is none: then nothing is served, however probable it was. Neither is it after a no. A lone phrasing is put to
    the judge turned round as well, where that could serve it.
    """
    verdicts = 0.0
    for asked, turned in calls(phrasings):
        said = ask(asked, turned, probability)
        if said is None:
            return Judgement(probability, False, verdicts)
        counts = (AGAIN if turned else 1.0) * sum(1 if yes else -1 for yes in said)
        probability = _shifted(probability, counts * worth)
        verdicts += counts
        if not all(said):
            break
        if probability >= served_at:
            return Judgement(probability, True, verdicts)
    return Judgement(probability, False, verdicts)


def calls(phrasings: Sequence[str]) -> tuple[tuple[Sequence[str], bool], ...]:
    """Which phrasings are put to the judge together, and whether turned round: several once, a lone one both ways."""
    if len(phrasings) == 1:
        return (phrasings, False), (phrasings, True)
    return ((phrasings[:MOST_TOGETHER], False),) if phrasings else ()


def pays(probability: float, *, judging_usd: Decimal, answering_usd: Decimal) -> bool:
    """Is a call cheaper than what it saves, as often as it says yes?"""
    return float(judging_usd) < probability * float(answering_usd)


@dataclass(slots=True)
class Budget:
    """Lets ``share`` calls to the judge be made for each job, and no burst of more than ten at once. Not thread-safe.

    ``stands_for``: who sees only the jobs that no hit answered counts each for those besides that a hit did.
    """

    share: float
    left: float = 1.0

    def job(self, stands_for: float = 1.0) -> None:
        """One more job."""
        self.left = min(BURST, self.left + self.share * stands_for)

    def take(self, gain: float = 1.0) -> bool:
        """May one more call be made, of which so many hits are expected? The less is left, the more."""
        scarce = (1.0 - self.share) * (1.0 - (self.left - 1.0) / (BURST - 1.0)) ** 2
        if self.share <= 0.0 or self.left < 1.0 or gain < LEAST_GAIN + (MOST_GAIN - LEAST_GAIN) * scarce:
            return False
        self.left -= 1.0
        return True
