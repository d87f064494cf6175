"""Gates: deterministic reasons to distrust a near neighbour, in English and Chinese."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.text import language, numerals, wording
from pipelines.text.gate_words import AGAINST_NONE, ALTERNATIVES, FOCUS, OPPOSITES, SAY_LITTLE, UNITS
from pipelines.text.han import HAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.text.wording import Wording

LONGEST_CHARS = 2_000  # of a text that is read: patterns are not to be had at any length
REMEMBERED = 20_000  # texts whose facts are kept: about 1 kB each


@dataclass(frozen=True, slots=True)
class Trip:
    """A gate that tripped: its name and why, without quoting the texts."""

    gate: str
    reason: str


_NUMBER = re.compile(
    r"([$€£¥￥])?\s?(\d+(?:[.,:/-]\d+)*)\s?(?:([万千亿])|(k)\b)?\s?((?:[a-z]+\b|%|[\u4e00-\u9fff]{1,2})?)",
    re.IGNORECASE,
)
_POWERS = {"千": 10**3, "k": 10**3, "万": 10**4, "亿": 10**8}
# Letters and digits together: order numbers, models, flight numbers.
_IDENTIFIER = re.compile(r"\b(?=[a-z-]*\d)(?=[\d-]*[a-z])[a-z\d]+(?:-[a-z\d]+)*\b", re.IGNORECASE)
# Also as people type it: doesn t, dosent, cannt, didn`t, nto.
_NEGATION = re.compile(
    r"\b(?:not|nto|nott|no(?! (?:problem|matter|worries|longer))|never|none|without|cannot|canot|cannto|unable|nor|neither|nobody|nothing|no longer"
    r"|\w+n['’`´ʼ]t"
    r"|(?:do|does|dos|dose|did|is|are|was|were|ca|can|could|cud|would|wud|should|shud|wo|has|have|hav|had|must|need|ai)(?:n['’`´ʼ ]?t|e?nt))\b"
    r"|不(?!错|同|管|过|仅|但|好意思|知道)|没(?!关系)|无法|未|别(?!的|人)|非(?!常)",
    re.IGNORECASE,
)
# Asking "can I or can I not" is one question, not a denial.
_CHOICE = re.compile(r"([\u4e00-\u9fff])[不没]\1|可不可以|有没有|是否|能否|可否|or not\b", re.IGNORECASE)


def _one_of(patterns: Sequence[str], *, han: bool) -> re.Pattern[str] | None:
    """One pattern whose group n is alternative n; only those of one script, for a text has mostly one."""
    chosen = [pattern if bool(HAN.search(pattern)) == han else "(?!)" for pattern in patterns]
    if all(pattern == "(?!)" for pattern in chosen):
        return None
    body = "|".join(f"({pattern})" for pattern in chosen)
    return re.compile(body if han else rf"\b(?:{body})\b", re.IGNORECASE)


def _both(patterns: Sequence[str]) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    return _one_of(patterns, han=False), _one_of(patterns, han=True)


def _named(both: tuple[re.Pattern[str] | None, re.Pattern[str] | None], text: str, *, han: bool) -> frozenset[int]:
    latin, chinese = both
    found = {match.lastindex or 0 for match in latin.finditer(text)} if latin else set()
    if han and chinese:
        found |= {match.lastindex or 0 for match in chinese.finditer(text)}
    return frozenset(found)


_SIDES = tuple(_both(sides) for sides in OPPOSITES)
_ALTERNATIVE = {kind: _both(patterns) for kind, patterns in ALTERNATIVES.items()}
_ASKED = tuple((focus, re.compile(pattern, re.IGNORECASE)) for focus, pattern in FOCUS)
_WORDS = re.compile(r"[a-z0-9]+(?:['’-][a-z0-9]+)*")
# A name inside the sentence: capitals after a lower-case word.
_NAME = re.compile(r"(?<=[a-z,] )(?!I\b|I['’])[A-Z][\w.&-]*(?: [A-Z][\w.&-]*)*")
_FROM = re.compile(r"\bfrom (?:my |the |a |an )?(\w+)", re.IGNORECASE)
_TO = re.compile(r"\b(?:in)?to (?:my |the |a |an )?(\w+)", re.IGNORECASE)
_DIRECTION = re.compile(
    r"\bfrom (?:my |the |a |an )?([\w-]+(?: [\w-]+)?) (?:in)?to (?:my |the |a |an )?([\w-]+)"
    r"|(?:从|由)(.{1,8}?)(?:转到|转|到|至|换成|换|去)([^,。?的]{1,8})"
    r"|(?:把|将)?([^,。?从由把将]{1,8}?)(?:的钱|里的钱|余额)?(?:转到|转入|转成|换成|换为|兑换成|兑换|兑|升级到|降级到|改成|改为)([^,。?的]{1,8})",
    re.IGNORECASE,
)


# Chinese words that say who does it to whom: without one of them, another order is the same question.
_TOWARDS = re.compile("给|向|对|把|被|从|到|让|叫|比|替|往|转|至|由|借")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gates see of one text."""

    numbers: frozenset[tuple[str, int]]
    units: frozenset[tuple[str, str]]
    identifiers: frozenset[str]
    denied: bool
    sides: tuple[frozenset[int], ...]
    ends: tuple[str, ...]
    route: tuple[str, ...]
    alternatives: tuple[tuple[str, frozenset[int]], ...]
    names: frozenset[str]
    focus: frozenset[str]
    words: tuple[str, ...]
    characters: str
    counts: Counter[str]
    places: frozenset[str]
    wording: Wording
    text: str


