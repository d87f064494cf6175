"""Gates: deterministic reasons to distrust a near neighbour, in English and Chinese."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.gate_words import AGAINST_NONE, ALTERNATIVES, FOCUS, OPPOSITES
from pipelines.han import HAN

if TYPE_CHECKING:
    from collections.abc import Sequence

REMEMBERED = 20_000  # texts whose facts are kept: about 1 kB each


@dataclass(frozen=True, slots=True)
class Trip:
    """A gate that tripped: its name and why, without quoting the texts."""

    gate: str
    reason: str


_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_WORD_NUMBERS = dict(
    zip(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        map(str, range(13)),
        strict=True,
    )
)
_HAN_NUMBERS = dict(
    zip("零一二两三四五六七八九十", ["0", "1", "2", "2", "3", "4", "5", "6", "7", "8", "9", "10"], strict=True)
)
# A Han numeral counts only before a measure word or unit: 一下, 一样, 统一 carry no number.
_HAN_COUNT = re.compile(r"([零一二两三四五六七八九十])(?=[个天次月年周日号元块件张份笔台位小分])")
# Letters and digits together: order numbers, models, flight numbers.
_IDENTIFIER = re.compile(r"\b(?=[a-z-]*\d)(?=[\d-]*[a-z])[a-z\d]+(?:-[a-z\d]+)*\b", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|without|cannot|unable|nor|neither|\w+n['’]t|(?:ca|wo|do|did|does|is|are|was|were|could|would|should|have|has|had)nt)\b"
    r"|不(?!错|同|管|过|仅|但|好意思|知道)|没(?!关系)|无法|未|别(?!的|人)|非(?!常)",
    re.IGNORECASE,
)
# Asking "can I or can I not" is one question, not a denial.
_CHOICE = re.compile(r"([\u4e00-\u9fff])[不没]\1|是否|能否|可否|or not\b", re.IGNORECASE)


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
# A name inside the sentence: capitals after a lower-case word.
_NAME = re.compile(r"(?<=[a-z,] )(?!I\b|I['’])[A-Z][\w.&-]*(?: [A-Z][\w.&-]*)*")
_FROM = re.compile(r"\bfrom (?:my |the |a |an )?(\w+)", re.IGNORECASE)
_TO = re.compile(r"\b(?:in)?to (?:my |the |a |an )?(\w+)", re.IGNORECASE)
_DIRECTION = re.compile(
    r"\bfrom (?:my |the |a |an )?([\w-]+(?: [\w-]+)?) (?:in)?to (?:my |the |a |an )?([\w-]+)"
    r"|从(.{1,8}?)(?:转到|转|到|至|换成|换|去)([^,。?的]{1,8})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gates see of one text."""

    numbers: frozenset[tuple[str, int]]
    identifiers: frozenset[str]
    denied: bool
    sides: tuple[frozenset[int], ...]
    ends: tuple[str, ...]
    route: tuple[str, ...]
    alternatives: tuple[tuple[str, frozenset[int]], ...]
    names: frozenset[str]
    focus: frozenset[str]


@lru_cache(maxsize=REMEMBERED)
def facts(text: str) -> Facts:
    """Read a text once: a cached question meets many others."""
    han = HAN.search(text) is not None
    start, end, route = _FROM.search(text), _TO.search(text), _DIRECTION.search(text)
    return Facts(
        numbers=frozenset(_numbers(text).items()),
        identifiers=frozenset(found.lower() for found in _IDENTIFIER.findall(text)),
        denied=len(_NEGATION.findall(_CHOICE.sub(" ", text))) % 2 == 1,
        sides=tuple(_named(both, text, han=han) for both in _SIDES),
        ends=(start[1].lower(), end[1].lower()) if start and end else (),
        route=tuple(part.lower() for part in route.groups() if part) if route else (),
        alternatives=tuple((kind, _named(both, text, han=han)) for kind, both in _ALTERNATIVE.items()),
        names=frozenset(found.lower().replace(".", "") for found in _NAME.findall(text)),
        focus=frozenset(name for name, pattern in _ASKED if pattern.search(text)),
    )


def trip(a: str, b: str) -> Trip | None:
    """The first gate that trips between two questions, or None. Symmetric."""
    ours, theirs = facts(a), facts(b)
    return next((found for gate in GATES if (found := gate(ours, theirs)) is not None), None)


def numbers(a: Facts, b: Facts) -> Trip | None:
    """Different numbers, amounts, dates or times."""
    return None if a.numbers == b.numbers else Trip("number", "they name different numbers")


def _numbers(text: str) -> Counter[str]:
    # "1,000" and "1000" are one number; "10:30" and "1030" need not be told apart here.
    found = [re.sub(r",(?=\d{3}\b)", "", number) for number in _NUMBER.findall(text)]
    found += [
        _WORD_NUMBERS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _WORD_NUMBERS and word != "one"
    ]
    found += [_HAN_NUMBERS[han] for han in _HAN_COUNT.findall(text)]
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
    """The pattern cuts a place off after a word, or takes some of what follows it: one begins as the other."""
    return one.startswith(other) or other.startswith(one)


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


GATES = (identifiers, numbers, negation, opposites, direction, alternatives, names, focus)
