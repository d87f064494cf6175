"""The message: one turn of a chat in OpenAI's shape, checked once and carried along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pipelines import validation
from pipelines.errors import JobInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_MEDIA_CHARS = 10_000_000  # of a picture or a sound in base64, and of all of a job's; more is sent as an address

ROLES = ("system", "developer", "user", "assistant", "tool")
_MESSAGE_FIELDS = ("role", "content", "name", "tool_calls", "tool_call_id", "refusal", "pin")
# What SDKs hand back beside them: null, or said by a model to its reader alone. No provider takes it as input.
_OUTPUT_ONLY = (
    *("annotations", "parsed", "reasoning", "reasoning_content", "reasoning_details", "thinking", "signature"),
    *("provider_specific_fields", "audio", "function_call", "prefix", "citations", "context", "images"),
    *("finish_reason", "stop_reason", "logprobs", "model", "usage", "token_count"),
)
# What applications keep beside their messages; it says nothing to a model.
_KEPT_BESIDE = ("id", "index", "created", "created_at", "createdAt", "timestamp", "status", "object")


INSTRUCTIONS = ("system", "developer")  # roles


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A chat message in OpenAI's shape. ``content`` is text, a list of parts, or None beside tool calls; ``pin``, which
    is ours and goes to no provider, says that it is always sent.
    """

    role: str
    content: str | tuple[Mapping[str, Any], ...] | None
    name: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tool_call_id: str | None = None
    pin: bool = False

    @property
    def text(self) -> str:
        """All of the message that is text; parts joined by newlines, images left out."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(str(part.get("text", "")) for part in self.content or () if part.get("type") == "text")

    @property
    def has_parts(self) -> bool:
        """True when the content holds anything but text (images, audio, files), beside it or in a text part."""
        return not isinstance(self.content, str) and any(
            part.get("type") != "text" or set(part) - {"type", "text"} for part in self.content or ()
        )

    @property
    def without_files(self) -> Message:
        """The message's words; what else was in it is named, and not carried along."""
        if not self.has_parts:
            return self
        return replace(self, content=({"type": "text", "text": self.text}, {"type": "left out"}))

    def __repr__(self) -> str:
        return f"Message(role={self.role!r}, {len(self.text)} characters)"

    def encode(self) -> dict[str, Any]:
        """The message as JSON values, absent fields left out."""
        return {**self.sent, "pin": True} if self.pin else self.sent

    @property
    def sent(self) -> dict[str, Any]:
        """The message as a provider gets it."""
        content = self.content if self.content is None or isinstance(self.content, str) else list(self.content)
        out: dict[str, Any] = {"role": self.role, "content": content}
        if self.name is not None:
            out["name"] = self.name
        if self.tool_calls:
            out["tool_calls"] = list(self.tool_calls)
        if self.tool_call_id is not None:
            out["tool_call_id"] = self.tool_call_id
        return out

    @classmethod
    def decode(cls, raw: object, path: str = "message") -> Message:
        """Read one message; raises JobInvalid with ``path`` in front of the field's name."""
        given = _as_input(path, validation.record(path, raw))
        validation.known_only(f"{path}.", given, _MESSAGE_FIELDS)
        role = given.get("role")
        if role not in ROLES:
            meant = isinstance(role, str) and get_close_matches(role, ROLES, n=1)
            got = repr(role) if meant else validation.show(role)
            raise JobInvalid(f"{path}.role", got, f"one of {', '.join(ROLES)}")
        calls = given.get("tool_calls")
        if calls is not None and (not isinstance(calls, list) or role != "assistant"):
            raise JobInvalid(f"{path}.tool_calls", validation.show(calls), "a list, on a message of role assistant")
        for index, call in enumerate(calls or ()):
            validation.plain(f"{path}.tool_calls[{index}]", validation.record(f"{path}.tool_calls[{index}]", call))
        if not isinstance(given.get("pin", False), bool):
            raise JobInvalid(f"{path}.pin", validation.show(given["pin"]), "true or false")
        call_id = given.get("tool_call_id")
        if (role == "tool") != (call_id is not None):
            raise JobInvalid(
                f"{path}.tool_call_id", validation.show(call_id), "an id on messages of role tool, and only there"
            )
        return cls(
            role=role,
            content=_content(f"{path}.content", _content_of(path, given), optional=bool(calls)),
            name=None if given.get("name") is None else validation.name(f"{path}.name", given["name"]),
            tool_calls=tuple(calls or ()),
            tool_call_id=None if call_id is None else validation.name(f"{path}.tool_call_id", call_id),
            pin=bool(given.get("pin")),
        )

    @classmethod
    def restore(cls, raw: Mapping[str, Any]) -> Message:
        """Read what :meth:`encode` wrote of a message that was checked when its job arrived."""
        content = raw["content"]
        return cls(
            role=raw["role"],
            content=tuple(content) if isinstance(content, list) else content,
            name=raw.get("name"),
            tool_calls=tuple(raw.get("tool_calls") or ()),
            tool_call_id=raw.get("tool_call_id"),
            pin=bool(raw.get("pin")),
        )


