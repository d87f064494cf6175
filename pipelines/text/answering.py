"""Does a model's text answer anything, or does it decline, fail, ask back? In the languages of the tables."""

from __future__ import annotations

import re
from typing import Literal

from pipelines.text import answering_words as words
from pipelines.text.patterns import any_of
from pipelines.text.reading import reading
from pipelines.text.remembered import remembered

Lack = Literal["broken", "unfilled", "wordless", "declines", "asks back"]
LONGEST_CHARS = 2_000  # of an answer that is read
SHORT_CHARS = 240  # an answer as short as that may be nothing but an excuse; a longer one says something, too
MOST_SENTENCES = 4
TERSE_CHARS = 20  # "What size?" asks the reader, whatever its words
_TO_THE_READER = re.compile(
    r"\b(?:you|your|yours|usted|su|sie|ihr|ihre[nrms]?|vous|votre|você|seu|sua|вы|ваш\w*)\b|您|你|ですか|さい|세요|까요",
    re.IGNORECASE,
)

_DECLINES, _FAILED, _ASKS_BACK = any_of(words.DECLINES), any_of(words.FAILED), any_of(words.ASKS_BACK)
_PLEASANTRY = re.compile(words.PLEASANTRY, re.IGNORECASE)
_PLACEHOLDER = re.compile(words.PLACEHOLDERS, re.IGNORECASE)
_BROKEN = re.compile(words.BROKEN, re.IGNORECASE | re.DOTALL)  # a page, an error, a thought in an answer's place
_NOTHING = re.compile(words.NOTHING, re.IGNORECASE)
_IF = re.compile(
    r"\b(?:if|when|whenever|in case|should|wenn|falls|si|se|quando|если)\b[^,.;:]*|(?:如果|若|当|假如)[^，,。]*|[^，,。]*(?:的话|时(?=[，,]))",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。！？؟।\n]+[.!?。！？؟।]*")
_QUESTION = ("?", "？", "؟")


def answers(text: str) -> bool:
    """Does a model's text answer anything? Not if it declines, failed, asks back, or was left to be filled in."""
    return lack(text) is None


@remembered(32)  # several checks ask this of one answer
def lack(text: str) -> Lack | None:
    """Why a model's text answers nothing, None where it does: it is no answer at all (``broken``), was left to be
    filled in (``unfilled``), has signs alone (``wordless``), it ``declines``, or it ``asks back``.
    """
    plain = text.strip()
    if len(plain) > LONGEST_CHARS:
        return None
    plain = reading(plain)
    if _BROKEN.match(plain) or _NOTHING.fullmatch(plain.rstrip(" .…!:")):
        return "broken"
    if _PLACEHOLDER.search(plain):
        return "unfilled"
    sentences = [found.strip(" \t*_\"'«»“”「」>-") for found in _SENTENCE.findall(plain)]
    sentences = [one for one in sentences if re.search(r"\w", one)]
    if not sentences:
        return "wordless" if plain else "broken"
    if _DECLINES.match(sentences[0]) or (len(plain) <= SHORT_CHARS and any(map(_DECLINES.match, sentences))):
        return "declines"
    if len(plain) > SHORT_CHARS or len(sentences) > MOST_SENTENCES:
        return None
    # "Try again later if the terminal shows code 12" tells what to do.
    if any(_FAILED.search(one) and not _IF.search(one) for one in sentences):
        return "broken"
    said = [one for one in sentences if not _PLEASANTRY.search(one)]
    return "asks back" if said and all(map(_asks_back, said)) else None


def _asks_back(sentence: str) -> bool:
    """Does it want something of the reader? A text that merely repeats a question does not."""
    if _ASKS_BACK.search(sentence):
        return True
    return sentence.endswith(_QUESTION) and (
        len(sentence) <= TERSE_CHARS or _TO_THE_READER.search(sentence) is not None
    )
