"""The job: one chat request as it crosses the wire, with its codec and its limits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from pipelines import params, validation
from pipelines.errors import JobInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MESSAGES = 2_000  # a day of busy chat; more is a log file, and planning is linear in it
MAX_TOTAL_CHARS = 2_000_000  # bounds one broker message to a few MB; Redis and workers hold many at once
MAX_MEDIA_CHARS = 10_000_000  # of a picture or a sound in base64, and of all of a job's; more is sent as an address
MAX_CATEGORY_CHARS = 64
MAX_SOURCE_CHARS = 200
MAX_TTL_S = 365 * 86_400
MAX_METADATA_CHARS = 16_000  # metadata is for labels and source ids, not for documents
MAX_DEADLINE_S = 7 * 24 * 3600.0  # the provider's longest batch window is a day; a week is a mistake
DEFAULT_DEADLINE_S = 60.0  # a person has left the page by then

ROLES = ("system", "developer", "user", "assistant", "tool")
CACHE_MODES = ("use", "refresh", "bypass")
CacheMode = Literal["use", "refresh", "bypass"]

_FIELDS = ("messages", "tenant", "user", "model", "params", "cache", "knowledge", "deadline_s", "metadata")
_MESSAGE_FIELDS = ("role", "content", "name", "tool_calls", "tool_call_id", "refusal")
# What SDKs hand back beside them: null, or said by a model to its reader alone. No provider takes it as input.
_OUTPUT_ONLY = (
    *("annotations", "parsed", "reasoning", "reasoning_content", "reasoning_details", "thinking", "signature"),
    *("provider_specific_fields", "audio", "function_call", "prefix", "citations", "context", "images"),
    *("finish_reason", "stop_reason", "logprobs", "model", "usage", "token_count"),
)
# What applications keep beside their messages; it says nothing to a model.
_KEPT_BESIDE = ("id", "index", "created", "created_at", "createdAt", "timestamp", "status", "object")


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """A chat message in OpenAI's shape. ``content`` is text, a list of parts, or None beside tool calls."""

    role: str
    content: str | tuple[Mapping[str, Any], ...] | None
    name: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tool_call_id: str | None = None

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
        call_id = given.get("tool_call_id")
        if (role == "tool") != (call_id is not None):
            raise JobInvalid(
                f"{path}.tool_call_id", validation.show(call_id), "an id on messages of role tool, and only there"
            )
        return cls(
            role=role,
            content=_content(f"{path}.content", _said(path, given), optional=bool(calls)),
            name=None if given.get("name") is None else validation.name(f"{path}.name", given["name"]),
            tool_calls=tuple(calls or ()),
            tool_call_id=None if call_id is None else validation.name(f"{path}.tool_call_id", call_id),
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


def _said(path: str, given: Mapping[str, Any]) -> object:
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


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, repr=False)
class Job:
    """One chat request. Build it with :meth:`decode`, which checks it; its ``repr`` shows no text."""

    messages: tuple[Message, ...]
    tenant: str = "default"
    user: str | None = None
    model: str = "auto"
    params: Mapping[str, Any] = field(default_factory=_empty)
    cache: CacheMode = "use"
    knowledge: str | None = None
    deadline_s: float = DEFAULT_DEADLINE_S
    metadata: Mapping[str, Any] = field(default_factory=_empty)

    def __repr__(self) -> str:
        size = f"{len(self.messages)} messages"
        return f"Job(tenant={self.tenant!r}, model={self.model!r}, cache={self.cache!r}, {size})"

    @property
    def question(self) -> Message:
        """The last user message: what the job asks."""
        return next(m for m in reversed(self.messages) if m.role == "user")

    @property
    def sources(self) -> tuple[str, ...]:
        """``metadata.sources``: ids of the documents that the answer will rest on."""
        return tuple(self.metadata.get("sources") or ())

    @property
    def ttl_s(self) -> float | None:
        """``metadata.ttl_s``: seconds that the answer may be kept, 0 for never; None where the cache decides."""
        said = self.metadata.get("ttl_s")
        return None if said is None else float(said)

    @property
    def category(self) -> str:
        """``metadata.category``: each has its own boundary. Empty when it is not a short text."""
        said = self.metadata.get("category")
        return said if isinstance(said, str) and len(said) <= MAX_CATEGORY_CHARS else ""

    @property
    def fingerprint(self) -> str:
        """32 hex digits of whose it is and what it asks: an id belongs to one of them. How long it may take, and what
        it is labelled, make no other job of it.
        """
        said = {name: value for name, value in self.encode().items() if name not in ("deadline_s", "metadata")}
        plain = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()[:32]

    def encode(self) -> dict[str, Any]:
        """The job as JSON values, every field present (so that a reader sees the defaults)."""
        return {
            "messages": [m.encode() for m in self.messages],
            "tenant": self.tenant,
            "user": self.user,
            "model": self.model,
            "params": dict(self.params),
            "cache": self.cache,
            "knowledge": self.knowledge,
            "deadline_s": self.deadline_s,
            "metadata": dict(self.metadata),
        }

    @classmethod
    def decode(cls, raw: object) -> Job:
        """Read a job from JSON values; raises JobInvalid naming the first field that is wrong."""
        given = validation.record("job", raw)
        validation.known_only("", given, _FIELDS)
        cache = given.get("cache", "use")
        if cache not in CACHE_MODES:
            raise JobInvalid("cache", validation.show(cache), f"one of {', '.join(CACHE_MODES)}")
        read, user = params.read(given.get("params") or {})
        user = given.get("user") if user is None else user
        if given.get("user") not in (None, user):
            raise JobInvalid("params.user", "another name", "the job's own user, or nothing")
        metadata = validation.record("metadata", given.get("metadata") or {})
        validation.plain("metadata", metadata)
        sources = metadata.get("sources") or []
        if not isinstance(sources, list) or not all(
            isinstance(s, str) and 0 < len(s) <= MAX_SOURCE_CHARS for s in sources
        ):
            raise JobInvalid(
                "metadata.sources", validation.show(sources), f"a list of ids of at most {MAX_SOURCE_CHARS} characters"
            )
        ttl_s = metadata.get("ttl_s")
        if ttl_s is not None and (
            isinstance(ttl_s, bool) or not isinstance(ttl_s, int | float) or not 0 <= ttl_s <= MAX_TTL_S
        ):
            raise JobInvalid("metadata.ttl_s", validation.show(ttl_s), f"seconds from 0 to {MAX_TTL_S}")
        if len(json.dumps(metadata)) > MAX_METADATA_CHARS:
            raise JobInvalid("metadata", "more", f"at most {MAX_METADATA_CHARS} characters of JSON")
        deadline = given.get("deadline_s")
        return cls(
            messages=_messages(given.get("messages")),
            tenant=validation.name("tenant", given.get("tenant", "default")),
            user=None if user is None else validation.name("user", user),
            model=validation.name("model", given.get("model", "auto")),
            params=MappingProxyType(read),
            cache=cast("CacheMode", cache),
            knowledge=None if given.get("knowledge") is None else validation.name("knowledge", given["knowledge"]),
            deadline_s=DEFAULT_DEADLINE_S
            if deadline is None
            else validation.number("deadline_s", deadline, 0.001, MAX_DEADLINE_S),
            metadata=MappingProxyType(metadata),
        )


def _messages(value: object) -> tuple[Message, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_MESSAGES:
        raise JobInvalid("messages", validation.show(value), f"a list of 1 to {MAX_MESSAGES} messages")
    messages = tuple(Message.decode(item, f"messages[{i}]") for i, item in enumerate(value))
    total = sum(len(m.text) for m in messages)
    if total > MAX_TOTAL_CHARS:
        raise JobInvalid("messages", f"{total} characters in all", f"at most {MAX_TOTAL_CHARS}")
    media = sum(len(str(part)) for m in messages if m.has_parts for part in m.content or () if isinstance(part, dict))
    if media > MAX_MEDIA_CHARS:
        raise JobInvalid("messages", f"parts of {media} characters", f"at most {MAX_MEDIA_CHARS}: send an address")
    if messages[-1].role not in ("user", "tool"):
        raise JobInvalid(f"messages[{len(messages) - 1}].role", repr(messages[-1].role), "user (or tool) last")
    if not any(m.role == "user" and (m.text.strip() or m.has_parts) for m in messages):
        raise JobInvalid("messages", "no message of role user with text", "at least one question")
    return messages
