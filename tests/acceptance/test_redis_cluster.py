"""A fleet whose cache and ledger lie in a Redis Cluster: a node dies under load, every job is answered, nothing is paid
twice, and what was kept is served again.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import redis

from pipelines.errors import StoreUnavailable
from tests.acceptance.up import fleet_environ
from tests.nodes import Nodes
from tests.waiting import until
from workers.cli import doctor
from workers.client import Farthing
from workers.config.settings import Settings
from workers.demo.standin import StandIn
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.fleet.fleet import Fleet
from workers.fleet.state import Observer
from workers.store import keys
from workers.store.connection import connect

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

LOAD = [f"How do I fold garden chair number {number}x?" for number in range(60)]


def asked(model: StandIn) -> Counter[str]:
    return Counter(str(request["messages"][-1]["content"]) for request in model.requests)


def reached(url: str) -> bool:
    with connect(url) as client:
        try:
            return bool(client.set(keys.SWEPT, 0)) and bool(client.get(keys.FLIGHTS) is None)
        except (redis.RedisError, redis.exceptions.RedisClusterException):
            return False


def test_a_node_dies_under_load_and_every_job_is_answered(tmp_path: Path) -> None:
    (tmp_path / "nodes").mkdir()
    with Nodes(tmp_path / "nodes") as nodes, EmbeddedRedis() as broker, StandIn(speed=0.05) as model:
        environ = fleet_environ(broker.url, tmp_path, model.url)
        environ |= {"FARTHING_CACHE_URL": nodes.url, "FARTHING_LEDGER_URL": nodes.url}
        with Fleet(environ, folder=tmp_path / "logs") as fleet, Farthing(broker.url, environ=environ) as client:
            first = client.ask("Do you sell lamps?", timeout_s=60)
            assert first.source == "model"
            until(lambda: client.ask("Do you sell lamps?", timeout_s=60).source == "exact", within_s=30)
            assert doctored(environ) == {"cache Redis": "ok", "ledger Redis": "ok"}
            assert Counter(seen_roles(environ)) == {("broker", "result"): 1, ("cache", "ledger"): 3}

            sent: list[str] = []
            killing = threading.Event()

            def pour() -> None:
                for number, question in enumerate(LOAD):
                    if number == len(LOAD) // 3:
                        killing.set()
                    sent.append(submitted(client, question))

            pouring = threading.Thread(target=pour)
            pouring.start()
            assert killing.wait(60)
            nodes.kill(nodes.holder_of(keys.FLIGHTS))
            pouring.join(timeout=120)
            answers = [client.result(job_id, 90.0) for job_id in sent]
            assert len(answers) == len(LOAD)
            assert all(answer.text for answer in answers)
            # A call that was under way as the node died may be paid again: its mark was on that node alone.
            calls = asked(model)
            assert sum(calls[question] for question in LOAD) <= len(LOAD) + 8

            until(lambda: reached(nodes.url), within_s=30)
            until(lambda: client.ask("Do you sell lamps?", timeout_s=60).source == "exact", within_s=60)
            assert fleet.dead() == []


def submitted(client: Farthing, question: str) -> str:
    """As callers do who try again while nobody knows whose an id is."""
    found: list[str] = []

    def once() -> bool:
        try:
            found.append(client.submit(question, user=question))
        except StoreUnavailable:
            return False
        return True

    until(once, within_s=60, every_s=0.2)
    return found[0]


def doctored(environ: dict[str, str]) -> dict[str, str]:
    found = {check.name: check.state for check in doctor.examine(environ)}
    return {name: found[name] for name in ("cache Redis", "ledger Redis")}


def seen_roles(environ: dict[str, str]) -> list[tuple[str, ...]]:
    observer = Observer(Settings.from_env(environ))
    try:
        return [server.roles for server in observer.look().redis]
    finally:
        observer.close()
