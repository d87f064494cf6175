"""Token counts estimated without a tokenizer's file, for budgets and baselines; bills use the provider's counts.

The weights are facts about o200k_base, the vocabulary of current OpenAI models (`python -m tests.benchmarks tokens`
holds them against it). Older and other vocabularies count Chinese up to a third higher. Where counts are known,
they correct the estimate (see `scaled`).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from pipelines.params import prompt_extras
from pipelines.text.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.message import Message

PER_MESSAGE = 4  # role and separators, as in OpenAI's chat format
PER_PART = 85  # an image at low detail, OpenAI's published figure; more cannot be known without its size
PER_TOOL = 8  # what wraps a function's schema
JSON_SHARE = 0.85  # of a schema's JSON: providers write it shorter than it is sent
REMEMBERED = 20_000  # texts: a conversation's turns are counted again with each of its questions
LEAST_SCALE, MOST_SCALE = 0.3, 3.0

# A word costs one token and a part of one for each letter beyond so many; accented ones are cut finer.
_ASCII_LETTERS, _ASCII_EACH = 6, 0.14
_ACCENTED_LETTERS, _ACCENTED_EACH = 4, 0.6
_DIGITS_EACH = 1.6  # per group of three
_MARKS_EACH, _NEWLINE_EACH = 0.8, 1.2
# Tokens a character of scripts whose words are long or unspaced.
_SCRIPTS: tuple[tuple[str, str, float], ...] = (
    ("cjk", "\u3400-\u9fff\uf900-\ufaff", 0.76),
    ("kana", "\u3040-\u30ff\u31f0-\u31ff", 0.65),
    ("hangul", "\uac00-\ud7af\u1100-\u11ff", 0.7),
    ("cyrillic", "\u0400-\u052f", 0.27),
    ("greek", "\u0370-\u03ff", 0.43),
    ("arabic", "\u0600-\u06ff\u0750-\u077f", 0.35),
    ("hebrew", "\u0590-\u05ff", 0.44),
    ("devanagari", "\u0900-\u097f", 0.16),
    ("thai", "\u0e00-\u0e7f", 0.27),
)
_EACH = {name: weight for name, _, weight in _SCRIPTS}
_PIECES = re.compile(
    "|".join(f"(?P<{name}>[{characters}]+)" for name, characters, _ in _SCRIPTS)
    + r"|(?P<digits>\d+)|(?P<newline>\n+)|(?P<mark>[^\s\w]+|_+)|(?P<word>[^\W\d_"
    + "".join(characters for _, characters, _ in _SCRIPTS)
    + "]+)"
)


@remembered(REMEMBERED)
def estimate(text: str) -> int:
    """Tokens in ``text``, 0 for an empty one."""
    return round(_count(text)) or int(bool(text.strip()))


def _count(text: str) -> float:
    count = 0.0
    for piece in _PIECES.finditer(text):
        kind, found = piece.lastgroup, piece[0]
        if kind == "word":
            free, each = (_ASCII_LETTERS, _ASCII_EACH) if found.isascii() else (_ACCENTED_LETTERS, _ACCENTED_EACH)
            count += 1.0 + each * max(0, len(found) - free)
        elif kind == "digits":
            count += _DIGITS_EACH * -(-len(found) // 3)
        elif kind == "mark":
            count += _MARKS_EACH
        elif kind == "newline":
            count += _NEWLINE_EACH
        else:
            count += _EACH[str(kind)] * len(found)
    return count


def estimate_messages(messages: Iterable[Message]) -> int:
    """Tokens of a prompt made of these messages."""
    return sum(map(estimate_message, messages))


def estimate_message(message: Message) -> int:
    """Tokens of one message, with what wraps it."""
    if isinstance(message.content, str) and not message.tool_calls:  # all but a few, and looked at often
        return PER_MESSAGE + estimate(message.content)
    return estimate_frame(message) + estimate_content(message)


def estimate_frame(message: Message) -> int:
    """Tokens of a message beside its content: its role, the tools it calls."""
    return PER_MESSAGE + sum(estimate(json.dumps(call, ensure_ascii=False)) for call in message.tool_calls)


def estimate_content(message: Message) -> int:
    """Tokens of a message's content, parts that are no text included."""
    parts = () if isinstance(message.content, str) else message.content or ()
    return estimate(message.text) + PER_PART * sum(bool(part.get("type") != "text") for part in parts)


def estimate_prompt(messages: Iterable[Message], params: Mapping[str, Any]) -> int:
    """Tokens of the whole request: its messages, its tools and the schema of its answer."""
    extras = prompt_extras(params)
    return estimate_messages(messages) + sum(
        PER_TOOL + math.ceil(JSON_SHARE * _count(json.dumps(extra, ensure_ascii=False))) for extra in extras
    )


def scaled(estimated: int, *, counted: int, for_estimated: int) -> int:
    """An estimate, corrected by what the provider counted for another prompt of this kind that was estimated too."""
    if counted <= 0 or for_estimated <= 0:
        return estimated
    return round(estimated * min(max(counted / for_estimated, LEAST_SCALE), MOST_SCALE))
