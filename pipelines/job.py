"""The job: one chat request as it crosses the wire, with its codec and its limits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

from pipelines import params, validation
from pipelines.errors import JobInvalid
from pipelines.message import MAX_MEDIA_CHARS, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

Priority = Literal["interactive", "batch"]
PRIORITIES: tuple[Priority, ...] = ("interactive", "batch")
MAX_MESSAGES = 2_000  # a day of busy chat; more is a log file, and planning is linear in it
MAX_TOTAL_CHARS = 2_000_000  # bounds one broker message to a few MB; Redis and workers hold many at once
MAX_CATEGORY_CHARS = 64
MAX_SOURCE_CHARS = 200
MAX_TTL_S = 365 * 86_400
MAX_METADATA_CHARS = 16_000  # metadata is for labels and source ids, not for documents
MAX_DEADLINE_S = 7 * 24 * 3600.0  # the provider's longest batch window is a day; a week is a mistake
DEFAULT_DEADLINE_S = 60.0  # a person has left the page by then

CACHE_MODES = ("use", "refresh", "bypass")
CacheMode = Literal["use", "refresh", "bypass"]

CONTEXT_MODES = ("all", "auto")
Context = Literal["all", "auto"] | int
LEAST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS = 100, 10_000_000

_FIELDS = (
    *("messages", "tenant", "user", "model", "params", "cache", "context", "knowledge", "deadline_s", "priority"),
    "metadata",
)


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, repr=False)
class Job:
    """One chat request. Build it with :meth:`decode`, which checks it; its ``repr`` shows no text.

    ``context`` is how much of the conversation is sent, a number being tokens in the whole; None as configured.
    """

    messages: tuple[Message, ...]
    tenant: str = "default"
    user: str | None = None
    model: str = "auto"
    params: Mapping[str, Any] = field(default_factory=_empty)
    cache: CacheMode = "use"
    context: Context | None = None
    knowledge: str | None = None
    deadline_s: float = DEFAULT_DEADLINE_S
    priority: Priority = "interactive"
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
        said = {
            name: value for name, value in self.encode().items() if name not in ("deadline_s", "priority", "metadata")
        }
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
            # A worker of an older version takes no field that it does not know.
            **({} if self.priority == "interactive" else {"priority": self.priority}),
            **({} if self.context is None else {"context": self.context}),
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
        priority = given.get("priority", "interactive")
        if priority not in PRIORITIES:
            raise JobInvalid("priority", validation.show(priority), f"one of {', '.join(PRIORITIES)}")
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
            context=_context(given.get("context")),
            knowledge=None if given.get("knowledge") is None else validation.name("knowledge", given["knowledge"]),
            deadline_s=DEFAULT_DEADLINE_S
            if deadline is None
            else validation.number("deadline_s", deadline, 0.001, MAX_DEADLINE_S),
            priority=cast("Priority", priority),
            metadata=MappingProxyType(metadata),
        )

    @classmethod
    def restore(cls, raw: Mapping[str, Any]) -> Job:
        """Read what :meth:`encode` wrote of a job that was checked when it arrived: a stage checks nothing twice."""
        return cls(
            messages=tuple(map(Message.restore, raw["messages"])),
            tenant=raw["tenant"],
            user=raw["user"],
            model=raw["model"],
            params=MappingProxyType(raw["params"]),
            cache=raw["cache"],
            knowledge=raw["knowledge"],
            deadline_s=raw["deadline_s"],
            context=raw.get("context"),
            priority=raw.get("priority", "interactive"),  # a stage of an older version says nothing
            metadata=MappingProxyType(raw["metadata"]),
        )


def _context(value: object) -> Context | None:
    if value is None or value in CONTEXT_MODES:
        return cast("Context | None", value)
    wanted = f"{' or '.join(CONTEXT_MODES)}, or tokens from {LEAST_CONTEXT_TOKENS} to {MOST_CONTEXT_TOKENS}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise JobInvalid("context", validation.show(value), wanted)
    if not LEAST_CONTEXT_TOKENS <= value <= MOST_CONTEXT_TOKENS:
        raise JobInvalid("context", str(value)[:20], wanted)
    return value


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
