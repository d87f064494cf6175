"""Broker or result store away, full, restarted, broken: named, and no job lost."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest
import redis

from pipelines.errors import (
    StoreUnavailable,
)
from workers import results
from workers.client import Farthing
from workers.fleet.embedded_redis import EmbeddedRedis, free_port

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_send_that_breaks_inside_the_library_is_our_error(
    farthing: Farthing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'client'")

    monkeypatch.setattr(farthing._app, "send_task", broken)
    with pytest.raises(StoreUnavailable, match="the connection was lost"):
        farthing.submit("hello")
