"""The surface of a prompt: what can be counted of it without understanding it, in any language."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from pipelines.text.han import simplified
from pipelines.text.remembered import remembered
from pipelines.text.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

REMEMBERED = 2_000
_WORDS = re.compile(r"[^\W_]+")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # each says what three letters say
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_ENDS = re.compile(r"[.?!。？！]")
_STRETCHES = re.compile(r"[.?!。？！\n]")
_MATHEMATICS = re.compile(r"[=+*/^<>∫∑√≤≥∞πθ]|\\\w+|\b(?:sin|cos|log|lim)\b")
_CODE = re.compile(r"```|\bdef \w+\(|\breturn\b|[{};]\s*$|=>|::", re.MULTILINE)
_DENIALS = re.compile(r"\b(?:not|except|least|never|neither|without)\b|n['’]t\b|不|非|没有|除了", re.IGNORECASE)
_CONDITIONS = re.compile(
    r"\b(?:if|then|because|therefore|suppose|assume|given|each|every|total|how (?:many|much))\b"
    r"|如果|假设|若|所以|因为|已知|设|求",
    re.IGNORECASE,
)
# Within a line: what spans lines would look from every empty one to the end.
_TABLE = re.compile(r"^[^\S\n]*\|.+\|[^\S\n]*$", re.MULTILINE)
_CHOICES = re.compile(r"^[^\S\n]*\(?[A-E][.)．、]", re.MULTILINE)

NAMES = (
    *("tokens", "characters", "sentences", "lines", "variety", "word length", "numbers", "digits", "mathematics"),
    *("questions", "code", "denials", "conditions", "capitals", "longest stretch", "table rows", "choices"),
)
LENGTH = NAMES.index("characters")


@remembered(REMEMBERED)
def _counted(text: str) -> tuple[float, ...]:
    words = _WORDS.findall(text)
    characters = max(len(text), 1)
    log = math.log1p
    return (
        log(estimate(text)),
        log(len(text) + 2 * len(_IDEOGRAPHS.findall(text))),
        log(len(_ENDS.findall(text))),
        log(text.count("\n")),
        len({word.lower() for word in words}) / max(len(words), 1),
        sum(map(len, words)) / max(len(words), 1),
        log(len(_NUMBERS.findall(text))),
        sum(map(str.isdigit, text)) / characters,
        log(len(_MATHEMATICS.findall(text))),
        log(text.count("?") + text.count("？")),
        log(len(_CODE.findall(text))),
        log(len(_DENIALS.findall(text))),
        log(len(_CONDITIONS.findall(text))),
        log(sum(map(str.isupper, text))),
        log(max(map(len, _STRETCHES.split(text)))),
        log(len(_TABLE.findall(text))),
        log(len(_CHOICES.findall(text))),
    )


def surfaces(texts: Sequence[str]) -> NDArray[np.float64]:
    """(n, 17) float64, by :data:`NAMES`: counts as log(1 + count), shares in [0, 1]."""
    return np.array([_counted(simplified(text)) for text in texts]).reshape(len(texts), len(NAMES))
