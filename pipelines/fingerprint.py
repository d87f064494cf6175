"""Scope and exact key: what must be equal for two jobs to share an answer."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from pipelines.han import HAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.job import Job, Message

RECIPE = 2  # raised when the recipe changes: no old entry is read under a new meaning

# Courtesies that carry no question. Only whole ones at the very start or end go, and never all of the text.
_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey)(?: there)?[,.! ]+|please,? |good (?:morning|afternoon|evening)[,.! ]+|excuse me,? "
    r"|你好[,!。. ]*|您好[,!。. ]*|请问一下[,: ]*|请问[,: ]*|麻烦问一下[,: ]*|打扰一下[,: ]*)+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:[,.! ]+|(?<=\?) *)(?:please|thanks in advance|thanks|thank you|thx|cheers)|[,.! ]*(?:谢谢你|谢谢您|谢谢|多谢))+[.! ]*$",
    re.IGNORECASE,
)
_WIDE = {0x3000: " ", 0x3002: ".", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
# Chinese: what may be there or not without changing the question. 了 stays: "paid" and "to pay" differ.
_ASKS = re.compile(r"怎么|怎样|如何|什么|为何|哪|谁|几|多少|多久|多长|是否|能否|可否|吗|呢|([\u4e00-\u9fff])[不没]\1")
_PARTICLES = re.compile(r"[吗呢啊呀嘛哦噢啦哈]+(?=$|[?,.!、~])")
_FILLERS = re.compile(r"一下(?!子)|(?<!目)的(?![士确话])|是(?=什么|谁|哪|多少)")
_BESIDE_HAN = re.compile(r"(?<=[\u4e00-\u9fff])[\s,.!、~]+|[\s,.!、~]+(?=[\u4e00-\u9fff])")
_PLAIN_WORD = re.compile(r"(?<![\w'-])(?:[A-Z]?[a-z']+|I)(?![\w-])")


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def normalise(text: str) -> str:
    """The question without what cannot change its answer: width, spacing, courtesy, a sentence's capital.

    Case stays where it may mean something (``US``, ``aB3``); a question mark stays, for "you ship it?" and
    "you ship it" differ; a final full stop or exclamation mark goes. Of Chinese, the particles at a sentence's end,
    structural 的 and punctuation go too, and what asks by a word of its own ends with a question mark.
    """
    plain = without_courtesy(text)
    if not HAN.search(plain):
        return plain
    plain = _bare(plain)
    while (again := _bare(without_courtesy(plain))) != plain:
        plain = again
    return plain


def without_courtesy(text: str) -> str:
    """The question without width, spacing, courtesy and a sentence's capital; every other word stays."""
    plain = _without_courtesy(text)
    while (again := _without_courtesy(plain)) != plain:  # "Hi. Hello, …": what was behind a courtesy may be one too
        plain = again
    return plain


def _bare(plain: str) -> str:
    asks = plain.endswith("?") or _ASKS.search(plain) is not None
    bare = plain
    for dropped in (_PARTICLES, _FILLERS, _BESIDE_HAN):
        bare = dropped.sub("", bare)
    bare = bare.rstrip("?")
    if not re.search(r"\w", bare):
        return plain
    return bare + "?" if asks else bare


def _without_courtesy(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFC", text).translate(_WIDE).split())
    question = plain.endswith("?")
    for courtesy in (_OPENING, _CLOSING):
        rest = courtesy.sub("", plain).strip(" ,")
        if re.search(r"\w", rest):
            plain = rest
    plain = plain.rstrip(".! ") or plain
    if question and not plain.endswith("?"):
        plain += "?"
    plain = re.sub(r"\s*\?+$", "?", plain)
    return _PLAIN_WORD.sub(lambda word: word[0].lower(), plain)


def scope(job: Job, *, secret: bytes, encoder: str, context: Sequence[Message], user: str | None = None) -> str:
    """The job's scope: 32 hex digits of an HMAC-SHA256 under ``secret``, so that keys leak nothing.

    ``context`` are the earlier turns that the question depends on; ``encoder`` is the encoder's fingerprint;
    ``user`` is given when the answer is this user's alone.
    """
    instructions = [m.encode() for m in job.messages if m.role in ("system", "developer")]
    facts = {
        "recipe": RECIPE,
        "tenant": job.tenant,
        "user": user,
        "instructions": instructions,
        "context": [m.encode() for m in context],
        "model": job.model,
        "params": dict(job.params),
        "knowledge": job.knowledge,
        "encoder": encoder,
    }
    return hmac.new(secret, canonical(facts), hashlib.sha256).hexdigest()[:32]


def mark(user: str | None, *, secret: bytes) -> str:
    """A user as others are told apart, without the name; all who did not say who they are count as one."""
    return hmac.new(secret, canonical({"user": user}), hashlib.sha256).hexdigest()[:16]


def exact_key(scope: str, question: str) -> str:
    """SHA-256 (hex) of the canonical JSON of scope and normalised question."""
    return hashlib.sha256(canonical({"scope": scope, "question": normalise(question)})).hexdigest()
