"""Which scripts a text is in, and whether another text is in another language, as far as that shows for certain."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pipelines.text.language import surely
from pipelines.text.reading import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_LETTERS = 4  # of a question, to say what it is in; an ideograph says as much as three letters
LEAST_ANSWERED = 80  # letters of an answer
MOST_OF_IT = 0.6
HARDLY = 0.1
JAPANESE = 0.25  # of a text that is kana: its other words are Chinese characters
LEAST_WORDS = 2  # in small letters
MOST_TOLD = 300  # characters tell as much, in a tenth of the time of 4,000
LEAST_TOLD = 60  # letters of Latin script of which a language can be told
LONGEST_CHARS = 4_000
WEIGHTS: Mapping[str, int] = {"han": 3, "kana": 2, "hangul": 2}
_SCRIPTS = {
    "latin": r"A-Za-zÀ-ÖØ-öø-ɏ",
    "han": r"\u3400-\u4dbf\u4e00-\u9fff",
    "kana": r"\u3041-\u30ff",
    "hangul": r"\uac00-\ud7af",
    "cyrillic": r"\u0400-\u04ff",
    "arabic": r"\u0620-\u06ff",
    "hebrew": r"\u05d0-\u05ea",
    "devanagari": r"\u0900-\u097f",
    "thai": r"\u0e00-\u0e7f",
    "greek": r"\u0370-\u03ff",
}
_LETTERS = {name: re.compile(f"[{letters}]") for name, letters in _SCRIPTS.items()}
_WORD = re.compile(r"\b[a-zß-öø-ÿ]{2,}\b")
_NO_PROSE = re.compile(r"`[^`\n]*`|https?://\S+|[\w.+-]{1,64}@[\w.-]{1,99}|\b[A-Z][A-Za-z]*\d\w*\b|\$[^$\n]*\$")
_LANGUAGES = re.compile(
    r"\b(?:translat\w+|traduc\w+|tradu[iz]\w*|traduire|übersetz\w*|vertaal\w*|languages?|bilingual|pinyin|idioma|sprache|langue"
    r"|english|chinese|mandarin|cantonese|japanese|korean|french|german|spanish|italian|portuguese|russian|ukrainian|arabic"
    r"|hindi|bengali|urdu|persian|farsi|thai|greek|hebrew|latin|dutch|turkish|polish|czech|hungarian|romanian|swedish|danish"
    r"|norwegian|finnish|vietnamese|indonesian|malay|tagalog|swahili|tamil|catalan"
    r"|ingl[eé]s|espa[nñ]ol|franc[eé]s|alem[aá]n|italiano|portugu[eê]s|ruso|chino|japon[eé]s|coreano|[aá]rabe"
    r"|anglais|fran[cç]ais|allemand|espagnol|italien|portugais|russe|chinois|japonais|arabe"
    r"|(?:eng|deut|franz[öo]si|spani|italieni|portugiesi|russi|chinesi|japani|koreani|arabi|t[üu]rki|polni)sch\w*"
    r"|перев\w+|язык\w*|(?:по-)?(?:англи|русск|китай|немец|франц|испан)\w*)\b"
    r"|翻译|翻譯|[英中日韩韓法德俄汉漢粤粵泰][文语語]|语言|語言|双语|外语|拼音"
    r"|(?:用|成|写|說|说|讲|以)[\u4e00-\u9fff]{1,5}[文语語]|訳して|英語|中国語|日本語|번역|영어|중국어|한국어|ترجم|بالإنجليزية",
    re.IGNORECASE,
)


def names_a_language(text: str) -> bool:
    """Does a text speak of languages? Then what it is written in says nothing of what is wanted."""
    return _LANGUAGES.search(reading(text[:LONGEST_CHARS])) is not None


def scripts(text: str) -> Counter[str]:
    """How much of a text is in which script, in letters; addresses, code and model numbers are in none."""
    plain = _NO_PROSE.sub(" ", text[:LONGEST_CHARS])
    counted = {name: len(pattern.findall(plain)) * WEIGHTS.get(name, 1) for name, pattern in _LETTERS.items()}
    return Counter({name: count for name, count in counted.items() if count})


def another_language(asked: str, answered: str) -> bool:
    """Is an answer surely in another language than its question? In doubt, no."""
    of_asked, of_answer = scripts(asked), scripts(answered)
    letters, words = sum(of_asked.values()), sum(of_answer.values())
    if letters < LEAST_LETTERS or words < LEAST_ANSWERED:
        return False
    script, most = of_asked.most_common(1)[0]
    # Japanese is written in two scripts, of which Chinese has one.
    if of_asked["kana"] >= LEAST_LETTERS:
        return of_answer["kana"] < HARDLY * words
    if script == "han" and of_answer["kana"] > JAPANESE * words:
        return True
    if script == "latin" and len(_WORD.findall(asked)) < LEAST_WORDS:
        return False  # names of things are the same everywhere
    if most < MOST_OF_IT * letters:
        return False
    if of_answer[script] < HARDLY * words:
        return not of_asked[of_answer.most_common(1)[0][0]]  # who writes in two scripts may be answered in either
    return script == "latin" and min(most, of_answer["latin"]) >= LEAST_TOLD and _told_apart(asked, answered)


def _told_apart(asked: str, answered: str) -> bool:
    first, second = (surely(text[:MOST_TOLD]) for text in (asked, answered))
    return first is not None and second is not None and first != second
