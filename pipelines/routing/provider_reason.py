"""A provider's own reason for a failure, without what quotes the prompt."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote_plus

from pipelines.routing.completion import SAMPLING
from pipelines.text.han import HAN

MOST_REASON_CHARS = 240
LEAST_QUOTED_CHARS = 10  # of the prompt, in a provider's reason, that are withheld where they are more than one word
LEAST_QUOTED_HAN = 4
MOST_PROMPT_CHARS = 50_000  # of the prompt that a reason is held against


def refused_param(code: object, param: object, message: str) -> str | None:
    """The parameter that a provider refused, if a request without it would do."""
    known = ("max_tokens", *SAMPLING)
    said = str(param or "")
    if said in known:
        return said
    lower = message.lower()
    if str(code) in ("unsupported_parameter", "unsupported_value") or "not support" in lower or "unsupported" in lower:
        return next((name for name in known if name in lower), None)
    return None


def reason(code: object, message: object, prompt: str) -> str:
    """A provider's own reason: its code and message, cut to a length, what quotes the prompt withheld."""
    said = " ".join(_plain(str(message or "")[: 4 * MOST_REASON_CHARS]).split())
    prompt = prompt[:MOST_PROMPT_CHARS].casefold()
    said = _QUOTED.sub(
        lambda found: found[0] if _IS_NAME.fullmatch(found[1]) and found[1].casefold() not in prompt else "(withheld)",
        said,
    )
    folded, hidden = said.casefold(), [False] * len(said)
    for start in range(len(said)):
        length = LEAST_QUOTED_HAN if HAN.match(said[start]) else LEAST_QUOTED_CHARS
        piece = folded[start : start + length]
        telling = length == LEAST_QUOTED_HAN or any(sign in " @" or sign.isdigit() for sign in piece.strip())
        if len(piece) == length and telling and piece in prompt:
            hidden[start : start + length] = [True] * length
    said = (
        "".join("\0" if gone else sign for sign, gone in zip(said, hidden, strict=True))
        if len(folded) == len(said)
        else ""
    )
    said = re.sub("\0+", "(withheld)", said)
    named = str(code) if code and _IS_NAME.fullmatch(str(code)) else ""
    return ": ".join(part for part in (named, said[:MOST_REASON_CHARS]) if part)


def _plain(said: str) -> str:
    """What a reason says once its escapes are read: a quotation in ``%20``, ``\\u4f60`` or ``&quot;`` is one, too."""
    if _PERCENT.search(said):
        said = unquote_plus(said)
    said = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), said)
    return _BLOB.sub("(withheld)", html.unescape(said))


_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_ESCAPED = re.compile(r"\\u(?!d[89a-f])([0-9a-fA-F]{4})", re.IGNORECASE)
_BLOB = re.compile(r"[\w+/=\-]{64,}", re.ASCII)  # nothing that a person reads: a picture, an encoded body
_QUOTED = re.compile(r"['\"“‘`]([^'\"”’`]{1,})['\"”’`]")
_IS_NAME = re.compile(
    r"[a-z][\w.\-\[\]/:]{0,60}", re.IGNORECASE
)  # of a parameter, a model: no sentence of a customer's