def _as_input(path: str, given: dict[str, Any]) -> dict[str, Any]:
    """A message as it may be sent: what SDKs add to an answer is left out, null and an empty list are absent."""
    if given.get("function_call") is not None:
        raise JobInvalid(f"{path}.function_call", validation.show(given["function_call"]), "tool_calls in its place")
    leaves_out = {*_KEPT_BESIDE, *(_OUTPUT_ONLY if given.get("role") == "assistant" else ())}
    kept = {name: value for name, value in given.items() if name not in leaves_out and value is not None}
    if given.get("role") == "assistant":
        kept = {name: value for name, value in kept.items() if value != []}
        if kept.get("content") is None and given.get("audio") is not None:
            said = validation.record(f"{path}.audio", given["audio"]).get("transcript")
            if not isinstance(said, str):
                raise JobInvalid(f"{path}.audio.transcript", validation.show(said), "what was said: sound is not sent")
            kept["content"] = said
    return kept


def _content_of(path: str, given: Mapping[str, Any]) -> object:
    """The content; an assistant that refused, or said nothing, said that."""
    refusal = given.get("refusal")
    if refusal is not None:
        validation.text(f"{path}.refusal", refusal, most=validation.MAX_TEXT_CHARS)
    if given.get("content") is not None:
        return given["content"]
    silent = given.get("role") == "tool" or (given.get("role") == "assistant" and not given.get("tool_calls"))
    return refusal or "" if silent else None


def _content(path: str, value: object, *, optional: bool) -> str | tuple[Mapping[str, Any], ...] | None:
    if value is None and optional:
        return None
    if isinstance(value, list):
        if not value:
            raise JobInvalid(path, "an empty list", "text or at least one part")
        for index, part in enumerate(value):
            if not isinstance(validation.record(f"{path}[{index}]", part).get("type"), str):
                raise JobInvalid(f"{path}[{index}].type", validation.show(part.get("type")), "a part's type, e.g. text")
            if part["type"] == "text":
                validation.text(f"{path}[{index}].text", part.get("text"), most=validation.MAX_TEXT_CHARS)
            validation.plain(f"{path}[{index}]", part, most=MAX_MEDIA_CHARS)
        return tuple(value)
    return validation.text(path, value, most=validation.MAX_TEXT_CHARS)


def after_instructions(messages: Sequence[Message]) -> int:
    """The number of the first message that is no instruction; of as many as there are where all are."""
    return next((n for n, message in enumerate(messages) if message.role not in INSTRUCTIONS), len(messages))


def may_be_left_out(message: Message) -> bool:
    """Is it neither an instruction nor pinned?"""
    return message.role not in INSTRUCTIONS and not message.pin


def last_question(messages: Sequence[Message]) -> int:
    """The number of the last message of role user; raises StopIteration where there is none."""
    return next(number for number in reversed(range(len(messages))) if messages[number].role == "user")
