"""The client against a real worker on the embedded Redis, with a stand-in for the journey."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery import Celery, current_app
from celery.contrib.testing.worker import start_worker

from pipelines.answer import Answer, Route, Usage
from pipelines.errors import (
    AnswerTimeout,
    DeadlineExceeded,
    FarthingError,
    JobInvalid,
    PriceUnknown,
    ProviderFailed,
    ProvidersExhausted,
    StoreUnavailable,
    UnknownModel,
)
from workers import client as client_module
from workers import results
from workers.client import Farthing
from workers.fleet.embedded_redis import EmbeddedRedis, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ERRORS: dict[str, Exception] = {
    "deadline": DeadlineExceeded(30.0, "classify"),
    "provider": ProviderFailed("openai", "rate limited", 429, True, 2.5),
    "exhausted": ProvidersExhausted(["a: 上游超时", "b: 503"]),
    "price": PriceUnknown("gpt-x", "openai"),
    "model": UnknownModel("gpt-x", ["gpt-4o"]),
    "job": JobInvalid("messages[0].role", "'bot'", "one of user"),
    "store": StoreUnavailable("cache", "timed out"),
    "foreign": LookupError("nothing here"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis() as started:
        yield started


@pytest.fixture(scope="module")
def seen() -> list[dict[str, Any]]:
    """What the worker received."""
    return []


@pytest.fixture(scope="module")
def _worker(server: EmbeddedRedis, seen: list[dict[str, Any]]) -> Iterator[None]:
    before = current_app._get_current_object()
    app = Celery("stand-in", broker=server.url, backend=server.url)
    app.conf.update(accept_content=["json"], task_serializer="json", result_serializer="json", result_expires=600)

    @app.task(name="chat.cache_lookup", bind=True, shared=False)
    def cache_lookup(self: Any, job: dict[str, Any]) -> dict[str, Any]:
        seen.append({"job": job, "id": self.request.id, "headers": self.request.headers})
        told = job["metadata"]
        if "raises" in told:
            raise ERRORS[told["raises"]]
        if "slow_s" in told:
            self.update_state(state="PROGRESS", meta={"half": "way"})
            time.sleep(told["slow_s"])
        return Answer(
            text=f"re: {job['messages'][-1]['content']}",
            source="model",
            usage=Usage(41, 0, 88),
            cost_usd=Decimal("0.000059"),
            route=Route("economy", 0.12, "short"),
            job_id=self.request.id,
        ).encode()

    @app.task(name="cache.feedback", shared=False)
    def feedback(job_id: str, rating: str, correction: str | None) -> dict[str, Any]:
        return {"job_id": job_id, "rating": rating, "correction": correction}

    queues = ["cache-lookup", "maintenance"]
    with start_worker(app, pool="threads", concurrency=8, queues=queues, perform_ping_check=False):
        yield
    before.set_current()


@pytest.fixture
def farthing(server: EmbeddedRedis, _worker: None) -> Iterator[Farthing]:
    with Farthing(server.url) as made:
        yield made


def connections(server: EmbeddedRedis) -> list[dict[str, str]]:
    with redis.Redis.from_url(server.url) as monitor:
        return list(monitor.client_list())


def test_a_client_that_was_used_before_a_fork_works_after_it(farthing: Farthing) -> None:
    assert farthing.ask("before", timeout_s=20).text == "re: before"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.write(write, farthing.ask("after", timeout_s=20).text.encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as said:
        assert said.read() == b"re: after"
    os.waitpid(child, 0)
    assert farthing.ask("still", timeout_s=20).text == "re: still"


@pytest.mark.parametrize("question", ["How do I reset my password?", "怎么重设登录密码?"])
def test_ask_brings_the_answer(farthing: Farthing, question: str) -> None:
    answer = farthing.ask(question, tenant="acme", timeout_s=30)
    assert answer.text == f"re: {question}"
    assert answer.usage == Usage(41, 0, 88)
    assert answer.cost_usd == Decimal("0.000059")
    assert answer.route == Route("economy", 0.12, "short")


def test_the_job_is_checked_complete_and_under_the_callers_id(farthing: Farthing, seen: list[dict[str, Any]]) -> None:
    before = time.time()
    messages = [{"role": "system", "content": "简短"}, {"role": "user", "content": "退款?"}]
    sent = farthing.submit(messages, tenant="acme", job_id="订单-17", params={"temperature": 0}, user=None)
    assert sent == "订单-17"
    assert farthing.result(sent, 30).job_id == sent
    got = next(item for item in seen if item["id"] == sent)
    assert got["job"]["messages"] == messages
    assert got["job"]["tenant"] == "acme"
    assert got["job"]["deadline_s"] == 60.0
    assert before <= got["headers"]["farthing_submitted_at"] <= time.time()


def test_a_result_can_be_fetched_again_and_after_it_arrived(farthing: Farthing) -> None:
    job_id = farthing.submit("hello")
    assert farthing.result(job_id, 30) == farthing.result(job_id, 30)


@pytest.mark.parametrize("name", ERRORS)
def test_the_workers_error_is_raised_as_it_was(farthing: Farthing, name: str) -> None:
    with pytest.raises(type(ERRORS[name])) as caught:
        farthing.ask("hello", metadata={"raises": name}, timeout_s=30)
    assert caught.value.args == ERRORS[name].args
    assert vars(caught.value) == vars(ERRORS[name])
    assert str(caught.value) == str(ERRORS[name])


def test_each_waiter_gets_an_error_of_its_own(farthing: Farthing) -> None:
    async def both() -> list[Any]:
        job_id = await farthing.asubmit("hello", metadata={"raises": "price"})
        waits = (farthing.aresult(job_id, 30), farthing.aresult(job_id, 30))
        found = await asyncio.gather(*waits, return_exceptions=True)
        await farthing.aclose()
        return found

    first, second = asyncio.run(both())
    assert isinstance(first, PriceUnknown)
    assert isinstance(second, PriceUnknown)
    assert first is not second


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"messages": ""}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello", "colour": 1}, "colour"),
        ({"messages": "你好", "deadline_s": -1}, "deadline_s"),
        ({"messages": "hello", "job_id": ""}, "job_id"),
        ({"messages": "hello", "job_id": "a\nb"}, "job_id"),
        ({"messages": "hello", "job_id": "x" * 201}, "job_id"),
    ],
)
def test_a_malformed_job_is_refused_before_it_is_sent(
    farthing: Farthing, seen: list[dict[str, Any]], fields: dict[str, Any], field: str
) -> None:
    count = len(seen)
    with pytest.raises(JobInvalid) as caught:
        farthing.submit(**fields)
    assert caught.value.field == field
    assert farthing.ask("and the next one is answered", timeout_s=30)
    assert len(seen) == count + 1


def test_feedback_reaches_the_worker(farthing: Farthing) -> None:
    given = {"job_id": "j-1", "rating": "wrong", "correction": "七天内可退"}
    assert farthing.feedback("j-1", rating="wrong", correction="七天内可退", wait_s=30) == given
    assert farthing.feedback("j-1", rating="right") == {}
    with pytest.raises(JobInvalid, match="rating"):
        farthing.feedback("j-1", rating="meh")
    with pytest.raises(JobInvalid, match="correction"):
        farthing.feedback("j-1", rating="wrong", correction="\x00")


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


def test_a_broker_that_is_down_is_named_soon_and_without_the_password() -> None:
    url = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    began = time.monotonic()
    with Farthing(url) as farthing, pytest.raises(StoreUnavailable) as caught:
        farthing.submit("我的手机号是 13800138000")
    assert time.monotonic() - began < 15
    assert caught.value.role == "broker"
    assert "Connection refused" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "13800138000" not in str(caught.value)


def test_a_full_broker_is_named() -> None:
    def fill(farthing: Farthing) -> None:
        for _ in range(20):
            farthing.submit("x" * 100_000)

    refused = pytest.raises(StoreUnavailable, match=r"broker Redis: did not take the job: .*maxmemory")
    with EmbeddedRedis(maxmemory_mb=1) as small, Farthing(small.url) as farthing, refused:
        fill(farthing)


def test_a_broker_that_restarts_gets_the_job_under_the_same_id(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    back = threading.Event()

    def later() -> None:
        time.sleep(1.0)
        with EmbeddedRedis(tmp_path, port=port) as server:
            with redis.Redis.from_url(server.url) as admin:
                admin.config_set("requirepass", "")
            back.wait(30)

    thread = threading.Thread(target=later)
    thread.start()
    try:
        with Farthing(url) as farthing:
            assert farthing.submit("hello", job_id="same") == "same"
        with redis.Redis.from_url(url) as broker:
            (queued,) = broker.lrange("cache-lookup", 0, -1)
        assert json.loads(queued)["headers"]["id"] == "same"
    finally:
        back.set()
        thread.join()


@pytest.mark.parametrize(("url", "says"), [("down", "cannot be reached: Error 111"), ("password", "invalid username")])
def test_a_result_store_that_stays_away_is_named(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    monkeypatch.setattr(results, "OUTAGE_S", 0.5)
    password = server.url.split(":")[2].split("@")[0]
    bad = {"down": f"redis://127.0.0.1:{free_port()}/0", "password": server.url.replace(password, "guess")}[url]
    with Farthing(server.url, bad) as farthing, pytest.raises(StoreUnavailable, match=says) as caught:
        farthing.result("any", 30)
    assert caught.value.role == "result"


def test_rubbish_in_the_result_store_is_named(farthing: Farthing, server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set("celery-task-meta-rubbish", b"\xff not json")
    with pytest.raises(StoreUnavailable, match="holds no result of Celery's"):
        farthing.result("rubbish", 30)


def test_a_light_import_and_an_exit_without_a_word(server: EmbeddedRedis) -> None:
    code = """
