"""What the gates see of one text: numbers, names, sides, words; read once, kept for the next comparison."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.text import frame, numerals, wording
from pipelines.text.gate_words import ALTERNATIVES, FOCUS, OPPOSITES, SAY_LITTLE, UNITS
from pipelines.text.han import HAN
from pipelines.text.reading import reading
from pipelines.text.remembered import lean, remembered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.text.frame import Frame
    from pipelines.text.wording import Wording

LONGEST_CHARS = 2_000  # of a text that is read: patterns are not to be had at any length
REMEMBERED = 20_000  # texts whose facts are kept: 1.5 kB each in English, 0.6 kB in Chinese
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
    r"|\w+n['’`´ʼ]t|(?:do|does|did|is|are|was|were|could|would|should|will|have|has|had|must)not"
    r"|(?:do|does|dos|dose|did|is|are|was|were|ca|can|could|cud|would|wud|should|shud|wo|has|have|hav|had|must|need|ai)(?:n['’`´ʼ ]?t|e?nt))\b"
    r"|不(?!错|同|管|过|仅|但|好意思|知道)|没(?!关系)|无法|未|别(?!的|人)|非(?!常)",
    re.IGNORECASE,
)
# One thing that is written in several ways: in short, with numbers and without.
_WRITTEN = (
    (re.compile(r"(?<![\w/])w/o\b", re.IGNORECASE), "without"),
    (re.compile(r"(?<![\w/])w/", re.IGNORECASE), "with"),
    (re.compile(r"\b2[- ]?(?:fa|factor)\b|\btwo[- ]factor\b", re.IGNORECASE), "two-factor"),
    (re.compile(r"\b2[- ]step\b", re.IGNORECASE), "two-step"),
    (re.compile(r"周六[和、]?周[日天]|周六日|(?:星期|礼拜)六[和、]?(?:星期|礼拜)[日天]"), "周末"),
    (re.compile(r"双11"), "双十一"),
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
    ordinals: frozenset[str]
    wording: Wording
    frame: Frame | None
    text: str


@remembered(REMEMBERED)
def facts(text: str) -> Facts:
    """Read a text once: a cached question meets many others. Of a document, its beginning."""
    text = reading(text[:LONGEST_CHARS])
    for written, meant in _WRITTEN:
        text = written.sub(meant, text)
    found: Facts = lean(_read(text))
    return found


def _read(text: str) -> Facts:
    han = HAN.search(text) is not None
    start, end, route = _FROM.search(text), _TO.search(text), _DIRECTION.search(text)
    return Facts(
        numbers=frozenset(_numbers(text).items()),
        units=frozenset(_units(text)),
        identifiers=identifiers(text),
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
        ordinals=numerals.ordinals(text),
        wording=wording.wording(text),
        frame=None if han else frame.frame(text),
        text=text,
    )


def identifiers(text: str) -> frozenset[str]:
    """Order numbers, models, flight numbers: letters and digits together, in small letters."""
    found = (one.lower() for one in _IDENTIFIER.findall(text[:LONGEST_CHARS]))
    return frozenset(one for one in found if not _counts(one))


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
