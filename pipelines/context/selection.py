"""Selection: of a conversation that is too long, what matters to its question, in its order, valid for every provider.

Instructions, the question and what came after it always stay, even over the budget: without them there is no question.
The latest exchanges stay while they take a part of the budget alone: a question points at them without naming them.
Of the rest, passage by passage what matters most. Of an exchange of which anything stays, every message stays, what is
left out of it being marked: roles alternate, and each tool call has its results.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.context.passages import Passage, passages
from pipelines.message import INSTRUCTIONS, last_question, may_be_left_out
from pipelines.text.tokens import estimate, estimate_frame, estimate_messages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from pipelines.context.thread import Thread
    from pipelines.message import Message

LATEST_SHARE, LATEST_TOKENS = 0.2, 600  # of the budget, for the latest exchanges; and at the most
LAST_SHARE, LAST_TOKENS = 0.5, 2_000  # as much may the very last one take: "and the second?" asks about its list
LEFT_OUT = "[…]"  # stands where something was
_MARK_TOKENS = estimate(LEFT_OUT)
_JOINT = f"\n{LEFT_OUT}\n"
_JOINT_TOKENS = 4  # newlines counted


@dataclass(frozen=True, slots=True)
class Selected:
    """The messages to send, in their order, and what was left out of them. Token counts are estimates (see tokens).

    ``dropped`` and ``shortened`` are numbers of messages: not sent at all, and sent in part; ``forced`` when there was
    no room for them; for ``summarised`` of those dropped stand messages that are ``summaries``; ``excerpts`` are
    messages of which parts, or all, stand in front of the question; ``thread`` is what the conversation's next question
    may go on from.
    """

    messages: tuple[Message, ...]
    tokens_before: int
    tokens_after: int
    dropped: tuple[int, ...] = ()
    shortened: tuple[int, ...] = ()
    why: str = "all of it is sent"
    forced: bool = True
    summarised: int = 0
    summaries: int = 0
    excerpts: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    thread: Thread | None = None

    @property
    def says(self) -> tuple[str, ...]:
        """What the caller must know: that the model had no room for all."""
        if not self.forced:
            return ()
        lost = len(self.dropped) - self.summarised
        said = [f"{lost} earlier messages were not sent"] if lost else []
        said += [f"{len(self.shortened)} were sent in part"] if self.shortened else []
        return (f"context cut: {', '.join(said)}",) if said else ()

    @property
    def left_out(self) -> bool:
        """Is anything not sent, or not whole?"""
        return bool(self.dropped or self.shortened)

    def report(self, *, before: Sequence[Message], alone: bool) -> dict[str, Any]:
        """The answer's ``context`` field. ``before`` are all of the job's messages; ``alone``: its question was asked
        without those before it, because it needs none."""
        return {
            "alone": alone,
            "kept_messages": len(self.messages),
            "dropped_messages": len(before) - len(self.messages) - self.excerpts + self.summaries,
            "summarised_messages": self.summarised,
            "prompt_tokens_before": estimate_messages(before),
            "prompt_tokens_after": self.tokens_after,
            **({"shortened_messages": len(self.shortened)} if self.shortened else {}),
            **({"why": self.why} if self.dropped or self.shortened else {}),
            **self.details,
        }


def everything(messages: Sequence[Message], why: str = "all of it is sent") -> Selected:
    """Nothing is left out."""
    tokens = estimate_messages(messages)
    return Selected(tuple(messages), tokens, tokens, why=why)


def cut(messages: Sequence[Message]) -> list[Passage]:
    """The passages of what may be left out: all before the question but instructions and what is pinned, in order."""
    end = last_question(messages)
    return [
        passage
        for number, message in enumerate(messages[:end])
        if may_be_left_out(message)
        for passage in passages(number, message)
    ]


def select(
    messages: Sequence[Message],
    found: Sequence[Passage],
    scores: NDArray[np.float64],
    *,
    budget_tokens: int,
    least: float = -np.inf,
    latest_tokens: int | None = None,
    why: str = "",
) -> Selected:
    """Choose what to send within ``budget_tokens``, in the whole: of the passages ``found`` (see :func:`cut`), those
    of the highest ``scores`` (n,), none of which is below ``least``; of equal ones the later. ``latest_tokens`` are for
    the latest exchanges, whatever they score; by default :func:`latest_of` the budget.
    """
    before = estimate_messages(messages)
    room = _Room(messages, found, budget_tokens)
    room.latest(latest_of(budget_tokens) if latest_tokens is None else latest_tokens)
    order = np.lexsort((-np.arange(len(scores)), -scores))
    for number in order.tolist():
        if scores[number] < least or room.left <= 0:
            break
        room.take(number)
    kept = tuple(room.built())
    numbers = {number for number, _ in kept}
    sent = tuple(message for _, message in kept)
    return Selected(
        sent,
        before,
        estimate_messages(sent),
        dropped=tuple(number for number in range(len(messages)) if number not in numbers),
        shortened=tuple(number for number, message in kept if message is not messages[number]),
        why=why,
    )


def latest_of(tokens: int) -> int:
    """Tokens of so many that are the latest exchanges'."""
    return min(round(LATEST_SHARE * tokens), LATEST_TOKENS)


