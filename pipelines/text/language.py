"""Is a text in Latin script English? The encoder reads its letters either way; the gates know English words alone.

py3langid (M. Lui and T. Baldwin's langid.py, maintained): naive Bayes over bytes, 0.06 ms a question, no network.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from py3langid.langid import LanguageIdentifier

from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from typing import Any

LATIN = frozenset(
    (  # noqa: SIM905 - a list of forty quoted codes would hide them
        "en de fr es it pt nl sv da no nb nn fi pl cs sk hu ro tr id ms vi ca hr sl lt lv et sw tl af eo eu gl is ga cy"
        " sq mt az"
    ).split()
)
LEAST = 0.3  # probability of English, among the languages of Latin script
SURE = 0.99
LEAST_LETTERS = 8  # of fewer, nothing can be said
LEAST_COMMON = 0.5  # share of the words that are English and nothing else
REMEMBERED = 20_000
_NAME = re.compile(r"(?<=\S )[A-Z][\w&'-]*|\b[A-Z]{2,}\b|\b\w*\d\w*\b")  # of no language
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Frequent words of English that no other language above has: they settle short questions, of which bytes say little.
_COMMON = frozenset(
    (  # noqa: SIM905 - likewise
        "the what how why when where who which i i'm i've my your is are was were do does did can could would should have has"
        " to of and for with from it this that there please not don't doesn't can't won't isn't want need get make tell"
        " me you we they be been if about card account order change any or at on by as available accept offer free cancel refund password"
        " transfer payment friendly healthy serve send see pay use buy open close add set find help still went much many long take work works"
        " another other only after before because dollars money day days am able return ship deliver ticket booking"
    ).split()
)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    made = LanguageIdentifier.from_model_file("data/model.npz.xz", norm_probs=True)
    made.set_languages([name for name in made.labels if name in LATIN])
    return made


def ready() -> None:
    """Read the model now, in half a second, instead of in the first question's time and once for each of its threads."""
    _identifier()


@remembered(REMEMBERED)
def latin(text: str) -> str:
    """The most likely language of a text in Latin script, as a code of two letters; ``en`` where nothing is told."""
    if english(text):
        return "en"
    return str(_identifier().rank(_NAME.sub(" ", text).lower())[0][0])


def surely(text: str) -> str | None:
    """The language of a text in Latin script, as a code of two letters; None where there is any doubt."""
    language, probability = _identifier().rank(_NAME.sub(" ", text).lower())[0]
    return str(language) if probability >= SURE else None


@remembered(REMEMBERED)
def english(text: str) -> bool:
    """Is this text, of Latin script, English? In doubt, no."""
    plain = _NAME.sub(" ", text.replace("’", "'")).lower()
    words = _WORD.findall(plain)
    if not words or sum(map(len, words)) < LEAST_LETTERS:
        return True  # numbers, signs and names are the same everywhere
    if sum(word in _COMMON for word in words) >= LEAST_COMMON * len(words):
        return True
    return bool(dict(_identifier().rank(plain)).get("en", 0.0) >= LEAST)
