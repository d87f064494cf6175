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
    from collections.abc import Mapping, Sequence

    from pipelines.job import Job

RECIPE = 3  # raised when the recipe changes: no old entry is read under a new meaning

_WIDE = {0x3000: " ", 0x3002: ".", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}
# A formula, a program, several lines: signs, capitals and spaces are what is asked about.
_LITERAL = re.compile(r"\n|[{}<>=;`\\^|]|\w\(|::|->|(?<!\w)[\"'](?=[A-Za-z])")
# Where words are talked about, a courtesy may be what is asked.
_ABOUT_WORDS = re.compile(
    r"\b(?:say|said|saying|spell\w*|writ\w+|translat\w*|mean\w*|word|phrase|term|pronounc\w*|rhymes?|synonyms?|antonyms?|express\w*"
    r"|reply|repl\w+|respond|answer with|call(?:ed)?|titled?|lyrics|etymology|origin|english|german|french|spanish"
    r"|italian|japanese|chinese|korean|russian|difference|between|versus|vs|instead of|type|text)\b"
    r"|说|写|译|翻|读作|怎么读|英语|英文|日语|日文|韩语|法语|德语|单词|歌词|回复|回答|表达|区别",
    re.IGNORECASE,
)
# Courtesies that carry no question. Only whole ones at the very start or end go, and never all of the text. A greeting
# without a mark behind it is one only before a word that begins a question: "Hello Kitty" is a name.
_BEGINS = (
    r"(?=(?:how|what|when|where|who|why|which|is|are|was|do|does|did|can|could|will|would|should|may|i|i'm|i'd|my|we|our|there|please"
    r"|have|has|need|help|tell)\b)"
)
_OPENING = re.compile(
    r"^(?:(?:hi|hello|hey)(?: there)?(?:[,.!]+ *| +"
    + _BEGINS
    + r")|please,? (?!is\b|are\b|and\b|or\b|in\b|as\b|vs\b|me\b)"
    r"|good (?:morning|afternoon|evening)(?:[,.!]+ *| +" + _BEGINS + r")|excuse me,? (?!is\b|as\b|in\b|lyrics)"
    r"|你好[,!。. ]*|您好[,!。. ]*|请问一下[,: ]*|请问[,: ]*|麻烦问一下[,: ]*|打扰一下[,: ]*)+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:[,.! ]+|(?<=\?) *)(?:please|thanks in advance|thanks|thank you|thx|cheers)|[,.! ]*(?:谢谢你|谢谢您|谢谢|多谢))+[.! ]*$",
    re.IGNORECASE,
)
# Behind a mark, or as a bare "please" in front, it is none even there.
_SURE_OPENING = re.compile(r"^please,? (?!is\b|are\b|and\b|or\b|in\b|as\b|vs\b|me\b)", re.IGNORECASE)
_SURE_CLOSING = re.compile(
    r"(?:(?:[,.!]+|(?<=\?)) *(?:please|thanks in advance|thanks|thank you|thx|cheers|谢谢你|谢谢您|谢谢|多谢))+[.! ]*$",
    re.IGNORECASE,
)
# What is left in front of a closing courtesy wants an object: then the courtesy is it.
_WANTS_MORE = re.compile(
    r"\b(?:a|an|the|my|your|to|of|for|with|and|or|not|no|is|are|be|than)$|[的是和或与跟把对给]$", re.IGNORECASE
)
# A capital that tells a name from a word: it stays wherever it does not merely begin the sentence.
_CAPITAL_MATTERS = frozenset(
    (  # noqa: SIM905 - a list of forty quoted words would hide them
        "polish turkey china may march mark bill will jack rose apple windows excel word outlook access teams target gap"
        " shell visa discover chase ally meta amazon oracle square stripe signal zoom slack edge opera safari chrome brave"
    ).split()
)
_PLAIN_WORD = re.compile(r"(?<![\w'-])(?:[A-Z]?[a-z']+|I)(?![\w-])")
# Chinese: what may be there or not without changing the question. 了 stays: "paid" and "to pay" differ.
_ASKS = re.compile(r"怎么|怎样|如何|什么|为何|哪|谁|几|多少|多久|多长|是否|能否|可否|吗|呢|([\u4e00-\u9fff])[不没]\1")
_PARTICLES = re.compile(r"[吗呢啊呀嘛哦噢啦哈]+(?=$|[?,.!、~])")
_DENIES = "不没别无未非否勿莫甭休免"
_FILLERS = re.compile(r"一下(?!子)|(?<!目)的(?![士确话])|(?<![" + _DENIES + r"])是(?=什么|谁|哪|多少)")
# What parts two clauses in a text of Chinese; a list's mark and a decimal point part nothing that could be dropped.
_PARTS = re.compile(r"(?<=[\u4e00-\u9fff])[\s,.!~]+|[\s,.!~]+(?=[\u4e00-\u9fff])")
_NUMERALS = "零一二两三四五六七八九十百千万亿点0123456789"
# In front of a mark these are answers, not clauses: "可以，退款吗" is no "可以退款吗".
_ANSWERS = re.compile(
    r"好[的吧啊]?|行[吧啊]?|对[的啊]?|是[的啊]?|可以|能|要|会|有|可|嗯|哦|成|得|该|同意|愿意|需要|应该|当然|确定|肯定|必须|想|请"
)
LEAST_CLAUSE = 2  # characters of one
DENIED_WITHIN = 4  # characters in front of a filler


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def plain(text: str) -> str:
    """The very question: composed letters, ASCII for what is only wider, no space around it, single ones within a line.

    Nothing else can never matter. Lines stay lines: in a program they say what belongs together.
    """
    lines = unicodedata.normalize("NFC", text).translate(_WIDE).strip().splitlines()
    if len(lines) > 1:
        return "\n".join(line.rstrip() for line in lines)
    return " ".join(" ".join(lines).split())