class _Room:
    """What is taken so far, and what it costs."""

    def __init__(self, messages: Sequence[Message], found: Sequence[Passage], budget_tokens: int) -> None:
        self._messages, self._found = messages, found
        self._end = last_question(messages)
        self._of: dict[int, list[int]] = {}
        for number, passage in enumerate(found):
            self._of.setdefault(passage.message, []).append(number)
        self._taken: set[int] = set()
        self._there: set[int] = set()  # messages of exchanges of which anything is taken
        self._groups = groups(messages, self._end)
        self._exchange = {number: tuple(group) for group in self._groups for number in group}
        self._frames = {number: _frame(messages[number]) for number in self._exchange}
        always = [n for n, m in enumerate(messages) if m.role in INSTRUCTIONS or n >= self._end or m.pin]
        self._always = set(always)
        self.left = budget_tokens - estimate_messages(messages[n] for n in always)
        for number in always:
            self._add_exchange(number)

    def latest(self, most_tokens: int) -> None:
        """Take the latest exchanges, whole, while they cost no more; the last one may cost more by itself."""
        taken = 0
        most = max(most_tokens, min(LAST_TOKENS, round(LAST_SHARE * self.left))) if most_tokens else 0
        for group in reversed(self._groups):
            passages_of = [number for message in group for number in self._of.get(message, ())]
            cost = self._cost(passages_of)
            if taken + cost > min(most, self.left + taken):
                return
            most = most_tokens
            self._pay(passages_of, cost)
            taken += cost

    def take(self, number: int) -> None:
        """Take one passage if there is room for it."""
        if number not in self._taken and (cost := self._cost([number])) <= self.left:
            self._pay([number], cost)

    def _cost(self, numbers: Collection[int]) -> int:
        new = {m for n in numbers for m in self._exchange[self._found[n].message]} - self._there
        frames = sum(self._frames[m] for m in new)
        return frames + sum(self._size(n) for n in numbers if n not in self._taken)

    def _size(self, number: int) -> int:
        passage = self._found[number]
        if len(self._of[passage.message]) == 1:
            return passage.tokens
        return passage.tokens + _JOINT_TOKENS + (estimate(passage.under) + 1 if passage.under else 0)

    def _pay(self, numbers: Collection[int], cost: int) -> None:
        self.left -= cost
        self._taken.update(numbers)
        for number in numbers:
            self._there.update(self._exchange[self._found[number].message])

    def _add_exchange(self, number: int) -> None:
        exchange = set(self._exchange.get(number, ()))
        self.left -= sum(self._frames[message] for message in exchange - self._there - self._always)
        self._there |= exchange

    def built(self) -> Iterator[tuple[int, Message]]:
        """The messages that are sent, each with its number."""
        for number, message in enumerate(self._messages):
            if number in self._always:
                yield number, message
            elif number in self._there:
                yield number, self._shortened(number, message)

    def _shortened(self, number: int, message: Message) -> Message:
        own = self._of.get(number, [])
        kept = [n for n in own if n in self._taken]
        if len(kept) == len(own) or message.content in (None, ""):
            return message
        if not kept:
            return replace(message, content=None if message.tool_calls else LEFT_OUT)
        text = "" if kept[0] == own[0] else LEFT_OUT + "\n"
        for before, now in zip([None, *kept], kept, strict=False):
            if before is not None:
                text += "\n" if now == before + 1 else _JOINT
            heading = self._found[now].under
            if heading and (before is None or before + 1 != now):
                text += heading + "\n"
            text += self._found[now].text
        return replace(message, content=text + ("" if kept[-1] == own[-1] else "\n" + LEFT_OUT))


def _frame(message: Message) -> int:
    """What a message costs of which nothing is taken but that it is there."""
    return estimate_frame(message) + _MARK_TOKENS * (not message.tool_calls)


def groups(messages: Sequence[Message], end: int) -> list[list[int]]:
    """Numbers below ``end`` of messages that stand or fall together: a user turn with the replies to it."""
    found: list[list[int]] = []
    for number in range(end):
        message = messages[number]
        if message.role in INSTRUCTIONS:
            continue
        if message.role == "user" or not found:
            found.append([])
        found[-1].append(number)
    return found
