"""Summaries of conversations in the ledger's Redis, so that the next question of one finds it; each for a day."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipelines.context import summary
from pipelines.context.summary import Summary
from workers.jobs.threads import beginnings
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

    from pipelines.message import Message

KEPT_S = 86_400
LOOKED_AT = 64  # beginnings of a conversation, the longest


class SummaryStore:
    """``secret``: what digests of conversations are keyed with. All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis, secret: Callable[[], bytes]) -> None:
        self._redis: Any = redis
        self._secret = secret

    def recall(self, tenant: str, messages: Sequence[Message]) -> Summary | None:
        """What stands for the most of the conversation's beginning; None where nobody summed it up."""
        ends = summary.ends(messages)[-LOOKED_AT:]
        if not ends:
            return None
        names = [keys.summary(tenant, digest) for digest in beginnings(self._secret(), messages, ends)]
        with failing_as("ledger"):
            found = [raw for raw in self._redis.mget(names) if raw is not None]
        return Summary.decode(json.loads(found[-1])) if found else None

    def begin(self, tenant: str, messages: Sequence[Message], end: int) -> str | None:
        """The name of the summary of so many messages, to be made by who is given it; None where another makes it."""
        (digest,) = beginnings(self._secret(), messages, [end])
        with failing_as("ledger"):
            # One that failed is not paid for again.
            free = self._redis.set(f"{keys.summary(tenant, digest)}:made", "", nx=True, ex=KEPT_S)
        return digest if free else None

    def keep(self, tenant: str, digest: str, made: Summary) -> None:
        """Keep a summary under the name that :meth:`begin` gave."""
        with failing_as("ledger"):
            self._redis.set(keys.summary(tenant, digest), json.dumps(made.encode(), ensure_ascii=False), ex=KEPT_S)
