"""Gates: deterministic reasons to distrust a near neighbour, in English and Chinese."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from pipelines.text import frame, language, wording
from pipelines.text.facts import Facts, facts
from pipelines.text.gate_words import AGAINST_NONE


@dataclass(frozen=True, slots=True)
class Trip:
    """A gate that tripped: its name and why, without quoting the texts."""

    gate: str
    reason: str


# Chinese words that say who does it to whom: without one of them, another order is the same question.
_TOWARDS = re.compile("给|向|对|把|被|从|到|让|叫|比|替|往|转|至|由|借")


def trip(a: str, b: str) -> Trip | None:
    """The first gate that trips between two questions, or None. Symmetric."""
    ours, theirs = facts(a), facts(b)
    return next((found for gate in GATES if (found := gate(ours, theirs)) is not None), None)


def trips(a: str, b: str) -> list[Trip]:
    """Every gate that trips between two questions, the first trip of each."""
    ours, theirs = facts(a), facts(b)
    return [found for gate in GATES if (found := gate(ours, theirs)) is not None]


def numbers(a: Facts, b: Facts) -> Trip | None:
    """Different numbers, amounts, dates or times, in digits or words; or the same ones of different units."""
    if Counter(dict(a.numbers)) + a.counts != Counter(dict(b.numbers)) + b.counts:
        return Trip("number", "they name different numbers")
    for value in {value for value, _ in a.units} & {value for value, _ in b.units}:
        ours, theirs = ({unit for number, unit in facts.units if number == value} for facts in (a, b))
        if not ours & theirs:
            return Trip("number", "they name different units")
    return None


def ordinals(a: Facts, b: Facts) -> Trip | None:
    """Another place in an order: often beside the point, so a judge may overrule it."""
    return Trip("count", "they name another place") if a.ordinals and b.ordinals and a.ordinals != b.ordinals else None


def foreign(a: Facts, b: Facts) -> Trip | None:
    """A language whose words these gates do not know: other than the same words, a judge must say."""
    if a.text == b.text or a.characters or b.characters:
        return None
    known = language.english(a.text) and language.english(b.text)
    return None if known else Trip("language", "they are not surely English")


def worded(a: Facts, b: Facts) -> Trip | None:
    """The same frame, and what differs in it turns it round (see wording)."""
    return next((Trip(gate, why) for gate, why, tells in _WORDED if tells(a.wording, b.wording)), None)


def framed(a: Facts, b: Facts) -> Trip | None:
    """The same content words, and other small ones between them (see frame)."""
    turned = a.frame is not None and b.frame is not None and frame.turned(a.frame, b.frame)
    return Trip("frame", "the small words between the same words say something else") if turned else None


_WORDED = (
    ("sign", "they have other signs", wording.signs),
    ("quoted", "they ask it of something else", wording.quoted),
    ("opposite", "a prefix turns one round", wording.prefixed),
    ("entity", "they name another one", wording.named_apart),
    ("direction", "they go opposite ways", wording.ways),
    ("sign", "their capitals mean something else", wording.cased),
    ("quantity", "they name other quantities", wording.quantities),
    ("order", "two who act changed places", wording.roles),
    ("state", "one says it is so, the other wants it", wording.state_against_request),
    ("action", "one wants to see it, the other to change it", wording.read_against_change),
)


def identifiers(a: Facts, b: Facts) -> Trip | None:
    """Different order numbers, product models, codes."""
    return None if a.identifiers == b.identifiers else Trip("identifier", "they name different identifiers")


def negation(a: Facts, b: Facts) -> Trip | None:
    """One denies what the other says."""
    return None if a.denied == b.denied else Trip("negation", "one of them is negated")


def opposites(a: Facts, b: Facts) -> Trip | None:
    """Opposed actions or qualities."""
    for ours, theirs in zip(a.sides, b.sides, strict=True):
        if ours != theirs and ours and theirs:
            return Trip("opposite", "they name opposed actions")
    return None


def direction(a: Facts, b: Facts) -> Trip | None:
    """From A to B, and from B to A."""
    opposed = bool(a.ends) and a.ends == b.ends[::-1] and a.ends != b.ends
    if len(a.route) == len(b.route) == 2:
        (here, there), (hence, thither) = a.route, b.route
        opposed |= _same_place(here, thither) and _same_place(there, hence) and not _same_place(here, hence)
    return Trip("direction", "they go opposite ways") if opposed else None


def _same_place(one: str, other: str) -> bool:
    """The pattern cuts a place off after a word, or takes some of what is around it: one is in the other."""
    return one in other or other in one


def order(a: Facts, b: Facts) -> Trip | None:
    """Two things that changed places, with something between them: "dollars into euros", "the seller pays the buyer".

    Other orders of the same words ("my card was declined", "was my card declined") are mostly rewordings; in Chinese,
    what comes first may come last (怎么修改地址, 地址怎么修改), and no other order is the same.
    """
    if a.characters and a.characters != b.characters and sorted(a.characters) == sorted(b.characters):
        if not _TOWARDS.search(a.characters):
            return None
        return None if a.characters in b.characters * 2 else Trip("order", "they name the same things in another order")
    if len(a.words) != len(b.words):
        return None
    moved = [i for i, (one, other) in enumerate(zip(a.words, b.words, strict=True)) if one != other]
    if len(moved) != 2 or moved[1] - moved[0] < 2:
        return None
    first, second = moved
    swapped = a.words[first] == b.words[second] and a.words[second] == b.words[first]
    return Trip("order", "two things changed places") if swapped else None


def alternatives(a: Facts, b: Facts) -> Trip | None:
    """Different days, plans, brands, countries, ways to pay, persons."""
    for (kind, ours), (_, theirs) in zip(a.alternatives, b.alternatives, strict=True):
        if ours != theirs and ((ours and theirs) or kind in AGAINST_NONE):
            return Trip(kind, f"they name another {kind}")
    return None


def names(a: Facts, b: Facts) -> Trip | None:
    """Different names, each with one that the other lacks."""
    return Trip("entity", "they name something else") if a.names - b.names and b.names - a.names else None


def focus(a: Facts, b: Facts) -> Trip | None:
    """One asks for a sum, the other for a time, a place or a reason."""
    return Trip("focus", "they ask for different things") if a.focus and b.focus and not a.focus & b.focus else None


# Those that no judge may overrule come first; the language last: it alone takes a model.
GATES = (
    identifiers,
    numbers,
    negation,
    ordinals,
    opposites,
    direction,
    alternatives,
    names,
    focus,
    order,
    worded,
    framed,
    foreign,
)
