"""Personal data in text: which kinds there are, and the text without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Iterator

# RE2 has no backtracking: no text can make these slow. It has no look-around either, so the checks after a match
# (digits around it, checksums) are code.
_EMAIL = re2.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")
_IBAN = re2.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DIGITS = re2.compile(r"\+?\(?[0-9](?:[ \-.()/]{0,2}[0-9]){5,}[Xx]?(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
# A day, perhaps with the hour that a run of digits takes along.
_DATE = re2.compile(
    r"(?:(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2})"
    r"(?: [0-9]{1,2})?"
)

# An order, a contract, a ticket: not a person's data by itself, but what is said about it is somebody's own.
_REFERENCE = re2.compile(r"\b[A-Za-z]{1,5}-?[0-9]{4,}\b|#\s?[0-9]{3,}|[0-9]{5,}")

CARD_DIGITS = range(13, 20)  # ISO/IEC 7812
PHONE_DIGITS = range(7, 16)  # ITU-T E.164 at most 15


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of personal data, in order; kinds: email, iban, card, id_number, phone, number."""
    taken: list[tuple[int, int, str]] = []
    for kind, pattern in (("email", _EMAIL), ("iban", _IBAN), ("digits", _DIGITS)):
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end, _ in taken):
                continue
            found = kind if kind == "email" else _iban(match[0]) if kind == "iban" else _digits(match[0])
            if found:
                taken.append((start, end, found))
    yield from sorted(taken)


def kinds(text: str) -> frozenset[str]:
    """Which kinds of personal data the text holds."""
    return frozenset(kind for _, _, kind in spans(text))


def personal(text: str) -> bool:
    """Is the text about its writer alone: does it hold personal data, or the number of an order or a contract?"""
    return bool(kinds(text)) or _REFERENCE.search(text) is not None


def mask(text: str) -> str:
    """The text with each piece of personal data replaced by its kind in angle brackets."""
    out, at = [], 0
    for start, end, kind in spans(text):
        out += [text[at:start], f"<{kind}>"]
        at = end
    return "".join([*out, text[at:]])


def _digits(found: str) -> str:
    """What a run of digits is: a card, a Chinese identity number, a telephone number, some other number, or nothing."""
    if _DATE.fullmatch(found):
        return ""
    digits = "".join(c for c in found if c in "0123456789")
    plain = digits + ("X" if found[-1] in "Xx" else "")
    if len(plain) == 18 and _chinese_id(plain):
        return "id_number"
    if len(digits) in CARD_DIGITS and _luhn(digits):
        return "card"
    if len(digits) in PHONE_DIGITS and (found[0] in "+(" or any(c in " -.()/" for c in found) or len(digits) >= 10):
        return "phone"
    return "number" if len(digits) >= 6 else ""


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1's check digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _chinese_id(text: str) -> bool:
    """GB 11643's check digit: weights 2^(17-i) mod 11."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _iban(found: str) -> str:
    """ISO 13616: the rearranged number is 1 modulo 97."""
    plain = found.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return ""
    number = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return "iban" if int(number) % 97 == 1 else ""
