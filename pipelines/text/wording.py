"""What two questions in one frame can differ in: who does it to whom, how many, a prefix, a sign, a state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.text.wording_words import (
    CASED_UNITS,
    CASED_WORDS,
    CHANGES,
    LABELS,
    PARTIES,
    PREFIXES,
    QUANTITIES,
    READS,
    STATES,
    STEMS,
    STRONG_QUANTITIES,
)

_TOKEN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[\u4e00-\u9fff]")
_AUXILIARY = re.compile(
    r"\b(?:who|whom|can|could|do|does|did|will|would|should|may|might|must|has|have|shall|how much|how many)\b"
)
_SELF = dict.fromkeys(("i", "me", "we", "us", "myself", "ourselves"), "me")
_OTHERS = dict.fromkeys(("you", "yourself"), "you")
_SKIPPED = frozenset(
    (  # noqa: SIM905 - a list of forty quoted words would hide them
        "a an the this that is are am was were be been being do does did have has had can could will would shall should"
        " may might must to of for in on at by with it its and or so if please just how much many what when where why"
        " which who early there any some my our your his her their mine yours"
    ).split()
)
_QUANTITY = tuple((name, re.compile(rf"\b(?:{pattern})\b")) for name, pattern in QUANTITIES)
_LABEL = re.compile(rf"\b({LABELS})\s+([a-z]\b|[a-z]?\d{{1,3}}[a-z]?\b)")
_BRACKETS = re.compile(r"[(\[（【]([^()\[\]（）【】]{1,40})[)\]）】]")
_STATE = re.compile(
    r"\b(?:is|are|was|were|been|being|got|gets|become|became|looks?|seems?|it's|keeps? getting|has|have|had)"
    r" (?:[a-z']+ ){0,4}?([a-z]+ed|" + "|".join(sorted(STATES)) + r")\b"
)
_REQUEST = re.compile(
    r"\b(?:how (?:do|can|could|should|would) (?:i|we|you)|how to|can (?:i|you|we)|could (?:i|you|we)|(?:want|need|like|wish|trying|have) to"
    r"|please|help me(?: to)?|let me|what should i do to|where (?:do|can) i|am i able to|is it possible to)"
    r" (?:please |quickly |immediately |temporarily |just |to )*([a-z]+)(?: (on|off|up|down|in|out))?\b"
)
_CODE = re.compile(
    r"[=<>^{}\\]|\+\+|\w--|&&|\|\||[a-z]\([a-z]|\d\s*[-+*/]\s*\d|\b(?:sql|regex|python|javascript|formula|equation|solve|simplify|calculate|compute)\b"
)
_SIGNS = re.compile(r"[-+*/^<>=!&|%~]+")
_AFTER_COLON = re.compile(r"^(.{8,}?):\s+(\S.*)$", re.DOTALL)
_QUOTED = re.compile(r"[\"“”«»「」『』](.{1,200}?)[\"“”«»「」『』]|(?<!\w)'(.{2,200}?)'(?!\w)")
_CASED = re.compile(rf"(?<!\w)-[A-Za-z]\b|\b(?i:{'|'.join(sorted(CASED_UNITS | CASED_WORDS))})\b")
_WAYS = {"to": "to", "into": "to", "onto": "to", "towards": "to", "from": "from", "out of": "from", "off": "from"}
_WAY = re.compile(r"\b(to|into|onto|towards|from|out of|off) (?:a |an |the |my |your |our |another |their )?([a-z]+)\b")
_CJK_QUOTED = re.compile(r"[「『《“](.{1,80}?)[」』》”]")


@dataclass(frozen=True, slots=True)
class Wording:
    """What the gates of this file see of one text, in lower case."""

    actors: tuple[str, ...]
    quantities: frozenset[tuple[str, str]]
    labels: frozenset[tuple[str, str]]
    brackets: frozenset[str]
    states: frozenset[str]
    requests: frozenset[str]
    signs: tuple[str, ...]
    quoted: tuple[str, str]
    ways: frozenset[tuple[str, str]]
    cased: frozenset[str]
    words: tuple[str, ...]


def wording(text: str) -> Wording:
    """Read a text once."""
    lower = text.lower().replace("’", "'")
    latin = lower.isascii() or re.search(r"[\u4e00-\u9fff]", lower) is None
    return Wording(
        actors=_actors(lower) if latin else (),
        quantities=_quantities(lower) if latin else frozenset(),
        labels=frozenset(_LABEL.findall(lower)) if latin else frozenset(),
        brackets=frozenset(" ".join(found.split()) for found in _BRACKETS.findall(lower)),
        states=frozenset(stem(word) for word in _STATE.findall(lower) if _is_state(word)) if latin else frozenset(),
        requests=frozenset(stem(word) for word, _ in _REQUEST.findall(lower)) if latin else frozenset(),
        signs=tuple(_SIGNS.findall(text)) if _CODE.search(lower) else (),
        quoted=_quotation(lower),
        cased=frozenset(map(_case, _CASED.findall(text))) if latin else frozenset(),
        ways=frozenset((_WAYS[way], thing) for way, thing in _WAY.findall(lower)) if latin else frozenset(),
        words=tuple(dict.fromkeys(_TOKEN.findall(lower))) if latin else (),
    )


def _actors(lower: str) -> tuple[str, ...]:
    """Content words in their order, oneself as "me", nobody's plural or possession; empty where nobody acts."""
    if _AUXILIARY.search(lower) is None:
        return ()
    found = []
    for raw in re.findall(r"[a-z]+(?:'[a-z]+)?", lower):
        word = raw.removesuffix("'s")
        word = _SELF.get(word) or _OTHERS.get(word) or word
        if word not in _SKIPPED:
            single = word.removesuffix("s")
            found.append(single if single in PARTIES else word)
    return tuple(found)


