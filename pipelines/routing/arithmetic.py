"""Sums in a text that do not come out: "12 * 3 = 38"; what cannot be read for certain is no sum."""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_CHARS = 20_000  # of an answer that are read
MOST_SIDE_CHARS = 200  # of one side of an equation
MOST_STRETCH_CHARS = 500  # of a line; a longer one is read sentence by sentence
LOOK_BACK = 16  # characters before an equation that may make something else of it
MOST_PLACES = 6  # of a number that is held to its last
ABOUT = 0.05  # of the value: what "≈" may be off
_WORDS = (
    (re.compile(r"\\(?:times|cdot)\b|[×·∙✕]|(?<=\d)\s*(?:[xX]|times|multiplied by|乘以?)\s*(?=\d)"), "*"),
    (re.compile(r"\\div\b|÷|(?<=\d)\s*(?:divided by|除以)\s*(?=\d)"), "/"),
    (re.compile(r"(?<=\d)\s*(?:plus|加上?)\s*(?=\d)"), "+"),
    (re.compile(r"[−–]|(?<=\d)\s*(?:minus|减去?)\s*(?=\d)"), "-"),
    (re.compile(r"(?<=[\d%)])\s*(?:equals|is equal to|等于|＝)\s*(?=[\d(])"), "="),
    (re.compile(r"(?<=\d)\s*%\s*of\s*(?=\d)"), "% * "),
    (re.compile(r"\\approx\b|≒|~="), "≈"),
    (re.compile(r"\*\*|\\[()\[\],!]|[$€£¥￥]"), " "),
)
_LIST = re.compile(r"^\s*(?:(?:\d{1,3}[.)、]|[-+*•>#]+|step \d+:)\s+)+", re.IGNORECASE)
# What a line speaks of where its sums are meant to be others, or are said to be wrong.
_NO_SUMS = re.compile(
    r"\b(?:binary|hex\w*|octal|base \d+|mod(?:ulo)?|false|wrong|incorrect|not (?:true|equal)|myth)\b|进制|错|误|不等",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\d+-\d+")  # "90-100 = A"
_RUN = re.compile(r"[\d.,\s()+\-*/%=≈]*[=≈][\d.,\s()+\-*/%=≈]*")
_NUMBER = re.compile(r"\d[\d.,]*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_FULL_STOPS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_SENTENCES = re.compile(r"(?<=[.;])\s+|(?<=[。；！？])")
_PERCENT = re.compile(r"([\d.]+)\s*%")
_OPERATES = re.compile(r"[\d)%]\s*[-+*/]\s*[(\d]")
# What stands before the first number, or after the last, makes another sum of it: "x^2 + 1", "sin 30 + 1", "7 million".
_PART_OF_MORE = re.compile(
    r"(?:[\w^√°'{}\\|]|\d:|\b(?:a?(?:sin|cos|tan)|log|ln|sqrt|mod|of|plus|minus|times|over|by|x|base)\s+)$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s*(?:[\^:{\\!√π°]|[a-z](?![a-z])|(?:million|billion|thousand|hundred|trillion|mod|remainder|dozen|bn|mn|x)\b"
    r"|r\s*\d|[万亿千百萬億余])",
    re.IGNORECASE,
)
_PERCENT_MORE = re.compile(r"[-+]\s*[\d.,]+\s*%")
_DOES = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def false_sums(text: str) -> list[str]:
    """The equations of a text that do not hold, each as its two sides; rounding is none."""
    found = []
    for line in _stretches(text[:MOST_CHARS]):
        if not any(sign in line for sign in ("=", "≈", "equal", "等于")) or _NO_SUMS.search(line):
            continue
        plain = _LIST.sub("", line)
        for pattern, by in _WORDS:
            plain = pattern.sub(by, plain)
        for run in _RUN.finditer(plain):
            found += _false_in(run, plain)
    return found


def _stretches(text: str) -> Iterator[str]:
    """Lines; of a long one its sentences, of a long sentence its beginning."""
    for line in text.splitlines():
        parts = [line] if len(line) <= MOST_STRETCH_CHARS else _SENTENCES.split(line)
        yield from (part[:MOST_STRETCH_CHARS] for part in parts)


def _false_in(run: re.Match[str], line: str) -> list[str]:
    parts = re.split(r"([=≈])", run[0])
    sides, signs = [side.strip().rstrip(",.").strip() for side in parts[::2]], parts[1::2]
    before = line[max(0, run.start() - LOOK_BACK) : run.start()] + (" " if run[0][:1].isspace() else "")
    if _PART_OF_MORE.search(before) or sides[0][:1] in "+-*/%,.":
        sides[0] = ""
    if _GOES_ON.match(line, run.end()):
        sides[-1] = ""
    values = [_value(side) for side in sides]
    found = []
    for (left, right), (a, b), sign in zip(pairwise(sides), pairwise(values), signs, strict=True):
        if a is None or b is None or not (_OPERATES.search(left) or _OPERATES.search(right)):
            continue
        if _goes_on_from(right, a):
            continue
        exact, said, text = (b, a, left) if _OPERATES.search(right) else (a, b, right)
        if not _near(exact, said, text, about=sign == "≈"):
            found.append(f"{left} {sign} {right}")
    return found


def _goes_on_from(right: str, value: Fraction) -> bool:
    """Is it the next step, "3 * 4 = 12 + 5 = 17"? Sloppy, and no false sum."""
    first = _NUMBER.match(right)
    return first is not None and first.end() < len(right) and _value(first[0]) == value


def _value(side: str) -> Fraction | None:
    """What a side comes to; None where it cannot be read for certain."""
    if not side or len(side) > MOST_SIDE_CHARS or _PERCENT_MORE.search(side) or _RANGE.fullmatch(side):
        return None
    if any(map(_ambiguous, _NUMBER.findall(side))):
        return None
    plain = _PERCENT.sub(r"(\1*0.01)", _NUMBER.sub(lambda found: _plain(found[0]), side))
    try:
        return _computed(ast.parse(plain, mode="eval").body, plain)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _plain(number: str) -> str:
    """A number as Python reads it; leading zeros make something else of it: a code, a date."""
    number = number.rstrip(".,")
    if _THOUSANDS.fullmatch(number):
        number = number.replace(",", "")
    return number


def _ambiguous(number: str) -> bool:
    """A comma that parts no thousands, or a full stop that may part some, as half of the world writes it."""
    plain = number.rstrip(".,")
    return ("," in plain and not _THOUSANDS.fullmatch(plain)) or _FULL_STOPS.fullmatch(plain) is not None


def _computed(node: ast.expr, source: str) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(ast.get_source_segment(source, node) or "")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _DOES:
            return Fraction(_DOES[type(op)](_computed(left, source), _computed(right, source)))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_computed(operand, source)
    raise ValueError("something else than a sum")


def _near(exact: Fraction, said: Fraction, text: str, *, about: bool) -> bool:
    """Are they the same, to the places that ``text`` has? One that is cut off is as good as one that is rounded."""
    if exact == said:
        return True
    if "%" in text and _near(exact, said * 100, text.replace("%", " "), about=about):
        return True  # "a third of 100 is about 33 %"
    if about:
        return abs(exact - said) <= ABOUT * max(abs(exact), abs(said))
    if exact.denominator == said.denominator == 1:
        return False
    places = len(_plain(text.strip("() %-+")).partition(".")[2])
    # As computers write it: the last of many places is anything.
    unit = Fraction(1, 10 ** min(places, MOST_PLACES)) * (Fraction(1, 100) if "%" in text else 1)
    cut_off = 0 <= abs(exact) - abs(said) < unit and exact * said >= 0
    return cut_off or abs(exact - said) <= unit / 2
