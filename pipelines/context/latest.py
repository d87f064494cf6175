"""The latest part of a conversation, sent whole, and what a question needs of the part before, put in front of it.

A provider charges less for the beginning of a prompt that it saw a moment before. So the latest part stays as it was
sent, question after question, and what else is needed comes after it: the beginning stays the same, whatever is asked.
Where the latest part has grown too long, it begins anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.context import selection
from pipelines.message import INSTRUCTIONS, last_question
from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.message import Message

LATEST_TOKENS = 1_500  # with which the latest part begins; a prompt of fewer than 1,024 is discounted by nobody
MOST_TOKENS = 4_000  # of it, from which on it may begin anew, at the price of a beginning that is not discounted
MOST_SHARE, LEAST_TOKENS = 0.15, 1_000  # of what came before that, put before a question; and at the least
BEGINS, ENDS = "[Earlier in this conversation:]", "[Now:]"


def begins(messages: Sequence[Message], *, tokens: int = LATEST_TOKENS) -> int:
    """The number of the message from which the latest exchanges take at most ``tokens``; the question's for none."""
    end = last_question(messages)
    start, taken = end, 0
    for group in reversed(selection.groups(messages, end)):
        taken += estimate_messages(messages[number] for number in group)
        if taken > tokens:
            break
        start = group[0]
    return start


def always(messages: Sequence[Message], start: int) -> list[int]:
    """Numbers of the messages that are sent as they are: instructions, exchanges in which something is pinned, all from
    ``start`` on.
    """
    end = last_question(messages)
    pinned = {n for group in selection.groups(messages, end) if any(messages[m].pin for m in group) for n in group}
    return [n for n, m in enumerate(messages) if n >= start or m.role in INSTRUCTIONS or n in pinned]


def room_for(found: Sequence[Passage], there: Collection[int]) -> int:
    """Tokens of what is in no message of ``there`` that may stand before a question, at the most."""
    earlier = sum(passage.tokens for passage in found if passage.message not in there)
    return min(max(round(MOST_SHARE * earlier), LEAST_TOKENS), earlier)


def needs(found: Sequence[Passage], scores: NDArray[Any], there: Collection[int], *, least: float) -> list[int]:
    """Numbers of the passages that matter to the question and are in no message of ``there``, in order; of too many,
    the best.

    ``scores`` (n,) of ``found``; ``least`` as in selection.select.
    """
    others = [n for n, passage in enumerate(found) if passage.message not in there and scores[n] >= least]
    room, taken = room_for(found, there), []
    for n in sorted(others, key=lambda n: (-scores[n], -n)):
        if found[n].tokens <= room:
            room -= found[n].tokens
            taken.append(n)
    return sorted(taken)


def sent(
    messages: Sequence[Message], found: Sequence[Passage], start: int, needed: Sequence[int]
) -> tuple[Message, ...]:
    """What is sent: all from ``start`` on, and before the question the passages of ``found`` numbered ``needed``."""
    question = last_question(messages)
    return tuple(
        _with(messages, question, found, needed) if number == question and needed else messages[number]
        for number in always(messages, start)
    )


def _with(messages: Sequence[Message], question: int, found: Sequence[Passage], needed: Sequence[int]) -> Message:
    """The question, and before it what it needs of earlier turns, with who said it, and marks where something was."""
    lines, before = [BEGINS], -1
    for number in needed:
        passage, last = found[number], found[before] if before >= 0 else None
        if number > before + 1:
            lines.append(selection.LEFT_OUT)
        if last is None or last.message != passage.message:
            speaker = messages[passage.message]
            lines.append(f"{speaker.name or speaker.role}: {passage.whole}")
        else:
            # What begins a heading's part has it in its text, what follows names it: it stands there already.
            headed = passage.under == last.under or last.text.startswith(f"{passage.under}\n")
            lines.append(passage.text if headed or number == before + 1 else passage.whole)
        before = number
    asked = messages[question]
    return replace(asked, content="\n".join([*lines, ENDS, asked.text]))