def _quantities(lower: str) -> frozenset[tuple[str, str]]:
    """Each quantity with the word that it is said of."""
    found = set()
    for name, pattern in _QUANTITY:
        for match in pattern.finditer(lower):
            behind = re.findall(r"[a-z]+", lower[match.end() :])
            of = next((word for word in behind if word not in _SKIPPED), "")
            found.add((name, of.removesuffix("s")))
    return frozenset(found)


def _case(word: str) -> str:
    """As it is written, but for a sentence's first word: "It" is "it", and no "IT"."""
    return word if word.isupper() or word.lower() not in CASED_WORDS else word.lower()


def _is_state(word: str) -> bool:
    return word in STATES or (word.endswith("ed") and len(word) > 4)


def stem(word: str) -> str:
    """A verb without its ending: enough to tell "frozen" and "freeze" are one."""
    if word in STEMS:
        return STEMS[word]
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "sl" else word.removesuffix("e")


_READS, _CHANGES = frozenset(map(stem, READS)), frozenset(map(stem, CHANGES))


def _quotation(lower: str) -> tuple[str, str]:
    """What is quoted, or stands behind a colon, and what asks about it."""
    quoted = [one or other for one, other in _QUOTED.findall(lower)] + _CJK_QUOTED.findall(lower)
    if quoted:
        return " ".join(quoted), _QUOTED.sub(" ", lower)
    behind = _AFTER_COLON.match(lower)
    return (behind[2], behind[1]) if behind else ("", "")


def roles(a: Wording, b: Wording) -> bool:
    """Did two who act change places: "can the landlord end my contract", "can I end my landlord's contract"?"""
    ours, theirs = list(a.actors), list(b.actors)
    if not ours or not theirs or ours == theirs:
        return False
    if sorted(ours) == sorted(theirs):
        if ours[0] != theirs[0] and len(ours) > 1 and ours[1] == theirs[1]:
            return True
        parties = [[word for word in actors if word in PARTIES] for actors in (ours, theirs)]
        return parties[0] != parties[1]
    # Oneself comes in where the other's thing is one's own: "can my wife cancel it", "can I cancel my wife's".
    if {*ours} - {"me"} != {*theirs} - {"me"}:
        return False
    if len(ours) > 1 and len(theirs) > 1 and ours[0] != theirs[0] and ours[1] == theirs[1]:
        return "me" in (ours[0], theirs[0])
    (one, does), (other, did) = _subject(ours), _subject(theirs)
    return one != other and does == did != ""


