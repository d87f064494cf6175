"""Numbers in words ("thirty days", "the second payment", 三次) as the digits that they stand for."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNITS = dict(
    zip(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ],
        range(20),
        strict=True,
    )
)
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "dozen": 12}
_OTHER = {"fourty": 40, "fourtyfive": 45, "half": 0.5, "twice": 2, "thrice": 3, "couple": 2}
_ORDINALS = dict(
    zip(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
        ],
        range(1, 13),
        strict=True,
    )
)
_ORDINAL_DIGITS = re.compile(r"\b(\d{1,3})(?:st|nd|rd|th)\b")
# "a second", "first of all", "at first": no place in an order.
_NO_ORDINAL = re.compile(
    r"\b(?:a|one|every|per|each|split|just a|few|wait a) second\b|\bseconds\b|\bfirst[- ](?:time|name|of all|aid|class|floor)\b"
    r"|\b(?:at|safety|ladies) first\b|\bfirst,|^first\b|\bsecond[- ]?hand\b|\bthird[- ](?:party|parties|person)\b"
)
_HAN = dict(zip("零一二两三四五六七八九十", (0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
_SCALES_HAN = {"十": 10, "百": 100, "千": 1_000}
_MEASURES = "个天次月年周日号元块件张份笔台位小分期级星层楼倍万千百岁"
# A numeral counts only before a measure word, and 一 hardly ever: 一下, 一个, 一样, 统一 carry no number.
_HAN_COUNT = re.compile(
    r"(?<![0-9.,])(第)?([零二两三四五六七八九十百千万亿一]*[零二两三四五六七八九十百千万亿])(?=[" + _MEASURES + "])"
)
_WORD = re.compile(r"[a-z]+")


def counted(text: str) -> Counter[str]:
    """Numbers written in words, as digits: how often each is named."""
    return Counter(f"{value:.10g}" for value in (*_english(text), *_chinese(text, ordinal=False)))


def ordinals(text: str) -> frozenset[str]:
    """Places in an order: first, 2nd, 第三."""
    plain = _NO_ORDINAL.sub(" ", text.lower())
    words = {_ORDINALS[word] for word in _WORD.findall(plain) if word in _ORDINALS}
    digits = {int(found) for found in _ORDINAL_DIGITS.findall(plain)}
    return frozenset(f"{value:.10g}" for value in (*words, *digits, *_chinese(text, ordinal=True)))


def _english(text: str) -> Iterator[float]:
    """Runs of number words, each as one number: "two hundred and fifty" is 250. A lone "one" is a pronoun mostly."""
    run: list[str] = []
    for word in [*_WORD.findall(text.lower()), "."]:
        known = word in _UNITS or word in _TENS or word in _SCALES or word in _OTHER
        if known or (word == "and" and run and run[-1] in _SCALES):
            run.append(word)
            continue
        run = [part for part in run if part != "and"]
        if run and run != ["one"] and run != ["dozen"]:
            yield _value(run)
        run = []


def _value(run: list[str]) -> float:
    total = current = 0.0
    for before, word in pairwise(["", *run]):
        if word in _SCALES:
            current = max(current, 1.0) * _SCALES[word]
            if _SCALES[word] >= 1_000:
                total, current = total + current, 0.0
            continue
        value = float(_UNITS.get(word, _TENS.get(word, _OTHER.get(word, 0))))
        current = current * 10 + value if before in _UNITS and word in _UNITS else current + value
    return total + current


def _chinese(text: str, *, ordinal: bool) -> Iterator[float]:
    for first, digits in _HAN_COUNT.findall(text):
        if bool(first) == ordinal:
            yield _han_value(digits)


def _han_value(digits: str) -> float:
    """Of a numeral: 十, 百 and 千 multiply their digit, 万 what stands before it back to 亿, and 亿 all before it."""
    total = section = digit = 0.0
    for sign in digits:
        if sign in "十百千":
            section, digit = section + max(digit, 1.0) * _SCALES_HAN[sign], 0.0
        elif sign == "万":
            total, section, digit = total + max(section + digit, 1.0) * 1e4, 0.0, 0.0
        elif sign == "亿":
            total, section, digit = max(total + section + digit, 1.0) * 1e8, 0.0, 0.0
        else:
            digit = digit * 10 + _HAN[sign]
    return total + section + digit
