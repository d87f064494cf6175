"""The prompt: what goes to the model with a question. What the model sees, the key sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.context import volatile
from pipelines.message import INSTRUCTIONS
from pipelines.text import asker, followup, privacy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.job import Context, Job
    from pipelines.message import Message

MOST_PART_CHARS = 2_000  # of a string in a part that is searched for personal data: longer ones are files, not words


@dataclass(frozen=True, slots=True, repr=False)
class Prompt:
    """``messages`` are all that is sent, in their order; ``question`` is the last user message among them.

    ``alone``: no earlier turn is sent, because there is none, or because the question surely needs none: ``follows``
    tells which. ``readable``: the question is asked in words alone, so that an encoder may stand for it. ``leave_out``
    are the operator's patterns of what is sent and is no part of the key: a clock, a request id. ``context`` is what
    the job says of how much is sent.
    """

    messages: tuple[Message, ...]
    question: Message
    alone: bool
    reason: str
    follows: bool = False
    readable: bool = True
    leave_out: tuple[str, ...] = ()
    context: Context | None = None

    @property
    def words(self) -> str:
        """The question's own words, as the key has them."""
        return volatile.without(self.question.text, self.leave_out)

    @property
    def volatile(self) -> frozenset[str]:
        """What of the instructions differs with every job, so that none is ever answered from the cache."""
        return volatile.kinds(volatile.without(text, self.leave_out) for text in self._instructions())

    @property
    def around(self) -> list[dict[str, Any]]:
        """All that is sent beside the question's own words, as JSON values: what makes the scope of the prompt.

        Of turns a part may be sent: by what the job says of that, it is another prompt.
        """
        around = [self._encoded(message) for message in self.messages]
        pinned = [number for number, message in enumerate(self.messages) if message.pin]
        if not self.alone and (self.context is not None or pinned):
            around.append({"context": self.context, "pinned": pinned})
        return around

    def _encoded(self, message: Message) -> dict[str, Any]:
        encoded = message.sent
        if message is self.question and not message.has_parts:
            encoded["content"] = None  # the exact key holds the words
        elif self.leave_out and isinstance(encoded["content"], str):
            encoded["content"] = volatile.without(encoded["content"], self.leave_out)
        return encoded

    @property
    def personal(self) -> bool:
        """Does anything that is sent hold personal data?"""
        return any(map(privacy.personal, self._words())) or any(
            map(privacy.personal_instructions, self._instructions())
        )

    @property
    def about_the_asker(self) -> bool:
        """Does the question ask for something that is another for each user: my balance, my order?"""
        return asker.about_the_asker(self.question.text)

    def _words(self) -> Iterator[str]:
        for message in self.messages:
            if message.role not in INSTRUCTIONS:
                yield from strings(message)

    def _instructions(self) -> list[str]:
        return [text for message in self.messages if message.role in INSTRUCTIONS for text in strings(message)]


def strings(message: Message) -> Iterator[str]:
    """Every text of a message that may hold somebody's words: content, parts' fields, name, arguments of tool calls."""
    encoded = message.sent
    yield from _within({name: encoded.get(name) for name in ("content", "name")})
    for call in message.tool_calls:
        yield from _within(call.get("function"))


def _within(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "text" or not isinstance(item, str) or len(item) <= MOST_PART_CHARS:
                yield from _within(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _within(item)


def closed(job: Job, *, leave_out: tuple[str, ...] = ()) -> Prompt:
    """The job's prompt: the question alone where it surely stands alone, else with every turn that came before.

    Instructions are always sent. A picture, a tool's result, a second message in a row of the user's: all of them
    belong to what is asked.
    """
    question = job.question
    beside = [m for m in job.messages if m is not question and m.role not in INSTRUCTIONS]
    reason = _needs(question, beside, job.messages)
    if reason is not None:
        whole = question is job.messages[-1] and not question.has_parts
        return Prompt(
            job.messages,
            question,
            alone=False,
            reason=reason,
            readable=whole,
            leave_out=leave_out,
            context=job.context,
        )
    if not beside:
        return Prompt(job.messages, question, alone=True, reason="nothing was said before", leave_out=leave_out)
    sent = tuple(m for m in job.messages if m is question or m.role in INSTRUCTIONS)
    reason = "it names all that it asks about"
    return Prompt(sent, question, alone=True, reason=reason, follows=True, leave_out=leave_out)


def _needs(question: Message, beside: Sequence[Message], messages: Sequence[Message]) -> str | None:
    """Why the question is not asked alone."""
    if question.has_parts:
        return "it comes with more than words"
    if messages[-1] is not question:
        return "tools' results belong to it"
    if not beside:
        return None
    if beside[-1].role == "user":
        return "it was sent in several messages"
    if any(m.has_parts or m.tool_calls or m.role == "tool" for m in beside):
        return "files or tools' results came before it"
    said, answered = ([m.text for m in beside if m.role == role] for role in ("user", "assistant"))
    return followup.dependence(question.text, said, answered)
