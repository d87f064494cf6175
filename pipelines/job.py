"""The job: one chat request as it crosses the wire, with its codec and its limits."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from pipelines.errors import JobInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_MESSAGES = 2_000  # a day of busy chat; more is a log file, and planning is linear in it
MAX_TEXT_CHARS = 400_000  # about 100k tokens of English: above every economy model's window
MAX_TOTAL_CHARS = 2_000_000  # bounds one broker message to a few MB; Redis and workers hold many at once
MAX_NESTING = 24  # JSON schemas of tools are this deep at the most; deeper exhausts recursive readers
MAX_NAME_CHARS = 200  # tenant, user, model, knowledge: they become parts of keys and of metrics' labels
MAX_METADATA_CHARS = 16_000  # metadata is for labels and source ids, not for documents
MAX_DEADLINE_S = 7 * 24 * 3600.0  # the provider's longest batch window is a day; a week is a mistake
DEFAULT_DEADLINE_S = 60.0  # a person has left the page by then

ROLES = ("system", "developer", "user", "assistant", "tool")
CACHE_MODES = ("use", "refresh", "bypass")
CacheMode = Literal["use", "refresh", "bypass"]

_FIELDS = ("messages", "tenant", "user", "model", "params", "cache", "knowledge", "deadline_s", "metadata")
_MESSAGE_FIELDS = ("role", "content", "name", "tool_calls", "tool_call_id")
# Lone surrogates cannot be encoded as UTF-8; NUL ends strings in C libraries (tokenizers, SQL drivers).
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


def _show(value: object) -> str:
    """Type and size of a bad value, never its text: it may hold personal data."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int | float):
        return f"{type(value).__name__} {value!r:.40}"
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    if isinstance(value, list | tuple | dict):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return type(value).__name__


def _text(path: str, value: object, *, most: int, least: int = 0) -> str:
    if not isinstance(value, str):
        raise JobInvalid(path, _show(value), "a string")
    if not least <= len(value) <= most:
        raise JobInvalid(path, _show(value), f"{least} to {most} characters")
    bad = _UNSENDABLE.search(value)
    if bad:
        raise JobInvalid(path, f"U+{ord(bad.group()):04X} at {bad.start()}", "text without NUL or lone surrogates")
    return value


def _name(path: str, value: object) -> str:
    text = _text(path, value, most=MAX_NAME_CHARS, least=1)
    if not text.isprintable():
        raise JobInvalid(path, "control characters", "printable characters")
    return text


