"""Waiting for results: many waiters of one event loop share one Redis subscription."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError

from pipelines.errors import FarthingError, StoreUnavailable
from workers.config import addresses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from redis.asyncio.client import PubSub

OUTAGE_S = 10.0  # a Redis that restarts is back sooner; after that, waiting is not what the caller wants
RETRY_S = 0.2
CLOSE_S = 10.0  # a daemon thread that does not end in time is left to the process's end
LOOKED_UP_AT_ONCE = 500  # keys: Redis does nothing else meanwhile
LOOK_AGAIN_S = 15.0  # a subscription behind a silently dead network is noticed by then

T = TypeVar("T")
R = TypeVar("R")


class Waiting(Generic[T]):
    """Waits for keys that are stored and then published under their own name, as Celery's results are.

    ``read`` turns stored bytes into a value, or None when they are not final yet. Belongs to one event loop, and
    holds two connections to ``url``: the subscription, and one that looks up what was stored before.
    """

    def __init__(self, url: str, read: Callable[[bytes], T | None]) -> None:
        self._url, self._read = url, read
        self._wanted: dict[str, list[tuple[asyncio.Future[T], Callable[[T], bool]]]] = {}
        self._new: set[str] = set()  # wanted, and not subscribed to
        self._gone: set[str] = set()  # subscribed to, and wanted no more
        self._changed = asyncio.Event()
        self._unseen: list[str] = []  # subscribed to, and not looked up since
        self._standing = asyncio.Event()
        self._down_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def value(self, key: str, timeout_s: float | None, mine: Callable[[T], bool] = lambda _: True) -> T:
        """The final value under ``key`` that is ``mine``; raises TimeoutError, or StoreUnavailable("result", ...)."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        waiter = (future, mine)
        if key not in self._wanted:
            self._wanted[key] = []
            self._change(key, self._gone, self._new)
        if key not in self._new:
            self._see([key])  # subscribed to before: it may have come while nobody wanted it
        self._wanted[key].append(waiter)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(), name="farthing-results")
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            self._wanted[key].remove(waiter)
            if not self._wanted[key]:
                del self._wanted[key]
                self._change(key, self._new, self._gone)

    def _change(self, key: str, undone: set[str], done: set[str]) -> None:
        """What was not begun need not be undone."""
        if key in undone:
            undone.remove(key)
        else:
            done.add(key)
            self._changed.set()

    async def aclose(self) -> None:
        """Close the connections; whoever still waits gets StoreUnavailable."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _follow(self) -> None:
        """Keep a session open; give up, with all waiters, when Redis stays away."""
        self._down_since = None
        reason = "the client was closed"
        clock = asyncio.get_running_loop().time
        try:
            while True:
                fault: BaseException | None = None
                try:
                    await self._session()
                except (RedisError, OSError) as error:
                    fault = error
                _end_if_cancelled()
                self._down_since = self._down_since or clock()
                if isinstance(fault, AuthenticationError) or clock() - self._down_since > OUTAGE_S:
                    reason = f"cannot be reached: {fault}"
                    return
                await asyncio.sleep(RETRY_S)
        finally:
            for key in self._wanted:
                self._resolve(key, StoreUnavailable("result", reason))

    async def _session(self) -> None:
        once = Retry(NoBackoff(), 0)
        given = {"retry": once, "socket_connect_timeout": 2, "socket_keepalive": True}
        async with _connected(self._url, **given) as client, client.pubsub() as channel:
            await channel.connect()
            _end_if_cancelled()
            self._down_since = None
            self._new, self._gone, self._unseen = set(self._wanted), set(), []
            self._changed.set()
            works = (self._subscribe(channel), self._listen(channel), self._look(client))
            tasks = [asyncio.create_task(work) for work in works]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()  # raises what ended it

    async def _subscribe(self, channel: PubSub) -> None:
        """Keep the subscriptions equal to what is wanted. Only this task writes to the subscription's socket."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            new, self._new, gone, self._gone = self._new, set(), self._gone, set()
            # A key that was dropped and is wanted again is in both: it is subscribed to last.
            if gone:
                await channel.unsubscribe(*gone)
            if new:
                await channel.subscribe(*new)
            _end_if_cancelled()

    async def _listen(self, channel: PubSub) -> None:
        """Hand on what is published."""
        while True:
            message = await channel.get_message(timeout=LOOK_AGAIN_S)
            _end_if_cancelled()
            if message is None:
                self._see(list(self._wanted))
            elif message["type"] == "subscribe":
                self._see([message["channel"].decode()])
            elif message["type"] == "message":
                self._arrived(message["channel"].decode(), message["data"])

    def _see(self, keys: list[str]) -> None:
        self._unseen += keys
        self._standing.set()

    async def _look(self, client: Redis) -> None:
        """Look up each key once its subscription stands: nothing falls between. Many at once, where many are new."""
        while True:
            await self._standing.wait()
            keys, self._unseen = self._unseen[:LOOKED_UP_AT_ONCE], self._unseen[LOOKED_UP_AT_ONCE:]
            if not keys:
                self._standing.clear()
                continue
            for key, data in zip(keys, await client.mget(keys), strict=True):
                if data is not None:
                    self._arrived(key, data)
            _end_if_cancelled()

    def _arrived(self, key: str, data: Any) -> None:
        try:
            value = self._read(data)
        except FarthingError as error:
            self._resolve(key, error)
        else:
            if value is not None:
                self._resolve(key, value)

    def _resolve(self, key: str, outcome: T | FarthingError) -> None:
        for future, mine in self._wanted.get(key, ()):
            if future.done():
                continue
            if isinstance(outcome, FarthingError):
                future.set_exception(outcome)
            elif mine(outcome):
                future.set_result(outcome)


@asynccontextmanager
async def _connected(url: str, **given: Any) -> AsyncIterator[Redis]:
    """A client, whose connections, and those to Sentinels, are closed at the end."""
    found = addresses.sentinels(url)
    if found is None:
        async with Redis.from_url(url, **given) as client:
            yield client
        return
    asked: Any = Sentinel(found.hosts, sentinel_kwargs={"socket_timeout": 2.0, **found.sentinel_kwargs})  # type: ignore[no-untyped-call]
    master: Redis = asked.master_for(found.master, **found.master_kwargs, **given)
    try:
        yield master
    finally:
        await master.aclose(close_connection_pool=True)
        for one in asked.sentinels:
            await one.aclose(close_connection_pool=True)


def _end_if_cancelled() -> None:
    """Raise the cancellation that ``asyncio.wait_for``, under redis-py, may have swallowed (before Python 3.12)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class LoopThread:
    """An event loop in a daemon thread, for callers that have none."""

    def __init__(self) -> None:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=_serve, args=(ready,), name="farthing-results", daemon=True)
        self._thread.start()
        self._loop, self._end = ready.result()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """The result of ``work``, or what it raised; an interrupted caller takes the work with it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except CancelledError:
            raise StoreUnavailable("result", "the client was closed") from None
        finally:
            future.cancel()

    def close(self) -> None:
        """End the loop; its tasks are cancelled and clean up."""
        self._loop.call_soon_threadsafe(self._end.set)
        if threading.current_thread() is not self._thread:  # the garbage collector may call from there
            self._thread.join(CLOSE_S)


def _serve(ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
    async def until_the_end() -> None:
        end = asyncio.Event()
        ready.set_result((asyncio.get_running_loop(), end))
        await end.wait()

    asyncio.run(until_the_end())
