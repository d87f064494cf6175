"""Do two answers say the same? Evidence from their words alone: what it cannot tell, it does not say."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from pipelines import gates
from pipelines.fingerprint import normalise
from pipelines.han import HAN
from pipelines.logistic import weight

ERROR = 0.05  # rate at which a clear comparison is believed to err
ONE = weight(ERROR)  # its evidence, as a log-likelihood ratio
# Share of words that two texts have in common, of all that either has: clearly the same, more so than not; between the
# next two it says nothing; then rather something else, and clearly so.
SAME, ALIKE, UNLIKE, OTHER = 0.6, 0.33, 0.2, 0.08
MOST_CHARS = 4_000  # of an answer that are compared
SHORT = 25  # words up to which one of them (a number, a denial, a thing) makes another answer of it
ALL_BUT_THE_SAME = 0.8
GATES = (gates.identifiers, gates.numbers, gates.opposites, gates.negation, gates.names)
TELLS_LONG_ONES_APART = ("identifier", "number")
REMEMBERED = 2_000

_WORD = re.compile(r"[a-z0-9]+(?:[.,:'’-][a-z0-9]+)*|[\u4e00-\u9fff]")
# Words that any answer has.
_COMMON = frozenset(
    (  # noqa: SIM905 - a list of eighty quoted words would hide them
        "a an the and or but if of to in on at for with from by as is are was were be been it its this that these"
        " those you your we our us i me my they their he she his her do does did can could will would should may"
        " might have has had not so then than there here also just please any all more some what which who when"
        " where how"
    ).split()
)


@lru_cache(maxsize=REMEMBERED)
def _words(text: str) -> frozenset[str]:
    found = _WORD.findall(text)
    latin = {word for word in found if not HAN.match(word) and word not in _COMMON}
    han = [word for word in found if HAN.match(word)]
    return frozenset(latin | {a + b for a, b in pairwise(han)})


def evidence(one: str, other: str) -> float:
    """Log-likelihood ratio, in [-ONE, ONE], that two answers say the same; 0 when their words do not tell."""
    one, other = one[:MOST_CHARS], other[:MOST_CHARS]
    a, b = normalise(one).casefold(), normalise(other).casefold()
    if a == b:
        return ONE
    ours, theirs = _words(a), _words(b)
    if not ours or not theirs:
        return 0.0
    shared = len(ours & theirs) / len(ours | theirs)
    if shared < ALIKE:
        return -ONE * min(1.0, max(0.0, UNLIKE - shared) / (UNLIKE - OTHER))
    tripped = _apart(one, other)
    if min(len(ours), len(theirs)) <= SHORT:
        # Of a sentence, one word may be all that matters: "WiFi is free there" and "parking is free there".
        if tripped is not None:
            return -ONE
        if ours - theirs and theirs - ours and shared < ALL_BUT_THE_SAME:
            return 0.0
    elif tripped in TELLS_LONG_ONES_APART:
        return 0.0
    return ONE * min(1.0, (shared - ALIKE) / (SAME - ALIKE))


def _apart(one: str, other: str) -> str | None:
    """What of the gates' facts tells two answers apart; a number that only one of them mentions may be a detail."""
    ours, theirs = gates.facts(one), gates.facts(other)
    found = next((trip.gate for gate in GATES if (trip := gate(ours, theirs)) is not None), None)
    if found == "number" and not (ours.numbers - theirs.numbers and theirs.numbers - ours.numbers):
        return None
    if found == "identifier" and not (ours.identifiers - theirs.identifiers and theirs.identifiers - ours.identifiers):
        return None
    return found
