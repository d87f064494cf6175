"""Passages: what a conversation is cut into before the question, so that of a long text the parts that matter can stay.

A short message is one passage. A long one is cut where its writer cut it: at headings, blank lines, rows, sentences;
a block of code stays whole as long as it can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.text.tokens import estimate, estimate_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.message import Message

LONG_TOKENS = 200  # a longer message is cut
PIECE_TOKENS = 120  # into pieces of about so many
_HEADING = re.compile(
    r"^(?:#{1,6} .+"
    r"|(?:section|article|chapter|clause|part|annex|§)\s*[\dIVXLC]+\b.{0,80}"
    r"|\d+(?:\.\d+)*[.)]?\s+[A-Z\u4e00-\u9fff][^.。]{0,60}"
    r"|第.{1,6}[章条节款部].{0,40})$",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])")


@dataclass(frozen=True, slots=True, repr=False)
class Passage:
    """A part of message number ``message``: ``text``, about ``tokens`` long; ``under`` is the heading it stands under,
    empty where there is none or it is the text's own.
    """

    message: int
    text: str
    tokens: int
    under: str = ""

    @property
    def whole(self) -> str:
        """The text with its heading, as it is compared with a question."""
        return f"{self.under}\n{self.text}" if self.under else self.text


def passages(number: int, message: Message) -> list[Passage]:
    """What message ``number`` is cut into, in order; one passage where it is short, or more than words."""
    text = message.text
    tokens = estimate(text)
    if isinstance(message.content, str) and tokens <= LONG_TOKENS:
        return [Passage(number, text, tokens)]
    if tokens <= LONG_TOKENS or message.has_parts or message.tool_calls:
        return [Passage(number, text, estimate_content(message))]
    found: list[Passage] = []
    under = ""
    for block in _blocks(text):
        lines = block.split("\n", 1)
        headed = bool(_HEADING.match(lines[0].strip()))
        if headed:
            under = lines[0].strip()
        for first, piece in enumerate(_pieces(block)):
            found.append(Passage(number, piece, estimate(piece), "" if headed and first == 0 else under))
    return found


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, each heading with what follows it, each block of code whole."""
    held: list[str] = []
    in_code = False
    for line in text.split("\n"):
        fence = bool(_FENCE.match(line))
        ends = not in_code and (not line.strip() or fence or bool(_HEADING.match(line.strip())))
        if ends and any(kept.strip() for kept in held) and not (len(held) == 1 and _HEADING.match(held[0].strip())):
            yield "\n".join(held).strip("\n")
            held = []
        in_code ^= fence
        if line.strip() or in_code:
            held.append(line)
        if fence and not in_code:
            yield "\n".join(held).strip("\n")
            held = []
    if any(kept.strip() for kept in held):
        yield "\n".join(held).strip("\n")


def _pieces(block: str) -> Iterator[str]:
    """The block in pieces of about PIECE_TOKENS, cut at lines where it has them, else at sentences."""
    if estimate(block) <= LONG_TOKENS:
        yield block
        return
    lines = block.split("\n")
    joint = "\n" if len(lines) > 1 else " "
    parts: Sequence[str] = lines if len(lines) > 1 else _SENTENCE_ENDS.split(block)
    if len(parts) == 1:
        yield from _by_length(block)
        return
    held, tokens = "", 0
    for part in parts:
        more = estimate(part)
        if more > LONG_TOKENS:
            if held:
                yield held
            yield from _pieces(part)
            held, tokens = "", 0
            continue
        if held and tokens + more > PIECE_TOKENS:
            yield held
            held, tokens = "", 0
        held = held + joint + part if held else part
        tokens += more
    if held:
        yield held


def _by_length(text: str) -> Iterator[str]:
    """A text without any end of a sentence, at spaces where it has them."""
    each = max(1, len(text) * PIECE_TOKENS // max(estimate(text), 1))
    start = 0
    while start < len(text):
        end = min(start + each, len(text))
        space = text.rfind(" ", start + each // 2, end) if end < len(text) else -1
        end = end if space < 0 else space
        yield text[start:end].strip()
        start = end
