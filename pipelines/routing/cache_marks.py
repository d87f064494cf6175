"""Marks for providers that remember a prompt's beginning only up to where they are told: `cache_control`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.message import after_instructions, last_question
from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.message import Message

MARK = {"type": "ephemeral"}  # remembered for five minutes from when it was last read
LEAST_TOKENS = 1_024  # of a beginning that is remembered at all (Anthropic; of its smallest models twice as many)


def marked(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The messages as a provider gets them, with a mark where the instructions end and one where what comes again with
    the conversation's next question does: before the last question, in front of which stands what this one needs alone.

    A beginning too short to be remembered has none. https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
    """
    sent = [message.sent for message in messages]
    first = after_instructions(messages)
    for end in {first, last_question(messages)}:
        markable = next((n for n in reversed(range(end)) if _takes_a_mark(sent[n])), None)
        if markable is not None and estimate_messages(messages[: markable + 1]) >= LEAST_TOKENS:
            sent[markable]["content"] = _with_mark(sent[markable]["content"])
    return sent


def _takes_a_mark(message: dict[str, Any]) -> bool:
    """Is its last part text? A tool's call has none, and an empty one may not be marked."""
    content = message["content"]
    last = content[-1] if isinstance(content, list) and content else {"type": "text", "text": content}
    return last.get("type") == "text" and bool(last.get("text"))


def _with_mark(content: Any) -> list[dict[str, Any]]:
    parts = [dict(part) for part in content] if isinstance(content, list) else [{"type": "text", "text": content}]
    parts[-1]["cache_control"] = MARK
    return parts
