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
LEAST_WORD_CHARS = 4
WITHHELD = "(withheld)"
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
    """A provider's own reason: its code and message, cut to a length, keys and what quotes the prompt withheld."""
    said = " ".join(_KEY.sub(WITHHELD, _plain(str(message or "")[: 4 * MOST_REASON_CHARS])).split())
    prompt = prompt[:MOST_PROMPT_CHARS].casefold()
    words = set(_WORD.findall(prompt))
    said = _QUOTED.sub(
        lambda found: found[0] if _IS_NAME.fullmatch(found[1]) and found[1].casefold() not in prompt else WITHHELD,
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
    said = re.sub("\0+", WITHHELD, said)
    said = _WORD.sub(lambda found: WITHHELD if _tells(found[0].casefold(), words) else found[0], said)
    said = re.sub(rf"{re.escape(WITHHELD)}(?: {re.escape(WITHHELD)})+", WITHHELD, said)
    named = str(code) if code and _IS_NAME.fullmatch(str(code)) else ""
    return ": ".join(part for part in (named, said[:MOST_REASON_CHARS]) if part)


def _tells(word: str, words: set[str]) -> bool:
    """Is it a word of the prompt that providers do not use themselves: a name, a password?"""
    return len(word) >= LEAST_WORD_CHARS and word in words and word not in OF_PROVIDERS


def _plain(said: str) -> str:
    """What a reason says once its escapes are read: a quotation in ``%20``, ``\\u4f60`` or ``&quot;`` is one, too."""
    if _PERCENT.search(said):
        said = unquote_plus(said)
    said = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), said)
    return _BLOB.sub(WITHHELD, html.unescape(said))


# Words of errors themselves: of a prompt that has them too, nobody learns anything.
_OF_PROVIDERS = """
    about above account again allowed already also another answer argument array been before below billing body cannot
    chat check code completion completions contact content context could credit current data deployment does down each
    either enabled error exceed exceeded exceeds exist expected expired failed field file filter find format found from
    function given greater have help image input instead integer internal into invalid issue json key language large
    later least length less limit limits long longer make maximum memory message messages minimum minute missing model
    more must name need none number object occurred only option organization other output over overloaded parameter
    parameters parse permission plan please policy project prompt property provide provided provider quota rate reached
    reduce refused region request requested requests require required requires resource response result retry role
    safety same schema seconds server service should since size some specify status stop stream string such support
    supported system temperature text than that their them then there these they this time timeout today token tokens
    tool tools try type unable unavailable unexpected unknown unsupported until upgrade upstream usage used user using
    valid value version very want were what when where which will with within without word work would your
"""
OF_PROVIDERS = frozenset(_OF_PROVIDERS.split())
_WORD = re.compile(r"[^\W\d_][\w'’-]*[^\W_]")
# Keys as providers make them, and whatever is called one.
_KEY = re.compile(
    r"\b(?:sk|pk|rk|key|gsk|xai|AIza)[-_][\w*-]{6,}|\bAIza[\w-]{10,}|(?<=[Bb]earer )\S+|(?<=API key provided: )\S+"
)
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_ESCAPED = re.compile(r"\\u(?!d[89a-f])([0-9a-fA-F]{4})", re.IGNORECASE)
_BLOB = re.compile(r"[\w+/=\-]{64,}", re.ASCII)  # nothing that a person reads: a picture, an encoded body
_QUOTED = re.compile(r"['\"“‘`]([^'\"”’`]{1,})['\"”’`]")
_IS_NAME = re.compile(
    r"[a-z][\w.\-\[\]/:]{0,60}", re.IGNORECASE
)  # of a parameter, a model: no sentence of a customer's