def _number(path: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise JobInvalid(path, _show(value), f"a number from {least:g} to {most:g}")
    if not least <= value <= most:
        raise JobInvalid(path, _show(value), f"a number from {least:g} to {most:g}")
    return value


def _whole(path: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise JobInvalid(path, _show(value), f"a whole number from {least} to {most}")
    return value


def _object(path: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise JobInvalid(path, _show(value), "an object")
    for key in value:
        _text(f"{path} (a key)", key, most=MAX_NAME_CHARS)
    return cast("dict[str, Any]", value)


def _plain(path: str, value: object, depth: int = 0) -> None:
    """Check that ``value`` is JSON: finite numbers, sendable text, bounded nesting."""
    if depth > MAX_NESTING:
        raise JobInvalid(path, f"nesting deeper than {MAX_NESTING}", f"at most {MAX_NESTING} levels")
    if isinstance(value, str):
        _text(path, value, most=MAX_TEXT_CHARS)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _plain(f"{path}[{index}]", item, depth + 1)
    elif isinstance(value, dict):
        for key, item in _object(path, value).items():
            _plain(f"{path}.{key:.40}", item, depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise JobInvalid(path, repr(value), "a finite number")
    elif value is not None and not isinstance(value, bool | int):
        raise JobInvalid(path, _show(value), "a JSON value")


def _unknown(path: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    extra = sorted(set(given) - set(known))
    if extra:
        raise JobInvalid(f"{path}{extra[0]:.60}", "an unknown field", f"one of {', '.join(known)}")


def _seed(path: str, value: object) -> None:
    _whole(path, value, -(2**63), 2**63 - 1)


def _stop(path: str, value: object) -> None:
    if isinstance(value, str):
        _text(path, value, most=1_000, least=1)
    elif isinstance(value, list) and 1 <= len(value) <= 4:
        for index, item in enumerate(value):
            _text(f"{path}[{index}]", item, most=1_000, least=1)
    else:
        raise JobInvalid(path, _show(value), "a string or a list of 1 to 4 strings")


def _tools(path: str, value: object) -> None:
    if not isinstance(value, list) or not 1 <= len(value) <= 128:
        raise JobInvalid(path, _show(value), "a list of 1 to 128 tools")
    for index, item in enumerate(value):
        _object(f"{path}[{index}]", item)
    _plain(path, value)


# Names and ranges are those of OpenAI's chat completions request.
_PARAMS: dict[str, Callable[[str, object], object]] = {
    "temperature": lambda p, v: _number(p, v, 0, 2),
    "top_p": lambda p, v: _number(p, v, 0, 1),
    "presence_penalty": lambda p, v: _number(p, v, -2, 2),
    "frequency_penalty": lambda p, v: _number(p, v, -2, 2),
    "max_tokens": lambda p, v: _whole(p, v, 1, 1_000_000),
    "seed": _seed,
    "stop": _stop,
    "tools": _tools,
    "tool_choice": _plain,
    "parallel_tool_calls": _plain,
    "response_format": lambda p, v: _plain(p, _object(p, v)),
    "reasoning_effort": _name,
}


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
        """True when the content holds anything but text (images, audio, files)."""
        return not isinstance(self.content, str) and any(p.get("type") != "text" for p in self.content or ())

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
        given = _object(path, raw)
        _unknown(f"{path}.", given, _MESSAGE_FIELDS)
        role = given.get("role")
        if role not in ROLES:
            got = repr(role) if isinstance(role, str) and len(role) <= 20 else _show(role)
            raise JobInvalid(f"{path}.role", got, f"one of {', '.join(ROLES)}")
        calls = given.get("tool_calls")
        if calls is not None and (not isinstance(calls, list) or role != "assistant"):
            raise JobInvalid(f"{path}.tool_calls", _show(calls), "a list, on a message of role assistant")
        for index, call in enumerate(calls or ()):
            _plain(f"{path}.tool_calls[{index}]", _object(f"{path}.tool_calls[{index}]", call))
        call_id = given.get("tool_call_id")
        if (role == "tool") != (call_id is not None):
            raise JobInvalid(f"{path}.tool_call_id", _show(call_id), "an id on messages of role tool, and only there")
        return cls(
            role=role,
            content=_content(f"{path}.content", given.get("content"), optional=bool(calls)),
            name=None if given.get("name") is None else _name(f"{path}.name", given["name"]),
            tool_calls=tuple(calls or ()),
            tool_call_id=None if call_id is None else _name(f"{path}.tool_call_id", call_id),
        )


def _content(path: str, value: object, *, optional: bool) -> str | tuple[Mapping[str, Any], ...] | None:
    if value is None and optional:
        return None
    if isinstance(value, list):
        if not value:
            raise JobInvalid(path, "an empty list", "text or at least one part")
        for index, part in enumerate(value):
            if not isinstance(_object(f"{path}[{index}]", part).get("type"), str):
                raise JobInvalid(f"{path}[{index}].type", _show(part.get("type")), "a part's type, e.g. text")
            if part["type"] == "text":
                _text(f"{path}[{index}].text", part.get("text"), most=MAX_TEXT_CHARS)
            _plain(f"{path}[{index}]", part)
        return tuple(value)
    return _text(path, value, most=MAX_TEXT_CHARS)


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
        given = _object("job", raw)
        _unknown("", given, _FIELDS)
        cache = given.get("cache", "use")
        if cache not in CACHE_MODES:
            raise JobInvalid("cache", _show(cache), f"one of {', '.join(CACHE_MODES)}")
        params = _object("params", given.get("params") or {})
        _unknown("params.", params, tuple(_PARAMS))
        for name, value in params.items():
            _PARAMS[name](f"params.{name}", value)
        metadata = _object("metadata", given.get("metadata") or {})
        _plain("metadata", metadata)
        if len(json.dumps(metadata)) > MAX_METADATA_CHARS:
            raise JobInvalid("metadata", "more", f"at most {MAX_METADATA_CHARS} characters of JSON")
        deadline = given.get("deadline_s")
        return cls(
            messages=_messages(given.get("messages")),
            tenant=_name("tenant", given.get("tenant", "default")),
            user=None if given.get("user") is None else _name("user", given["user"]),
            model=_name("model", given.get("model", "auto")),
            params=MappingProxyType(params),
            cache=cast("CacheMode", cache),
            knowledge=None if given.get("knowledge") is None else _name("knowledge", given["knowledge"]),
            deadline_s=DEFAULT_DEADLINE_S
            if deadline is None
            else _number("deadline_s", deadline, 0.001, MAX_DEADLINE_S),
            metadata=MappingProxyType(metadata),
        )


def _messages(value: object) -> tuple[Message, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_MESSAGES:
        raise JobInvalid("messages", _show(value), f"a list of 1 to {MAX_MESSAGES} messages")
    messages = tuple(Message.decode(item, f"messages[{i}]") for i, item in enumerate(value))
    total = sum(len(m.text) for m in messages)
    if total > MAX_TOTAL_CHARS:
        raise JobInvalid("messages", f"{total} characters in all", f"at most {MAX_TOTAL_CHARS}")
    if messages[-1].role not in ("user", "tool"):
        raise JobInvalid(f"messages[{len(messages) - 1}].role", repr(messages[-1].role), "user (or tool) last")
    if not any(m.role == "user" and (m.text.strip() or m.has_parts) for m in messages):
        raise JobInvalid("messages", "no message of role user with text", "at least one question")
    return messages
