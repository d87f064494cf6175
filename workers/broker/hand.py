"""A worker's hand: the messages that it has taken from the broker and not acknowledged, in Redis and here."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from pipelines.journey import TENANT
from workers.broker import envelope
from workers.store import lists, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import redis

MOST_AT_ONCE = 500  # acknowledgements of one script: Redis does nothing else meanwhile


def new_name() -> str:
    """A worker's name, its own for each start: host, process, and what tells it from an earlier one."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Hand:
    """``held`` are the fields (serial|list) of messages that run or wait here. Threads may acknowledge; one fetches.

    A connection that breaks leaves the hand as it is: what runs goes on, and is acknowledged on the next one.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.held: set[str] = set()
        self.wake: Callable[[], None] = lambda: None
        self._done: deque[str] = deque()
        self._returned: deque[str] = deque()
        self._lock = threading.Lock()
        self._serial = 0
        self._redis: Any = None
        self._hand_back: Any = None
        self._due: dict[str, float] = {}  # of what is given back, what waits for its time

    def connect(self, redis: redis.Redis) -> None:
        """The connection of what is not the fetch: beats, hand-backs. The latest one holds."""
        self._redis = redis
        self._hand_back = scripts.register(redis, "hand_back")
        self._postpone = scripts.register(redis, "postpone")

    def serial(self, room: int) -> int:
        """The first of ``room`` serial numbers; a fetch whose reply is lost uses its own up."""
        with self._lock:
            first, self._serial = self._serial, self._serial + room
            return first

    def took(self, field: str) -> None:
        """A message is in the hand, and known to be."""
        self.held.add(field)

    def done(self, field: str) -> None:
        """It is acknowledged: the next fetch, or the next beat, drops it."""
        self._done.append(field)
        self.wake()

    def give_back(self, field: str) -> None:
        """It is not worked on here (any more); does nothing where it was acknowledged, or given back before."""
        if field in self.held:
            self._returned.append(field)

    def postpone(self, field: str, due: float) -> None:
        """What is given back next is wanted again at ``due``, seconds since the epoch, and takes no room until then."""
        self._due[field] = due

    def acknowledged(self) -> list[str]:
        """What is to be dropped now; :meth:`dropped` when it was, :meth:`keep` when it was not."""
        found: list[str] = []
        while self._done and len(found) < MOST_AT_ONCE:
            found.append(self._done.popleft())
        return found

    @property
    def has_acknowledged(self) -> bool:
        """Is there something to be dropped?"""
        return bool(self._done)

    def suspects(self, besides: Iterable[str]) -> int:
        """Messages in hand whose worker died before, without those that are about to be dropped."""
        return sum(lists.is_suspect(field.partition("|")[2]) for field in self.held.difference(besides))

    def dropped(self, fields: Iterable[str]) -> None:
        """They are out of Redis."""
        self.held.difference_update(fields)

    def keep(self, fields: Iterable[str]) -> None:
        """Nobody knows whether they are out of Redis: they are dropped again."""
        self._done.extendleft(fields)

    def settle(self) -> None:
        """Drop what was acknowledged and put back what was returned, whatever the fetch is doing."""
        while fields := self.acknowledged():
            try:
                self._redis.hdel(lists.hand(self.name), *fields)
            except BaseException:
                self.keep(fields)
                raise
            self.dropped(fields)
        while self._returned:
            field = self._returned[0]
            due = self._due.pop(field, None)
            if field in self.held:
                self.put_back([field], due)
            self._returned.popleft()

    def put_back(self, fields: list[str], due: float | None = None) -> None:
        """To the heads of their lists, now or when they are ``due``, as delivered before: nobody died of them."""
        name = lists.hand(self.name)
        there = self._redis.hmget(name, fields) if fields else []
        for field, message in zip(fields, there, strict=True):
            if message is not None and due is None:
                self._move(field, field.partition("|")[2], envelope.again(message))
            elif message is not None:
                waits = [name, lists.LATER, lists.LATER_MESSAGES]
                self._postpone(
                    keys=waits,
                    args=[field, lists.put_off(self.name, _tenant(message), field), due, envelope.again(message)],
                )
            self.held.discard(field)

    def park(self, field: str, letter: bytes) -> None:
        """To the dead letters, in one step."""
        self._move(field, lists.DEAD, letter)
        self.held.discard(field)

    def label(self, moves: Sequence[tuple[str, str, bytes]]) -> None:
        """Back to the heads of their lists (field, list, message), with what was missing in them; in one step."""
        waits = sorted({to for _, to, _ in moves})
        flat = [part for field, to, message in moves for part in (field, 3 + waits.index(to), message)]
        self._hand_back(keys=[lists.BEATS, lists.hand(self.name), *waits], args=[self.name, "", *flat])
        self.held.difference_update(field for field, _, _ in moves)

    def _move(self, field: str, to: str, message: bytes) -> None:
        mine = lists.hand(self.name)
        self._hand_back(keys=[lists.BEATS, mine, to], args=[self.name, "", field, 3, message])

    def strays(self, before: set[str]) -> set[str]:
        """Fields that are in Redis and not here; what was so ``before`` too is put back: its reply was lost."""
        there = {raw.decode() for raw in self._redis.hkeys(lists.hand(self.name))}
        found = there - self.held - set(self._done)
        lost = found & before
        if lost:
            self.put_back(sorted(lost, key=_serial_of, reverse=True))
        return found - lost

    def forgotten(self, at_work: Collection[str], before: set[str]) -> set[str]:
        """Fields that nothing here works on and nobody acknowledged: a connection that broke took the word of it along.

        Those that were so ``before`` too are given back.
        """
        found = self.held.difference(at_work, self._done)
        self._returned.extend(found & before)
        return found - before

    def close(self) -> None:
        """Give everything back: this worker stops, and nobody died."""
        self.settle()
        self.put_back(sorted(self.held, key=_serial_of, reverse=True))
        self._redis.hdel(lists.BEATS, self.name)
        self._redis.hdel(lists.WORKERS, self.name)


def _serial_of(field: str) -> int:
    return int(field.partition("|")[0])


def _tenant(message: bytes) -> str:
    """Whose turn it uses; '' where it does not say."""
    try:
        said = envelope.read(message).message["headers"].get(TENANT)
    except envelope.Malformed:
        return ""
    return said if isinstance(said, str) else ""
