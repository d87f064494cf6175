"""Do two answers say the same? Evidence from their words alone: what it cannot tell, it does not say."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelines.statistics.logistic import weight
from pipelines.text import facts, gates, wording
from pipelines.text.han import HAN
from pipelines.text.normalise import normalise
from pipelines.text.reading import reading
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

ERROR = 0.05  # rate at which a clear comparison is believed to err
ONE = weight(ERROR)  # its evidence, as a log-likelihood ratio
# Share of words that two texts have in common, of all that either has: clearly the same, more so than not; between the
# next two it says nothing; then rather something else, and clearly so.
SAME, ALIKE, UNLIKE, OTHER = 0.6, 0.33, 0.2, 0.08
SURELY = 0.9  # of ONE
MOST_TOKENS = 1_000  # of an answer whose order is compared
MOST_CHARS = 4_000  # of an answer that are compared
SHORT = 25  # words up to which one of them (a number, a denial, a thing) makes another answer of it
ALL_BUT_THE_SAME = 0.8
GATES = (gates.identifiers, gates.numbers, gates.ordinals, gates.opposites, gates.negation, gates.names)
TELLS_LONG_ONES_APART = ("identifier", "number", "sign")
REMEMBERED = 2_000
FRAME = 0.7  # share of the shorter answer's words that both have in the same order: then they are in one frame
MOST_REPLACED = 3  # words that stand in the place of others; more are another way to say it
_LIMITS = frozenset(
    (  # noqa: SIM905 - a list of quoted words would hide them
        "only hardly rarely unless until except fewer less more least most or and before after if always sometimes"
        " 仅 只 除 外 或 和"
    ).split()
)
_SIGN = re.compile(
    r"[$€£¥](?= ?\d)|(?<![\w-])-(?=\d)|[<>=≤≥]+|\b[A-Z][+#]{1,2}|(?<![A-Za-z])[A-Z](?=[门口区座栋楼层级类型款号])"
    r"|(?:零下|负)(?=\d)"
)
_DENIALS = frozenset(("not", "no", "never", "none", "without", "cannot", "nor", "neither", "unable", *"不没未无别非勿"))

_WORD = re.compile(r"[a-z0-9]+(?:[.,:'’-][a-z0-9]+)*|[\u4e00-\u9fff]")
# Words that any answer has.
_COMMON = frozenset(
    (  # noqa: SIM905 - a list of eighty quoted words would hide them
        "a an the and or but if of to in on at for with from by as is are was were be been it its this that these"
        " those you your we our us i me my they their he she his her do does did can could will would should may"
        " might have has had not so then than there here also just please any all more some what which who when"
        " where how"
    ).split()
)


@remembered(REMEMBERED)
def _words(text: str) -> frozenset[str]:
    found = _WORD.findall(text)
    latin = {word for word in found if not HAN.match(word) and word not in _COMMON}
    han = [word for word in found if HAN.match(word)]
    return frozenset(latin | {a + b for a, b in pairwise(han)})


@remembered(REMEMBERED)
def _plain(text: str) -> str:
    """An answer is compared with many, and each time with the same ones."""
    return normalise(text).casefold()


def surely_same(one: str, other: str) -> bool:
    """Do two answers say the same by their words alone, so that nobody need be asked?"""
    return evidence(one, other) >= SURELY * ONE


def evidence(one: str, other: str) -> float:
    """Log-likelihood ratio, in [-ONE, ONE], that two answers say the same; 0 when their words do not tell."""
    one, other = reading(one[:MOST_CHARS]), reading(other[:MOST_CHARS])
    a, b = _plain(one), _plain(other)
    if a == b:
        return ONE
    ours, theirs = _words(a), _words(b)
    if not ours or not theirs:
        return 0.0
    shared = len(ours & theirs) / len(ours | theirs)
    here, there = _in_order(a), _in_order(b)
    if here != there and sorted(here) == sorted(there):
        return 0.0  # "children are free and adults pay": the same words in other places
    if shared < ALIKE:
        return -ONE * min(1.0, max(0.0, UNLIKE - shared) / (UNLIKE - OTHER))
    tripped = _apart(one, other) or ("sign" if _signs(one) != _signs(other) else None)
    turned = _turned(a, b)
    short = min(len(ours), len(theirs)) <= SHORT
    # Of a sentence, one word may be all that matters: "WiFi is free there" and "parking is free there".
    if turned or (short and tripped is not None):
        return -ONE
    if turned is not None:
        return 0.0
    if short:
        if ours - theirs and theirs - ours and shared < ALL_BUT_THE_SAME:
            return 0.0
    elif tripped in TELLS_LONG_ONES_APART:
        return 0.0
    return ONE * min(1.0, (shared - ALIKE) / (SAME - ALIKE))


def _in_order(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word not in _COMMON]


def _signs(text: str) -> Counter[str]:
    """Currencies, signs before numbers, comparisons, names that end in signs (C++), letters before a Chinese place."""
    return Counter(found.replace(" ", "") for found in _SIGN.findall(text))


def _apart(one: str, other: str) -> str | None:
    """What of the gates' facts tells two answers apart; a number that only one of them mentions may be a detail."""
    ours, theirs = facts.facts(one), facts.facts(other)
    found = next((trip.gate for gate in GATES if (trip := gate(ours, theirs)) is not None), None)
    here, there = ({*dict(facts.numbers), *facts.counts} for facts in (ours, theirs))
    if found == "number" and not (here - there and there - here):
        return None
    if found == "identifier" and not (ours.identifiers - theirs.identifiers and theirs.identifiers - ours.identifiers):
        return None
    return found


