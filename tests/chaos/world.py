"""A fleet of real processes on a real Redis, with a provider that counts, and callers that wait."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import redis

from pipelines.errors import FarthingError
from workers.client import Farthing
from workers.demo.standin import StandIn
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.fleet.fleet import Fleet
from workers.store import lists

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.message import Message

MEND_EVERY_S = 0.2
REPEATS = 0.3  # share of jobs that ask what was asked before


@dataclass(slots=True)
class Caller:
    """One job as its caller saw it."""

    question: str
    tenant: str
    error: str = ""
    text: str | None = None
    waited_s: float = 0.0

    @property
    def wrong(self) -> bool:
        """Another question's answer?"""
        return self.text is not None and self.question not in self.text


class World:
    """``answers_after_s``: how long the provider takes. With ``with``; the fleet is ready then."""

    def __init__(self, answers_after_s: float = 0.3, **environ: str) -> None:
        self._after_s, self._environ = answers_after_s, environ
        self.callers: list[Caller] = []
        self._rng = random.Random(1)
        self._asked = 0
        self._over = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="farthing-chaos-")))
            self.redis = stack.enter_context(EmbeddedRedis(folder=self.folder / "redis"))
            self.provider = stack.enter_context(StandIn(speed=0.0))
            self.provider.voice = self._speak
            environ = {
                name: value for name, value in os.environ.items() if not name.startswith(("FARTHING_", "OPENAI_"))
            }
            environ |= {"FARTHING_BROKER_URL": self.redis.url, "FARTHING_STATE_DIR": str(self.folder)}
            environ |= {"FARTHING_LOG_LEVEL": "WARNING", "OPENAI_API_KEY": "x", "OPENAI_BASE_URL": self.provider.url}
            environ |= {"FARTHING_FLOWER_PASSWORD": "chaos", **self._environ}
            self.fleet = stack.enter_context(Fleet(environ, folder=self.folder / "logs"))
            self.client = stack.enter_context(Farthing(self.redis.url, environ={}))
            self.broker: Any = redis.Redis.from_url(self.redis.url)
            stack.callback(self.broker.close)
            mends = threading.Thread(target=self._mend, daemon=True)
            mends.start()
            stack.callback(mends.join)
            stack.callback(self._over.set)
            self.client.ask("Is anybody there?", timeout_s=60)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def load(self, rate: float, seconds: float, *, tenant: str = "acme", deadline_s: float = 60.0) -> list[Caller]:
        """``rate`` jobs a second, each waited for; returns when the last has its answer or error."""

        async def run() -> list[Caller]:
            running, began = [], time.monotonic()
            while (passed := time.monotonic() - began) < seconds:
                if len(running) <= passed * rate:
                    running.append(asyncio.create_task(self._ask(self._caller(tenant), deadline_s)))
                await asyncio.sleep(0.005)
            return await asyncio.gather(*running)

        return asyncio.run(run())

    def together(self, question: str, many: int) -> list[Caller]:
        """The very same question, ``many`` times at once."""

        async def run() -> list[Caller]:
            callers = [Caller(question, "acme") for _ in range(many)]
            return await asyncio.gather(*(self._ask(caller, 60.0) for caller in callers))

        return asyncio.run(run())

    def kill(self, name: str) -> None:
        """SIGKILL to a queue's worker; it is started again, as whatever runs it would."""
        with suppress(ProcessLookupError):
            os.kill(self.fleet._processes[name].pid, signal.SIGKILL)

    def calls(self) -> int:
        """Completions that the provider was asked for."""
        return len(self.provider.requests)

    def twice(self) -> int:
        """Calls beyond the first of each question."""
        asked = [str(request["messages"][-1]["content"]) for request in self.provider.requests]
        return len(asked) - len(set(asked))

    def in_hands(self) -> int:
        """Messages that some worker holds, alive or dead."""
        return sum(self.broker.hlen(key) for key in self.broker.keys(f"{lists.HANDS}*"))

    def usage(self) -> dict[str, tuple[float, int, int]]:
        """Of each process: resident MB, open files, threads."""
        found = {}
        for name, process in self.fleet._processes.items():
            at = Path(f"/proc/{process.pid}")
            status = dict(line.split(":", 1) for line in (at / "status").read_text().splitlines())
            resident = int(status["VmRSS"].split()[0]) / 1024
            found[name] = (resident, len(list((at / "fd").iterdir())), int(status["Threads"]))
        return found

    def _caller(self, tenant: str) -> Caller:
        earlier = [caller.question for caller in self.callers[:-40] if caller.tenant == tenant]
        if earlier and self._rng.random() < REPEATS:
            made = Caller(self._rng.choice(earlier), tenant)
        else:
            self._asked += 1
            made = Caller(f"What is the stock of article {uuid.uuid4().hex[:6]}x in depot {self._asked}?", tenant)
        self.callers.append(made)
        return made

    async def _ask(self, caller: Caller, deadline_s: float) -> Caller:
        began, job_id = time.monotonic(), str(uuid.uuid4())
        until = began + deadline_s + 5
        while True:
            try:
                answer = await self.client.aask(
                    caller.question,
                    tenant=caller.tenant,
                    job_id=job_id,
                    deadline_s=deadline_s,
                    timeout_s=max(0.1, until - time.monotonic()),
                )
                caller.text, caller.error = answer.text, ""
            except FarthingError as error:
                caller.error = type(error).__name__
                if caller.error == "StoreUnavailable" and time.monotonic() < until:
                    await asyncio.sleep(0.5)  # the same id again: it is one job
                    continue
            caller.waited_s = time.monotonic() - began
            return caller

    def _speak(self, messages: Sequence[Message]) -> str:
        time.sleep(self._after_s)
        return f"You asked: {messages[-1].text} The answer is forty-two, and that is all there is to say about it."

    def _mend(self) -> None:
        while not self._over.wait(MEND_EVERY_S):
            self.fleet._ended.clear()  # killed on purpose: no reason to give up
            self.fleet.mend()


def during(work: Callable[[], Any], meanwhile: Callable[[], Any]) -> Any:
    """What ``work`` returned, with ``meanwhile`` beside it."""
    beside = threading.Thread(target=meanwhile)
    beside.start()
    try:
        return work()
    finally:
        beside.join()
