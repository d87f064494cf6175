"""Relevance: how much each passage of a conversation matters to a question, by its words and by its meaning.

Words are ranked by BM25 (S. Robertson and H. Zaragoza, 2009, as Lucene has it), meaning by the encoder's cosine. Both
as standard scores, added: their scales then say nothing. A turn gets a part of its neighbours' score, for an answer
lies beside its question, and of that of the stretch it lies in, for people stay with a subject for a while.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import Stemmer
from bm25s import stopwords

from pipelines.text import language
from pipelines.text.han import simplified
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SATURATION, LENGTH = 1.5, 0.75  # BM25's k1 and b
NEIGHBOURS = 0.3  # of a neighbour's score that a passage gets
STRETCH_SHARE = 0.05  # of a conversation's passages on each side that are one stretch
STRETCH = 2.0  # weight of the stretch's mean
# Weight of the words' scores beside an encoder's cosines; characters say little that bigrams do not say.
WORDS, WORDS_BESIDE_CHARACTERS = 1.0, 4.0
LEAST_SPREAD = 1e-9  # scores that are all the same rank nothing
REMEMBERED = 20_000
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUNS = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)?")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_STEMMERS = (("\u0400", "\u04ff", "russian"), ("\u0600", "\u06ff", "arabic"), ("\u0370", "\u03ff", "greek"))
# Words that say nothing of what is asked about, by the languages that bm25s knows; Chinese ones are cut out of a run.
# Of single characters particles and pronouns alone: others are parts of words, as that of "at" is of "address".
_PARTICLES = "的了吗呢吧啊呀么是在我你您他她它谁哪几"
_PHRASES = sorted((word for word in stopwords.STOPWORDS_CHINESE if len(word) > 1), key=len, reverse=True)
_CHINESE = re.compile("|".join([*map(re.escape, _PHRASES), f"[{_PARTICLES}]"]))
_SMALL_WORDS = {
    "en": stopwords.STOPWORDS_EN_PLUS,
    "de": stopwords.STOPWORDS_GERMAN,
    "fr": stopwords.STOPWORDS_FRENCH,
    "es": stopwords.STOPWORDS_SPANISH,
    "pt": stopwords.STOPWORDS_PORTUGUESE,
    "it": stopwords.STOPWORDS_ITALIAN,
    "nl": stopwords.STOPWORDS_DUTCH,
    "sv": stopwords.STOPWORDS_SWEDISH,
    "ru": stopwords.STOPWORDS_RUSSIAN,
}
_NAMES = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
    "sv": "swedish",
}


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What the question's words ask for: terms, and the language by which they and the passages are stemmed."""

    terms: tuple[str, ...]
    spoken: str


@lru_cache(maxsize=16)
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name)


def _stem(word: str, spoken: str) -> str:
    name = next((name for low, high, name in _STEMMERS if low <= word[0] <= high), _NAMES.get(spoken, "english"))
    return str(_stemmer(name).stemWord(word))


@remembered(REMEMBERED)
def terms(text: str, spoken: str = "en") -> tuple[str, ...]:
    """The stems of the words; of scripts that put no space between words, pairs of characters."""
    found: list[str] = []
    for run in _RUNS.findall(simplified(text).lower()):
        if _IS_UNSPACED.match(run):
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            found.append(_stem(run, spoken))
    return tuple(found)


def asked(question: str) -> Asked:
    """The question's terms, without the words that every question has; all of them where no other is left."""
    spoken = language.latin(question)
    small = frozenset(_SMALL_WORDS.get(spoken, ())) | frozenset(_SMALL_WORDS["ru"])
    plain = _CHINESE.sub(" ", simplified(question))
    kept = " ".join(run for run in _RUNS.findall(plain.lower()) if run.replace("’", "'") not in small)
    return Asked(terms(kept, spoken) or terms(question, spoken), spoken)


def by_words(passages: Sequence[str], question: str) -> NDArray[np.float64]:
    """BM25 of each passage, (n,) float64 >= 0; zeros where they have no word of the question.

    The library bm25s indexes all words of a corpus for many questions: of one question of one conversation, a tenth of
    the time finds the same (a test holds them side by side).
    """
    wanted = asked(question)
    said = [terms(text, wanted.spoken) for text in passages]
    many = len(said)
    lengths = np.fromiter(map(len, said), dtype=np.float64, count=many)
    slow = SATURATION * (1.0 - LENGTH + LENGTH * lengths / max(float(lengths.mean()), 1.0))
    asked_for = Counter(wanted.terms)
    # Each passage is read once, however long the question is.
    having: dict[str, dict[int, int]] = {}
    for number, words in enumerate(said):
        if asked_for.keys().isdisjoint(words):
            continue
        for word in words:
            if word in asked_for:
                there = having.setdefault(word, {})
                there[number] = there.get(number, 0) + 1
    scores = np.zeros(many)
    for term, there in having.items():
        rare = math.log1p((many - len(there) + 0.5) / (len(there) + 0.5))
        for number, times in there.items():
            scores[number] += asked_for[term] * rare * times / (times + slow[number])
    return scores


def relevance(
    passages: Sequence[str], question: str, cosines: NDArray[np.float32] | None = None, *, words: float = WORDS
) -> NDArray[np.float64]:
    """How much each passage matters to the question, (n,) float64; higher is more, comparable within one call alone.

    ``passages`` in the order in which they were said, the speaker's name in front where there is one. ``cosines`` (n,)
    of passages and question; None without an encoder that reads them. ``words`` weighs BM25 beside them.
    """
    if not passages:
        return np.zeros(0)
    scores = _standard(by_words(passages, question)) * words
    if cosines is not None:
        scores = scores + _standard(cosines.astype(np.float64))
    return _with_stretch(_with_neighbours(scores))


def _standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > LEAST_SPREAD else np.zeros(len(scores))


def _with_neighbours(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    found = scores.copy()
    found[1:] += NEIGHBOURS * scores[:-1]
    found[:-1] += NEIGHBOURS * scores[1:]
    return found


def _with_stretch(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    reach = round(STRETCH_SHARE * len(scores))
    if reach < 1:
        return scores
    window = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(scores, reach, mode="edge")
    mean: NDArray[np.float64] = np.convolve(padded, window / window.sum(), mode="valid")
    return scores + STRETCH * mean