def _turned(one: str, other: str) -> bool | None:
    """In one frame, does what is put in the place of something else turn the answer round?

    True where a denial, an opposite or a prefix does; False where it may (another thing, another number, another way):
    then a judge must say, or nobody. None where the frames differ, or no word stands in another's place.
    """
    ours, theirs = _WORD.findall(one), _WORD.findall(other)
    if not ours or not theirs:
        return None
    if wording.named_apart(wording.wording(one), wording.wording(other)):
        return True
    # Quadratic where the same characters come again and again: what is beyond is another paragraph's.
    ours, theirs = ours[:MOST_TOKENS], theirs[:MOST_TOKENS]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    blocks = matcher.get_opcodes()
    same = sum(end - start for tag, start, end, _, _ in blocks if tag == "equal")
    if same < FRAME * min(len(ours), len(theirs)):
        return None
    doubt: bool | None = False if _moved(ours, theirs, blocks) else None
    for index, (tag, start, end, begin, stop) in enumerate(blocks):
        if tag == "equal" or not _inside(blocks, index):
            continue
        here, there = ours[start:end], theirs[begin:stop]
        if max(len(here), len(there)) <= MOST_REPLACED and _limits(here) != _limits(there):
            doubt = False
        if _denies(here) != _denies(there) or _opposed(_joined(here), _joined(there)):
            return True
        if tag == "replace" and max(len(here), len(there)) <= MOST_REPLACED and _things(here) and _things(there):
            doubt = doubt if _inflected(here, there) else False
    return doubt


def _inside(blocks: Sequence[tuple[str, int, int, int, int]], index: int) -> bool:
    """Does the frame go on before and behind?"""
    around = [blocks[at] for at in (index - 1, index + 1) if 0 <= at < len(blocks)]
    return all(end - start >= 1 for tag, start, end, _, _ in around if tag == "equal") and len(around) > 0


def _moved(ours: Sequence[str], theirs: Sequence[str], blocks: Sequence[tuple[str, int, int, int, int]]) -> bool:
    """Did a word change its place: "children are free, adults pay", "pay first, then we ship"? Sentences may."""
    gone = [ours[s:e] for tag, s, e, _, _ in blocks if tag in ("delete", "replace") and e - s <= MOST_REPLACED]
    come = [theirs[b:c] for tag, _, _, b, c in blocks if tag in ("insert", "replace") and c - b <= MOST_REPLACED]
    there = {word for piece in come for word in piece if word not in _COMMON}
    return any(word in there for piece in gone for word in piece)


def _limits(words: Sequence[str]) -> bool:
    return any(word in _LIMITS for word in words)


def _denies(words: Sequence[str]) -> bool:
    return any(word in _DENIALS or word.endswith(("n't", "n’t")) for word in words)


def _opposed(one: str, other: str) -> bool:
    a, b = facts.facts(one), facts.facts(other)
    return gates.opposites(a, b) is not None or wording.prefixed(a.wording, b.wording)


def _joined(words: Sequence[str]) -> str:
    return ("" if any(map(HAN.search, words)) else " ").join(words)


def _things(words: Sequence[str]) -> bool:
    return any(word not in _COMMON for word in words)


def _inflected(one: Sequence[str], other: Sequence[str]) -> bool:
    """The same word in another form: "returned" and "return", "device" and "devices"."""
    a, b = ("".join(word for word in words if word not in _COMMON) for words in (one, other))
    return len(a) > 3 and len(b) > 3 and a[: max(4, min(len(a), len(b)) - 3)] == b[: max(4, min(len(a), len(b)) - 3)]
