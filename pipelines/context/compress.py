"""Which messages to send: all of them within the budget, else the instructions and the latest turns that fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.message import Message

INSTRUCTIONS = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Compressed:
    """The messages to send, in their order, and what was left out. Token counts are estimates (see tokens)."""

    messages: tuple[Message, ...]
    dropped: int
    tokens_before: int
    tokens_after: int
    summarised: int = 0

    @property
    def says(self) -> tuple[str, ...]:
        """What the caller must know: that the model did not see all."""
        lost = self.dropped - self.summarised
        return (f"context cut: {lost} earlier messages were not sent",) if lost else ()

    def report(self, *, before: Sequence[Message], alone: bool) -> dict[str, Any]:
        """The answer's ``context`` field. ``before`` are all of the job's messages; ``alone``: its question was asked
        without those before it, because it needs none."""
        return {
            "alone": alone,
            "kept_messages": len(self.messages),
            "dropped_messages": len(before) - len(self.messages) + (1 if self.summarised else 0),
            "summarised_messages": self.summarised,
            "prompt_tokens_before": estimate_messages(before),
            "prompt_tokens_after": self.tokens_after,
        }


def compress(messages: Sequence[Message], *, budget_tokens: int) -> Compressed:
    """Choose what to send within ``budget_tokens``.

    Instructions and everything from the last user turn on always stay, even over the budget: without them there
    is no question. A tool call and its results stay or go together, or the provider refuses the request.
    """
    before = estimate_messages(messages)
    if before <= budget_tokens:
        return Compressed(tuple(messages), 0, before, before)
    last_user = max(i for i, message in enumerate(messages) if message.role == "user")
    keep = {i for i, message in enumerate(messages) if message.role in INSTRUCTIONS or i >= last_user}
    spent = estimate_messages(messages[i] for i in keep)
    for group in reversed(groups(messages, last_user)):
        cost = estimate_messages(messages[i] for i in group)
        if spent + cost > budget_tokens:
            break  # turns stay contiguous: a gap in the middle reads as if nothing was said there
        keep.update(group)
        spent += cost
    kept = tuple(messages[i] for i in sorted(keep))
    return Compressed(kept, len(messages) - len(kept), before, spent)


def groups(messages: Sequence[Message], end: int) -> list[list[int]]:
    """Indices before ``end`` that stand or fall together: a user turn with the replies to it."""
    groups: list[list[int]] = []
    for index in range(end):
        message = messages[index]
        if message.role in INSTRUCTIONS:
            continue
        if message.role == "user" or not groups:
            groups.append([])
        groups[-1].append(index)
    return groups
