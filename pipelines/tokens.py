"""Token counts estimated without a tokenizer's file, for budgets and baselines; bills use the provider's counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.job import Message

# A CJK character is close to one token in current vocabularies; Latin letters come four or five to the token;
# digits go in threes; each symbol or line break is about one. An estimate, within some 20 % on ordinary prose.
_PIECES = re.compile(
    r"(?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])|(?P<word>[^\W\d_]+)|(?P<digits>\d+)|(?P<mark>[^\s\w])"
)
LETTERS_PER_TOKEN = 5
DIGITS_PER_TOKEN = 3
PER_MESSAGE = 4  # role and separators, as in OpenAI's chat format
PER_PART = 85  # an image at low detail, OpenAI's published figure; more cannot be known without its size


def estimate(text: str) -> int:
    """Tokens in ``text``, 0 for an empty one."""
    # Runs of letters exclude CJK: the character class of \w includes it, so it is split off first.
    count = 0
    for piece in _PIECES.finditer(_spaced(text)):
        if piece["word"]:
            count += -(-len(piece["word"]) // LETTERS_PER_TOKEN)
        elif piece["digits"]:
            count += -(-len(piece["digits"]) // DIGITS_PER_TOKEN)
        else:
            count += 1
    return count


def _spaced(text: str) -> str:
    return re.sub(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])", r" \1 ", text)


def estimate_messages(messages: Iterable[Message]) -> int:
    """Tokens of a prompt made of these messages."""
    total = 0
    for message in messages:
        total += PER_MESSAGE + estimate(message.text)
        total += sum(estimate(str(call)) for call in message.tool_calls)
        if not isinstance(message.content, str):
            total += PER_PART * sum(part.get("type") != "text" for part in message.content or ())
    return total
