"""How conversations were sent, in the ledger's Redis, so that their next question may go on from there."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from pipelines.context.thread import Sent, Thread
from pipelines.message import last_question
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

    from pipelines.message import Message

KEPT_S = 3_600
BACK = 4  # questions before this one at which it is looked for: some are answered from the cache


class Threads:
    """``secret``: what digests of conversations are keyed with, so that they tell nothing. All errors are
    StoreUnavailable.
    """

    def __init__(self, redis: redis.Redis, secret: Callable[[], bytes]) -> None:
        self._redis: Any = redis
        self._secret = secret

    def recall(self, tenant: str, messages: Sequence[Message]) -> Sent | None:
        """How this conversation was sent at the latest of its earlier questions; None where nobody knows."""
        asked = [n + 1 for n, message in enumerate(messages) if message.role == "user"][:-1][-BACK:]
        if not asked:
            return None
        names = self._names(tenant, messages, asked)
        with failing_as("ledger"):
            found = [raw for raw in self._redis.mget(names) if raw is not None]
        if not found:
            return None
        raw = json.loads(found[-1])
        return Sent(Thread.decode(raw["thread"]), raw["at"], raw["model"])

    def keep(self, tenant: str, messages: Sequence[Message], sent: Sent) -> None:
        """This conversation, up to its question, was sent so."""
        (name,) = self._names(tenant, messages, [last_question(messages) + 1])
        value = json.dumps({"thread": sent.thread.encode(), "at": sent.at, "model": sent.model})
        with failing_as("ledger"):
            self._redis.set(name, value, ex=KEPT_S)

    def _names(self, tenant: str, messages: Sequence[Message], ends: Sequence[int]) -> list[str]:
        return [keys.thread(tenant, digest) for digest in beginnings(self._secret(), messages, ends)]


def beginnings(secret: bytes, messages: Sequence[Message], ends: Sequence[int]) -> list[str]:
    """Keyed digests of the conversation's beginnings of so many messages each, which rise."""
    digest, done, found = hmac.new(secret, b"thread", hashlib.sha256), 0, []
    for end in ends:
        for message in messages[done:end]:
            digest.update(json.dumps(message.encode(), ensure_ascii=False, sort_keys=True).encode() + b"\n")
        done = end
        found.append(digest.copy().hexdigest()[:32])
    return found