@lru_cache(maxsize=REMEMBERED)
def facts(text: str) -> Facts:
    """Read a text once: a cached question meets many others. Of a document, its beginning."""
    text = text[:LONGEST_CHARS]
    han = HAN.search(text) is not None
    start, end, route = _FROM.search(text), _TO.search(text), _DIRECTION.search(text)
    return Facts(
        numbers=frozenset(_numbers(text).items()),
        units=frozenset(_units(text)),
        identifiers=frozenset(found.lower() for found in _IDENTIFIER.findall(text) if not _counts(found.lower())),
        denied=len(_NEGATION.findall(_CHOICE.sub(" ", text))) % 2 == 1,
        sides=tuple(_named(both, text, han=han) for both in _SIDES),
        ends=(start[1].lower(), end[1].lower()) if start and end else (),
        route=tuple(part.lower() for part in route.groups() if part) if route else (),
        alternatives=tuple((kind, _named(both, text, han=han)) for kind, both in _ALTERNATIVE.items()),
        names=frozenset(found.lower().replace(".", "") for found in _NAME.findall(text)),
        focus=frozenset(name for name, pattern in _ASKED if pattern.search(text)),
        words=() if han else tuple(word for word in _WORDS.findall(text.lower()) if word not in SAY_LITTLE),
        characters="".join(c for c in text.lower() if c.isalnum()) if han else "",
        counts=numerals.counted(text),
        places=numerals.placed(text),
        wording=wording.wording(text),
        text=text,
    )


def trip(a: str, b: str) -> Trip | None:
    """The first gate that trips between two questions, or None. Symmetric."""
    ours, theirs = facts(a), facts(b)
    return next((found for gate in GATES if (found := gate(ours, theirs)) is not None), None)


def numbers(a: Facts, b: Facts) -> Trip | None:
    """Different numbers, amounts, dates or times, in digits or words; or the same ones of different units."""
    if Counter(dict(a.numbers)) + a.counts != Counter(dict(b.numbers)) + b.counts:
        return Trip("number", "they name different numbers")
    for value in {value for value, _ in a.units} & {value for value, _ in b.units}:
        ours, theirs = ({unit for number, unit in facts.units if number == value} for facts in (a, b))
        if not ours & theirs:
            return Trip("number", "they name different units")
    return None


def places(a: Facts, b: Facts) -> Trip | None:
    """Another place in an order: often beside the point, so a judge may overrule it."""
    return Trip("count", "they name another place") if a.places and b.places and a.places != b.places else None


def foreign(a: Facts, b: Facts) -> Trip | None:
    """A language whose words these gates do not know: other than the same words, a judge must say."""
    if a.text == b.text or a.characters or b.characters:
        return None
    known = language.english(a.text) and language.english(b.text)
    return None if known else Trip("language", "they are not surely English")


def worded(a: Facts, b: Facts) -> Trip | None:
    """The same frame, and what differs in it turns it round (see wording)."""
    return next((Trip(gate, why) for gate, why, tells in _WORDED if tells(a.wording, b.wording)), None)


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


def _value(number: str, power: str) -> str:
    # "1,000" and "1000" are one number; "10:30" and "1030" need not be told apart here.
    plain = re.sub(r",(?=\d{3}\b)", "", number)
    try:
        return f"{float(plain) * _POWERS[power.lower()]:.10g}" if power else plain
    except ValueError:  # a date or a time
        return plain


def _counts(found: str) -> bool:
    """Is it a number and its unit written together: 20kg, 8pm, 5k?"""
    unit = found.lstrip("0123456789")
    return unit in UNITS or unit in _POWERS


def _units(text: str) -> Iterator[tuple[str, str]]:
    for sign, number, han_power, latin_power, behind in _NUMBER.findall(text):
        unit = UNITS.get(sign) or UNITS.get(behind.lower()) or UNITS.get(behind[:1])
        if unit:
            yield _value(number, han_power or latin_power), unit


def _numbers(text: str) -> Counter[str]:
    found = [_value(number, han or latin) for _, number, han, latin, _ in _NUMBER.findall(text)]
    return Counter(found)


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
    places,
    opposites,
    direction,
    alternatives,
    names,
    focus,
    order,
    worded,
    foreign,
)
