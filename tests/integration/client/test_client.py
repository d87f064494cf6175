"""The client against a real worker on the embedded Redis, with a stand-in for the journey."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from celery import current_app

from pipelines.answer import Route, Usage
from pipelines.errors import (
    JobInvalid,
    PriceUnknown,
)
from tests.integration.client.conftest import ERRORS
from workers.client import Farthing

if TYPE_CHECKING:
    from workers.fleet.embedded_redis import EmbeddedRedis


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
