"""How a text is read wherever something is looked for in it: what a reader does not see makes no difference."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pipelines.text.han import simplified
from pipelines.text.remembered import remembered_if_short

if TYPE_CHECKING:
    from collections.abc import Mapping

REMEMBERED, SHORT_CHARS = 20_000, 1_000  # texts; a longer one is a document, and not kept
# Letters, digits and what addresses are written with, where they are only wider; quotation marks and apostrophes as
# typewriters have them.
_WIDE = {
    code: chr(code - 0xFEE0)
    for code in (*range(0xFF10, 0xFF1A), *range(0xFF20, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF0B, 0xFF0D, 0xFF0E, 0xFF3F)
}
_QUOTES = dict.fromkeys(map(ord, "’‘ʼ´`‛＇"), "'") | dict.fromkeys(map(ord, "“”„‟＂"), '"')
_READ_AS = _WIDE | _QUOTES | {0x2010: "-", 0x2011: "-"}
# Zero-width characters, marks of direction, soft hyphens, tags: nobody sees them. (A joiner shapes letters, and says
# nothing by itself.)
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"[^\S\n]+")
# Of Arabic too: vowel marks, the stroke that only lengthens, hamza above and below.
_ACCENTS = re.compile("[\u0300-\u036f\u0640\u064b-\u0655\u0670]")
# The last ones as they are typed in Egypt, and on keyboards for Persian and Urdu.
_STROKES = str.maketrans("łŁđĐıøØ\u0649\u06cc\u06a9", "lLdDioO\u064a\u064a\u0643")


def reading(text: str) -> str:
    """The text with composed letters of one width, single spaces within a line, and Chinese as Simplified."""
    return readings(text)[-1]


@remembered_if_short(REMEMBERED, SHORT_CHARS)
def readings(text: str) -> tuple[str, ...]:
    """The same; where they differ, as it is written before it: Cantonese is looked for in Traditional characters."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFC", text).translate(_READ_AS))
    text = _SPACES.sub(" ", text)
    read = simplified(text)
    return (text,) if read == text else (text, read)


def unaccented(text: str) -> str:
    """Latin, Greek, Cyrillic and Arabic letters without their accents, as many write them; also of a pattern."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text.translate(_STROKES))))


def bare(rows: Mapping[str, str]) -> dict[str, str]:
    """Of a table's rows, a language each, those that have accents, without them."""
    found = {name: unaccented(row) for name, row in rows.items()}
    return {name: row for name, row in found.items() if row != rows[name]}
