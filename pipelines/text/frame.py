"""The same content words in the same frame: then the small words between them say who, when, where and whether."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.text.wording import stem
from pipelines.text.wording_words import PARTIES

# Small words of which one in another's place makes another question, where all else is the same.
_EXCLUSIVE: tuple[tuple[str, str], ...] = (
    ("until", r"until|till|up to"),
    ("from", r"from(?= (?:\d|noon|midnight|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next|now|today|tomorrow))|since|starting"),
    ("within", r"within|inside"),
    ("outside", r"outside(?: of)?|beyond"),
    ("during", r"during|while"),
    ("before", r"before|prior to"),
    ("after", r"after(?! all)"),
    ("above", r"above|over(?= the| my| a)"),
    ("below", r"below|beneath|underneath|under(?= the| my| a)"),
    ("behind", r"behind"),
    ("in front", r"in front of"),
    ("beside", r"beside|next to"),
    ("this", r"this (?=week|month|year|season|term|semester|summer|winter|spring|autumn|fall|weekend|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"),
    ("next", r"next (?=week|month|year|season|term|semester|summer|winter|spring|autumn|fall|weekend|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"),
    ("last", r"last (?=week|month|year|season|term|semester|summer|winter|spring|autumn|fall|weekend|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"),
)  # fmt: skip
_KINDS = tuple((name, re.compile(rf"\b(?:{pattern})")) for name, pattern in _EXCLUSIVE)
# These change what is said by being there at all.
_HEDGES = re.compile(
    r"\b(?:hardly|barely|scarcely|almost|nearly|used to|supposed to|refuse[ds]? to|fail(?:ed|s)? to)\b"
)
_AND, _OR = re.compile(r"\band\b(?!/)"), re.compile(r"\bor\b(?! (?:not|no|something|so)\b)")
_CONDITION = re.compile(
    r"\b(?:if|when|unless|because|once|in case)\s+((?:the |my |your |our |a |an )?[a-z]+)\s+(?:has |have |had |do |does |did |will |would |can |could |am |is |are |was |were )?"
    r"(?:not |never |already |just )?([a-z]+)"
)
_GENERIC = re.compile(
    r"^\W*(?:(?:hi|hello|please)\W+)*(?:how|what|where|when|which)\b[^,.?]{0,20}?\b(?:do|does|can|could|should|would|will|must|may|did|have) (?:i|you|we|one)\b"
)
_PERSON = re.compile(
    r"\b(?:(?P<s1>i|we)|(?P<o1>me|us)|(?P<p1>my|our)|(?P<s2>you)|(?P<p2>your)|(?P<m>he|him|his)|(?P<f>she|her|hers)|(?P<t>they|them|their))\b"
)
_SWAPPED = {"1": "2", "2": "1", "m": "f", "f": "m"}
_ANYBODY = frozenset({"people", "someone", "somebody", "person", "users", "members"})
_ONESELF = re.compile(r"\b(?:i|me|my|mine|we|us|our)\b")
_ONE_JOIN = ((True, False), (False, True))
MOST_BESIDE = 3  # content words that only one of two questions has, whose conditions are compared
_IS_A = re.compile(
    r"^\W*(?:is|are) (?:an? |the |all |every |any )?([a-z]+) (?:always )?(?:an? |the )?(?:kind of |type of )?([a-z]+)\W*$"
)
_BESIDE = re.compile(r"\b(?:and|or|vs|versus|between)\b")
_CODE = re.compile(r"\b[A-Z]{2,5}\b")
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
_SMALL = frozenset(
    (  # noqa: SIM905 - a list of a hundred quoted words would hide them
        "a an the my your our their his her its this that these those is am are was were be been being do does did have has had"
        " can could will would shall should may might must i you we they he she it me us them him hers and or but so if to of for"
        " in on at by with from into until till since within outside inside during before after above below over under behind"
        " front beside next last not no who whom when while please just hardly barely almost nearly about going used beyond"
        " either both also already still ever up starting beneath underneath prior between"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What this gate sees of one text in Latin script."""

    content: tuple[str, ...]
    kinds: frozenset[str]
    hedges: frozenset[str]
    joins: tuple[bool, bool]
    condition: tuple[str, str] | None
    persons: tuple[str, ...]
    terms: tuple[str, ...]
    codes: tuple[str, ...]
    numbers: tuple[str, ...]


def frame(text: str) -> Frame:
    """Read a text once."""
    lower = text.lower().replace("’", "'")
    condition = _CONDITION.search(lower)
    terms = _IS_A.match(lower)
    words = [word for word in _WORD.findall(lower) if word not in _SMALL]
    return Frame(
        content=tuple(sorted(map(stem, words))),
        kinds=frozenset(name for name, pattern in _KINDS if pattern.search(lower)),
        hedges=frozenset(_HEDGES.findall(lower)),
        joins=(_AND.search(lower) is not None, _OR.search(lower) is not None),
        condition=None if condition is None else _acting(lower, condition),
        persons=tuple(found.lastgroup or "" for found in _PERSON.finditer(_GENERIC.sub(" ", lower))),
        terms=() if terms is None else (terms[1].removesuffix("s"), terms[2].removesuffix("s")),
        codes=tuple(_CODE.findall(text)) if _BESIDE.search(lower) is None else (),
        numbers=tuple(re.findall(r"\d+(?:[.,]\d+)?", lower)) if " of " in lower else (),
    )


def _acting(lower: str, condition: re.Match[str]) -> tuple[str, str] | None:
    """Who does it in a condition, and what; None where that may be anybody: "if you have a tattoo" is "if I have one"."""
    who = condition[1].split()[-1]
    who = "i" if who == "we" else who
    mine = _ONESELF.search(lower[: condition.start()] + lower[condition.end() :]) is not None
    if who.removesuffix("s") not in PARTIES | {"i"} or who in _ANYBODY or (who in ("i", "you", "they") and not mine):
        return None
    return who, stem(condition[2])


def turned(a: Frame, b: Frame) -> bool:
    """Do the small words between the same words say something else?"""
    if _other_subject(a, b):
        return True
    if a.content != b.content or not a.content:
        return False
    return (
        bool(a.kinds - b.kinds and b.kinds - a.kinds)
        or a.hedges != b.hedges
        or (a.joins in _ONE_JOIN and b.joins in _ONE_JOIN and a.joins != b.joins)
        or _people_changed(a.persons, b.persons)
        or _swapped(a.terms, b.terms)
        or _swapped(a.codes, b.codes)
        or (a.numbers != b.numbers and sorted(a.numbers) == sorted(b.numbers) and len(a.numbers) == 2)
    )


def _other_subject(a: Frame, b: Frame) -> bool:
    """Another one does it, in the same condition: "if I cancel", "if the airline cancels"."""
    if a.condition is None or b.condition is None:
        return False
    (one, does), (other, did) = a.condition, b.condition
    return does == did and one != other and len(set(a.content) ^ set(b.content)) <= MOST_BESIDE


def _people_changed(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    if ours == theirs:
        return False
    # You and I, or he and she, in each other's place.
    turned_round = tuple(name[:-1] + _SWAPPED.get(name[-1], name[-1]) for name in ours)
    if len({name[-1] for name in ours}) > 1 and turned_round == theirs:
        return True
    # Who did it to me, and to whom I did it.
    return any(
        "o1" in one and "o1" not in other and other.count("s1") > one.count("s1")
        for one, other in ((ours, theirs), (theirs, ours))
    )


def _swapped(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    return len(ours) == 2 and ours != theirs and ours == theirs[::-1]
