"""Personal data in text: which kinds there are, and the text without it."""

from __future__ import annotations

import bisect
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import phonenumbers
import re2
from phonenumbers import NumberParseException
from stdnum import iban, luhn
from stdnum.cn import ric

from pipelines.text.reading import readings
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# RE2 has no backtracking: no text can make these slow. It has no look-around either, so the checks after a match
# (digits around it, checksums) are code.
_EMAIL = re2.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")
_IBAN = re2.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DIGITS = re2.compile(r"\+?\(?[0-9](?:[ \-.()/]{0,2}[0-9]){5,}[Xx]?(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
_ADDRESS = re2.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}")
# A name is known by what comes before it; the group is the name.
_NAME = re2.compile(
    r"(?i:\bmy (?:full |first |last )?name(?: is|'s|:)|\bname:|\bspeaking to|\bmr\.?|\bmrs\.?|\bms\.?) +([A-Za-z][\w'’-]*(?: [A-Z][\w'’-]*){0,2})"
    r"|(?:姓名(?:是|为|[::])?|我叫|我的名字(?:是|叫)) ?([\p{Han}·]{2,4})"
)
# A day, perhaps with the hour that a run of digits takes along.
_DATE = re2.compile(
    r"(?:(?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20)[0-9]{2})"
    r"(?: [0-9]{1,2})?"
)

# An order, a contract, a ticket: not a person's data by itself, but what is said about it is somebody's own.
_REFERENCE = re2.compile(r"\b[A-Za-z]{1,5}-?[0-9]{4,}\b|#\s?[0-9]{3,}|[0-9]{5,}")

CARD_DIGITS = range(13, 20)  # ISO/IEC 7812
PHONE_DIGITS = range(7, 16)  # ITU-T E.164 at most 15
REGIONS = ("US", "CN", "GB")  # where a number without a country's code may be from


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of personal data, in order; kinds: email, iban, ip, card, id_number, phone, number, name."""
    taken: list[tuple[int, int, str]] = []
    for pattern, kind_of in _KINDS:
        for match in pattern.finditer(text):
            group = match.lastindex or 0
            start, end = match.span(group)
            at = bisect.bisect_left(taken, (start, end, ""))
            if (at < len(taken) and taken[at][0] < end) or (at and taken[at - 1][1] > start):
                continue
            found = kind_of(match[group])
            if found:
                taken.insert(at, (start, end, found))
    yield from taken


def kinds(text: str) -> frozenset[str]:
    """Which kinds of personal data the text holds, as it is written or as it is read."""
    return frozenset(kind for one in {text, readings(text)[-1]} for _, _, kind in spans(one))


def personal(text: str) -> bool:
    """Is the text about its writer alone: does it hold personal data, or the number of an order or a contract?"""
    return bool(kinds(text)) or any(_REFERENCE.search(" ".join(one.split())) for one in readings(text))


# A mailbox or a line of the operator's own, as instructions name them for the model to hand out.
_MAILBOX = re2.compile(
    r"(?i)^(?:support|help|helpdesk|info|service|kundenservice|contact|kontakt|contacto|sales|hello|office|team|care|billing|legal|privacy"
    r"|press|jobs|admin|no-?reply|customer[._-]?(?:care|service|support)?|returns?|orders?|kefu|shouhou|mail|security|abuse)[0-9]*(?:[._-][a-z]+)?@"
)
_LINE = re2.compile(
    r"(?i)(?:hot ?line|help ?line|call us|call|phone us|support|service|contact|reach us|toll[- ]free|fax|tel\.?|telephone|phone|whatsapp"
    r"|客服|热线|熱線|电话|電話|售后|联系|致电|拨打)[^.。\n]{0,40}$"
)


@remembered(256)  # the same for many jobs, and long
def personal_instructions(text: str) -> bool:
    """Do instructions hold personal data of somebody: a profile, not the operator's own mailbox and telephone line?"""
    return any(
        not (kind == "email" and _MAILBOX.search(text[start:end]))
        and not (kind == "phone" and _LINE.search(text[max(0, start - 60) : start]))
        and kind not in ("ip", "number")  # versions, ids of documents
        for start, end, kind in spans(text)
    )


def mask(text: str) -> str:
    """The text with each piece of personal data replaced by its kind in angle brackets."""
    out, at = [], 0
    for start, end, kind in spans(text):
        out += [text[at:start], f"<{kind}>"]
        at = end
    return "".join([*out, text[at:]])


def _iban(found: str) -> str:
    return "iban" if iban.is_valid(found, check_country=False) else ""


def _address(found: str) -> str:
    try:
        ip_address(found)
    except ValueError:
        return ""
    return "ip"


def _digits(found: str) -> str:
    """What a run of digits is: a card, a Chinese identity number, a telephone number, some other number, or nothing."""
    if _DATE.fullmatch(found):
        return ""
    digits = "".join(c for c in found if c in "0123456789")
    plain = digits + ("X" if found[-1] in "Xx" else "")
    if len(plain) == 18 and ric.is_valid(plain):
        return "id_number"
    if len(digits) in CARD_DIGITS and luhn.is_valid(digits):
        return "card"
    grouped = found[0] in "+(" or any(c in " -.()/" for c in found)
    if len(digits) in PHONE_DIGITS and (grouped or len(digits) >= 10) and _can_be_called(found):
        return "phone"
    return "number" if len(digits) >= 6 else ""


def _can_be_called(found: str) -> bool:
    """Is it as long as telephone numbers of its country, or of one of the usual ones, are?"""
    for region in REGIONS:
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(found, region)):
                return True
        except NumberParseException:
            continue
    return False


# In this order: what is taken by one is not looked at by the next.
_KINDS: tuple[tuple[Any, Callable[[str], str]], ...] = (
    (_EMAIL, lambda _: "email"),
    (_IBAN, _iban),
    (_ADDRESS, _address),
    (_DIGITS, _digits),
    (_NAME, lambda _: "name"),
)
