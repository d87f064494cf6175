"""The envelope of a broker message: what Celery would stumble over is found before it gets there."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipelines.journey import SUBMITTED_AT

if TYPE_CHECKING:
    from collections.abc import Callable

DEATHS = "farthing_deaths"  # header: how many workers ended with this message in hand
MOST_CHARS = 32_000_000  # of a message; the largest job is half of it


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message that a worker can take: the whole of it, its decoded body ``(args, kwargs, embed)``, its task's id."""

    message: dict[str, Any]
    body: tuple[list[Any], dict[str, Any], dict[str, Any]]
    task_id: str

    @property
    def deaths(self) -> int:
        """Workers that ended with it in hand."""
        return deaths(self.message)


class Malformed(Exception):
    """A message that no worker can take; ``reason`` is ours, and quotes nothing of it. ``task_id`` where it has one."""

    def __init__(self, reason: str, task_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.task_id = reason, task_id


def deaths(message: dict[str, Any]) -> int:
    """Workers that ended with this message in hand, as its header says; 0 where it says nothing of the kind."""
    headers = message.get("headers")
    found = headers.get(DEATHS, 0) if isinstance(headers, dict) else 0
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else 0


def again(raw: bytes, *, died: int = 0) -> bytes:
    """The message as it is put back: delivered before, ``died`` workers with it; as it is where it is no message."""
    try:
        message = read(raw).message
    except Malformed:
        return raw
    message["headers"][DEATHS] = deaths(message) + died
    message["headers"]["redelivered"] = message["properties"]["delivery_info"]["redelivered"] = True
    return json.dumps(message).encode()


def labelled(found: Envelope, headers: dict[str, Any]) -> bytes:
    """The message with more headers, as kombu writes it."""
    found.message["headers"].update(headers)
    return json.dumps(found.message).encode()


def anew(raw: bytes, now: float) -> bytes:
    """The message as if it were sent ``now``: nobody died of it, and its job's clock starts again; raises Malformed."""
    found = read(again(raw))
    args, message = found.body[0], found.message
    if args and isinstance(args[0], dict) and "started_at" in args[0]:  # what one stage hands to the next
        args[0] |= {"started_at": now, "submitted_at": now}
        body = json.dumps(found.body)
        as_sent = message["properties"].get("body_encoding") == "base64"
        message["body"] = base64.b64encode(body.encode()).decode("ascii") if as_sent else body
    return labelled(found, {DEATHS: 0, SUBMITTED_AT: now})


def read(raw: bytes) -> Envelope:
    """Check and decode one message of kombu's Redis transport, Celery's protocol 2 in JSON; raises Malformed."""
    if len(raw) > MOST_CHARS:
        raise Malformed(f"of {len(raw)} bytes, more than {MOST_CHARS}")
    message = _json(raw, "the message")
    if not isinstance(message, dict):
        raise Malformed("not an object")
    headers, properties = message.get("headers"), message.get("properties")
    if not isinstance(headers, dict):
        raise Malformed("headers: not an object")
    task_id = headers.get("id")
    if not isinstance(task_id, str) or not task_id:
        raise Malformed("headers.id: not a text")
    _headers(headers, task_id)
    if not isinstance(properties, dict) or not isinstance(properties.get("delivery_info"), dict):
        raise Malformed("properties.delivery_info: not an object", task_id)
    if message.get("content-type") != "application/json":
        raise Malformed("content-type: not JSON", task_id)
    return Envelope(message, _body(message, properties, task_id), task_id)


def _json(raw: bytes | str, what: str, task_id: str | None = None) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed(f"{what}: not JSON", task_id) from None


def _headers(headers: dict[str, Any], task_id: str) -> None:
    for names, right, what in _HEADERS:
        for name in names:
            if not right(headers.get(name)):
                raise Malformed(f"headers.{name}: not {what}", task_id)


def _whole(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _limits(value: object) -> bool:
    pair = isinstance(value, list) and len(value) == 2 and all(isinstance(x, int | float | None) for x in value)
    return value is None or pair


def _moment(value: object) -> bool:
    """None, seconds from now, or a time in ISO 8601."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return True
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


# Names, what is right, and what it is called.
_HEADERS: tuple[tuple[tuple[str, ...], Callable[[object], bool], str], ...] = (
    (("task",), lambda value: isinstance(value, str), "a text"),
    (("root_id", "parent_id", "group", "shadow"), lambda value: isinstance(value, str | None), "a text"),
    (("retries", "group_index", "replaced_task_nesting"), _whole, "a whole number"),
    (("eta", "expires"), _moment, "a time"),
    (("timelimit",), _limits, "two numbers"),
    (("compression",), lambda value: value is None, "absent: nothing is compressed"),
    (("stamps",), lambda value: isinstance(value, dict | None), "an object"),
    (("stamped_headers",), lambda value: isinstance(value, list | None), "a list"),
)


def _body(message: dict[str, Any], properties: dict[str, Any], task_id: str) -> tuple[list[Any], dict[str, Any], Any]:
    raw = message.get("body")
    if not isinstance(raw, str):
        raise Malformed("body: not a text", task_id)
    if properties.get("body_encoding") == "base64":
        try:
            body = _json(base64.b64decode(raw, validate=True), "body", task_id)
        except binascii.Error:
            raise Malformed("body: not base64", task_id) from None
    else:
        body = _json(raw, "body", task_id)
    if not isinstance(body, list) or len(body) != 3:
        raise Malformed("body: not [args, kwargs, embed]", task_id)
    args, kwargs, embed = body
    if not (isinstance(args, list) and isinstance(kwargs, dict) and isinstance(embed, dict)):
        raise Malformed("body: not [args, kwargs, embed]", task_id)
    for name in ("callbacks", "errbacks", "chain"):
        some = embed.get(name)
        if some is not None and not (isinstance(some, list) and all(map(_signature, some))):
            raise Malformed(f"embed.{name}: not signatures", task_id)
    if embed.get("chord") is not None and not _signature(embed["chord"]):
        raise Malformed("embed.chord: not a signature", task_id)
    return args, kwargs, embed


def _signature(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("task"), str)
        and isinstance(value.get("args", []), list)
        and isinstance(value.get("kwargs", {}), dict)
        and isinstance(value.get("options", {}), dict)
    )