def _subject(actors: list[str]) -> tuple[str, str]:
    """The first who may act, and what stands behind."""
    at = next((i for i, word in enumerate(actors) if word in PARTIES), None)
    return ("", "") if at is None or at + 1 >= len(actors) else (actors[at], actors[at + 1])


def quantities(a: Wording, b: Wording) -> bool:
    """Other quantities, of the same things or of others; one that matters much against none."""
    if a.quantities == b.quantities:
        return False
    ours, theirs = ({name for name, _ in found.quantities} for found in (a, b))
    if ours and theirs:
        return ours != theirs or _crossed(a, b) or _of(a, "each") != _of(b, "each")
    return bool((ours ^ theirs) & STRONG_QUANTITIES)


def _of(found: Wording, quantity: str) -> set[str]:
    return {thing for name, thing in found.quantities if name == quantity}


def _crossed(a: Wording, b: Wording) -> bool:
    """The same quantities, each said of the other's thing."""
    of = dict(a.quantities)
    return len(of) > 1 and any(
        name in of and of[name] != thing and thing in of.values() for name, thing in b.quantities
    )


def prefixed(a: Wording, b: Wording) -> bool:
    """A word of one is the other's with a prefix that turns it round: refundable and non-refundable."""
    here, there = set(a.words), set(b.words)
    return any(
        prefix + joint + word in theirs
        for ours, theirs in ((here - there, there - here), (there - here, here - there))
        for word in ours
        if len(word) > 2
        for prefix in PREFIXES
        for joint in ("", "-")
    )


def named_apart(a: Wording, b: Wording) -> bool:
    """Other labels ("type a", "gate 4") or other things in brackets."""
    kinds = {kind for kind, _ in a.labels} & {kind for kind, _ in b.labels}
    labels = any(
        {name for known, name in a.labels if known == kind} != {name for known, name in b.labels if known == kind}
        for kind in kinds
    )
    return labels or bool(a.brackets and b.brackets and a.brackets != b.brackets)


def state_against_request(a: Wording, b: Wording) -> bool:
    """One says that something is so, the other wants it so: "my account is frozen", "freeze my account"."""
    return any((one.states & other.requests) - other.states - one.requests for one, other in ((a, b), (b, a)))


def read_against_change(a: Wording, b: Wording) -> bool:
    """One wants to see it, the other to change it."""
    ours, theirs = a.requests, b.requests
    return any(
        one & _READS and other & _CHANGES and not one & _CHANGES and not other & _READS
        for one, other in ((ours, theirs), (theirs, ours))
    )


def cased(a: Wording, b: Wording) -> bool:
    """The same letters in another case where case is the meaning: -l and -L, Mb and MB, IT and it."""
    both = {word.lower() for word in a.cased} & {word.lower() for word in b.cased}
    return any(word.lower() in both for word in a.cased ^ b.cased)


def ways(a: Wording, b: Wording) -> bool:
    """To it, and from it."""
    return any(
        ("to", thing) in one.ways and ("from", thing) in other.ways and ("from", thing) not in one.ways
        for one, other in ((a, b), (b, a))
        for _, thing in one.ways
    )


def signs(a: Wording, b: Wording) -> bool:
    """Other signs in a formula or a program."""
    return bool(a.signs or b.signs) and a.signs != b.signs


def quoted(a: Wording, b: Wording) -> bool:
    """The same is asked about something else that is quoted."""
    (ours, asks), (theirs, asked) = a.quoted, b.quoted
    return bool(ours and theirs) and ours.strip(" .!?") != theirs.strip(" .!?") and asks.split() == asked.split()