import sys
from workers.client import Farthing
farthing = Farthing()
try:
    farthing.ask("hello", timeout_s=0.2)
except TimeoutError:
    pass
heavy = {"torch", "faiss", "numpy", "openai", "sqlalchemy", "structlog", "workers.app"} & set(sys.modules)
assert not heavy, heavy
"""
    # A web backend's own Celery settings must not capture our jobs.
    hijack = {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0", "CELERY_RESULT_BACKEND": "redis://127.0.0.1:1/0"}
    environ = {**os.environ, **hijack, "FARTHING_BROKER_URL": f"{server.url[:-1]}6"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr


def test_making_a_client_leaves_the_programs_own_celery_app_alone(server: EmbeddedRedis) -> None:
    before = current_app._get_current_object()
    with Farthing(server.url):
        assert current_app._get_current_object() is before


def test_a_clients_settings_are_two_urls_whatever_else_is_in_its_environment(server: EmbeddedRedis) -> None:
    environ = {
        "FARTHING_BROKER_URL": server.url,
        "FARTHING_BROKER_SERVICE_HOST": "10.0.0.7",
        "FARTHING_REPLICA_MB": "much",
        "FARTHING_COLOUR": "blue",
    }
    Farthing(environ=environ).close()


def test_a_send_that_breaks_inside_the_library_is_our_error(
    farthing: Farthing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'client'")

    monkeypatch.setattr(farthing._app, "send_task", broken)
    with pytest.raises(StoreUnavailable, match="AttributeError"):
        farthing.submit("hello")