def normalise(text: str) -> str:
    """The question without what hardly ever changes its answer: courtesy, a sentence's capital, the mark at its end.

    Equal ones are near-exact, which is checked as other hits are (see cache). Each thing dropped, and why it does not
    matter there: greetings and thanks at either end, where the text is not about words ("how do you say please"); the
    capital of a plain word, where it tells no name from a word ("Polish"); a final full stop or exclamation mark (a
    question mark stays: "you ship it?" asks). Of Chinese also particles at a clause's end, 的 and 一下 where no negation
    is near ("不用的卡" is no "不用卡"), and what parts two clauses, where the first is a whole one without a negation
    ("不，可以退款" is no "不可以退款"), a list or a number ("白、金卡", "十.五"). What asks by a word of its own ends with
    a question mark. Programs, formulas and quotations stay as they are.
    """
    said = plain(text)
    if _LITERAL.search(said):
        return said
    bare = without_courtesy(said)
    if not HAN.search(bare):
        return bare
    bare = _bare(bare)
    while (again := _bare(without_courtesy(bare))) != bare:
        bare = again
    return bare


def without_courtesy(text: str) -> str:
    """The question without width, spacing, courtesy and a sentence's capital; every other word stays."""
    bare = _without_courtesy(text)
    while (again := _without_courtesy(bare)) != bare:  # "Hi. Hello, …": what was behind a courtesy may be one too
        bare = again
    return bare


def _bare(said: str) -> str:
    asks = said.endswith("?") or _ASKS.search(said) is not None
    bare = _PARTICLES.sub("", said)
    bare = _FILLERS.sub(_unless_denied, bare)
    bare = _PARTS.sub(_unless_it_parts, bare).rstrip("?,.!~ ")
    if not re.search(r"\w", bare):
        return said
    return bare + "?" if asks else bare


def _unless_denied(filler: re.Match[str]) -> str:
    before = filler.string[max(0, filler.start() - DENIED_WITHIN) : filler.start()]
    return filler[0] if any(sign in before for sign in _DENIES) else ""


def _unless_it_parts(mark: re.Match[str]) -> str:
    text, start, end = mark.string, mark.start(), mark.end()
    clause = re.split(r"[\s,.!~?、]", text[:start])[-1]
    if end == len(text) or start == 0:
        return ""
    numeral = text[start - 1] in _NUMERALS and text[end] in _NUMERALS
    latin = text[start - 1].isascii() or text[end].isascii()
    whole = (
        len(clause) >= LEAST_CLAUSE and not any(sign in clause for sign in _DENIES) and not _ANSWERS.fullmatch(clause)
    )
    if mark[0].isspace() and latin and not numeral:
        return ""  # 用 Visa 付款: a space between scripts says nothing
    return "" if whole and not numeral else mark[0].strip() or " "


def _without_courtesy(text: str) -> str:
    bare = " ".join(plain(text).split())
    question = bare.endswith("?")
    sure = _ABOUT_WORDS.search(bare) is not None
    for courtesy in (_SURE_OPENING, _SURE_CLOSING) if sure else (_OPENING, _SURE_CLOSING, _CLOSING):
        rest = courtesy.sub("", bare).strip(" ,")
        if re.search(r"\w", rest) and (courtesy is not _CLOSING or rest == bare or not _WANTS_MORE.search(rest)):
            bare = rest
    bare = bare.rstrip(".! ") or bare
    if question and not bare.endswith("?"):
        bare += "?"
    bare = re.sub(r"\s*\?+$", "?", bare)
    return _PLAIN_WORD.sub(_lower, bare)


def _lower(word: re.Match[str]) -> str:
    begins = word.start() == 0
    return word[0] if not begins and word[0].lower() in _CAPITAL_MATTERS and word[0][0].isupper() else word[0].lower()


def digest(around: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 (hex) of all that is sent beside the question's own words (see prompt): once for all scopes of a job."""
    return hashlib.sha256(canonical(around)).hexdigest()


def scope(job: Job, *, secret: bytes, encoder: str, around: str, user: str | None = None) -> str:
    """The job's scope: 32 hex digits of an HMAC-SHA256 under ``secret``, so that keys leak nothing.

    ``around`` is the :func:`digest` of what is sent beside the question; ``encoder`` is the encoder's fingerprint;
    ``user`` is given when the answer is this user's alone.
    """
    facts = {
        "recipe": RECIPE,
        "tenant": job.tenant,
        "user": user,
        "around": around,
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
    """SHA-256 (hex) of the canonical JSON of scope and the very question."""
    return hashlib.sha256(canonical({"scope": scope, "question": plain(question)})).hexdigest()


def near_key(scope: str, question: str) -> str:
    """As :func:`exact_key`, of what is the same but for courtesy, particles and marks."""
    return hashlib.sha256(canonical({"scope": scope, "near": normalise(question)})).hexdigest()
