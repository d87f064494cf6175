"""Waiting for answers: many on one subscription, on time, through cut connections."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import redis

from pipelines.errors import (
    AnswerTimeout,
    FarthingError,
)
from workers import client as client_module
from workers.client import Farthing
from workers.results import Waiting

if TYPE_CHECKING:
    from pipelines.answer import Answer
    from workers.fleet.embedded_redis import EmbeddedRedis


def connections(server: EmbeddedRedis) -> list[dict[str, str]]:
    with redis.Redis.from_url(server.url) as monitor:
        return list(monitor.client_list())


def test_waiting_ends_on_time_and_the_answer_can_still_be_fetched(farthing: Farthing) -> None:
    job_id = farthing.submit("slow", metadata={"slow_s": 1.5})
    began = time.monotonic()
    with pytest.raises(AnswerTimeout) as caught:
        farthing.result(job_id, 0.3)
    assert 0.3 <= time.monotonic() - began < 1.2
    assert caught.value.args == (job_id, 0.3)
    assert farthing.result(job_id, 30).text == "re: slow"


def test_ask_waits_a_little_longer_than_the_deadline(server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LATE_S", 0.2)
    with Farthing(f"{server.url[:-1]}5") as nobody_listens, pytest.raises(AnswerTimeout) as caught:
        nobody_listens.ask("hello", deadline_s=0.3)
    assert caught.value.waited_s == pytest.approx(0.5)


def test_five_hundred_waiters_share_one_subscription(farthing: Farthing, server: EmbeddedRedis) -> None:
    async def crowd() -> tuple[list[Answer], list[int], float]:
        counts: list[int] = []
        slowest = 0.0

        async def watch() -> None:
            nonlocal slowest
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0.01)
                slowest = max(slowest, time.perf_counter() - before - 0.01)

        watching = asyncio.create_task(watch())
        ids = [f"crowd-{number}" for number in range(500)]
        waits = [asyncio.create_task(farthing.aresult(job_id, 60)) for job_id in ids]
        await asyncio.gather(*(farthing.asubmit(f"问题 {job_id}", job_id=job_id) for job_id in ids[:250]))
        found = await asyncio.to_thread(connections, server)
        counts += [sum(int(c["sub"]) > 100 for c in found), sum(int(c["sub"]) > 0 for c in found)]
        await asyncio.gather(*(farthing.asubmit(f"问题 {job_id}", job_id=job_id) for job_id in ids[250:]))
        answers = await asyncio.gather(*waits)
        watching.cancel()
        counts.append(max(int(c["sub"]) for c in await asyncio.to_thread(connections, server)))
        await farthing.aclose()
        return answers, counts, slowest

    began = time.perf_counter()
    answers, (crowded, subscribed, left), slowest = asyncio.run(crowd())
    whole = time.perf_counter() - began
    assert [a.text for a in answers] == [f"re: 问题 crowd-{number}" for number in range(500)]
    assert crowded == 1
    assert subscribed <= 2  # ours, and the worker's own control channel
    assert left < 10, "channels of answered jobs were given up"
    assert slowest < whole / 2, "the event loop was blocked"  # a share: a busy machine slows both


def test_threads_share_one_subscription_too(farthing: Farthing, server: EmbeddedRedis) -> None:
    before = sum(int(c["sub"]) > 0 for c in connections(server))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: farthing.ask(f"q{n}", timeout_s=30), range(100)))
        assert sum(int(c["sub"]) > 0 for c in connections(server)) <= before + 1
    assert [a.text for a in answers] == [f"re: q{n}" for n in range(100)]


def test_a_cancelled_waiter_leaves_the_others_alone(farthing: Farthing) -> None:
    async def story() -> str:
        job_id = await farthing.asubmit("slow", metadata={"slow_s": 0.5})
        leaver = asyncio.create_task(farthing.aresult(job_id, 30))
        stayer = asyncio.create_task(farthing.aresult(job_id, 30))
        await asyncio.sleep(0.1)
        leaver.cancel()
        answer = await stayer
        assert leaver.cancelled()
        await farthing.aclose()
        return answer.text

    assert asyncio.run(story()) == "re: slow"


def test_waiting_survives_cut_connections(farthing: Farthing, server: EmbeddedRedis) -> None:
    async def story() -> str:
        job_id = await farthing.asubmit("slow", metadata={"slow_s": 1.0})
        wait = asyncio.create_task(farthing.aresult(job_id, 30))
        with redis.Redis.from_url(server.url) as admin:
            # Redis tells nobody when a client subscribes: look.
            while not any(int(c["sub"]) == 1 and c["cmd"] == "subscribe" for c in admin.client_list()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            admin.client_kill_filter(_type="pubsub")
        answer = await wait
        await farthing.aclose()
        return answer.text

    assert asyncio.run(story()) == "re: slow"


def test_closing_ends_the_waiting(server: EmbeddedRedis) -> None:
    farthing = Farthing(server.url)
    ended: list[FarthingError] = []

    def wait() -> None:
        try:
            farthing.result("never", 60)
        except FarthingError as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while not farthing._waiting:
        time.sleep(0.01)
    farthing.close()
    thread.join(10)
    assert [str(error) for error in ended] == ["result Redis: the client was closed"]


def test_who_comes_as_the_answer_does_has_it_too(redis_url: str) -> None:
    """The first waiter is answered, and has not left yet, when the second one comes."""

    async def both() -> list[bytes]:
        seconds: list[asyncio.Task[bytes]] = []

        def read(data: bytes) -> bytes:
            if not seconds:
                seconds.append(asyncio.create_task(waiting.value("as-it-comes", 10)))
            return data

        waiting: Waiting[bytes] = Waiting(redis_url, read)
        first = asyncio.create_task(waiting.value("as-it-comes", 10))
        with redis.Redis.from_url(redis_url) as stored:
            stored.set("as-it-comes", "x", ex=60)
            found = [await first, await seconds[0]]
        await waiting.aclose()
        return found

    assert asyncio.run(both()) == [b"x", b"x"]


def test_who_gave_up_and_comes_again_has_what_came_meanwhile(redis_url: str) -> None:
    async def again_and_again() -> int:
        waiting: Waiting[bytes] = Waiting(redis_url, lambda data: data)
        tries = 0
        with redis.Redis.from_url(redis_url) as stored:
            stored.delete("meanwhile")

            async def answer() -> None:
                await asyncio.sleep(0.05)
                stored.set("meanwhile", "x", ex=60)
                stored.publish("meanwhile", "x")

            answering = asyncio.create_task(answer())
            found = None
            while found is None:
                tries += 1
                with suppress(TimeoutError):
                    found = await waiting.value("meanwhile", 0.001 if tries < 500 else 5)
            await answering
        await waiting.aclose()
        return tries

    assert asyncio.run(again_and_again()) <= 500
