"""What `farthing top` and the doctor say of a fleet, from what its Redis holds."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis
from click.testing import CliRunner

from pipelines.journey import SUBMITTED_AT, TENANT
from tests.unit.workers.broker.test_envelope import raw
from workers.broker import parking
from workers.cli import doctor_fleet, main
from workers.config.settings import Settings
from workers.queues import QUEUES
from workers.store import keys, lists

if TYPE_CHECKING:
    from workers.cli.check import Check

EVERY = {queue.name for queue in QUEUES}


class Beating:
    """A Redis in which workers seem to beat: each look finds their counters moved."""

    def __init__(self, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.names = client, list[str]()
        monkeypatch.setattr(time, "sleep", self.beat)

    def beat(self, _: float) -> None:
        for name in self.names:
            self.client.hincrby(lists.BEATS, name, 1)

    def worker(self, name: str, *queues: str, beats: bool = True, up_s: float = 10.0, **about: str) -> None:
        self.client.hset(lists.BEATS, name, 1)
        card = {"queues": queues, "since": time.time() - up_s, **about}
        self.client.hset(lists.WORKERS, name, json.dumps(card))
        if beats:
            self.names.append(name)


@pytest.fixture
def fleet(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Beating:
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    monkeypatch.setenv("FARTHING_BROKER_URL", redis_url)
    return Beating(client, monkeypatch)


def examined(served: set[str] = EVERY) -> dict[str, Check]:
    return {check.name: check for check in doctor_fleet.examine(Settings.from_env(), served)}


def test_a_fleet_that_is_well(fleet: Beating) -> None:
    for queue in EVERY:
        fleet.worker(f"w-{queue}", queue, version="1")
    assert {check.state for check in examined().values()} == {"ok"}


def test_what_is_wrong_with_a_fleet_is_named(fleet: Beating) -> None:
    fleet.worker("quick", "classify", version="1", secret="a", encoder="x", up_s=500)
    fleet.worker("silent", "model-call", version="2", secret="b", beats=False, up_s=500)
    old = raw(id="j-1", **{SUBMITTED_AT: time.time() - 100})
    fleet.client.lpush(lists.waiting_in("model-call", 12), old)
    fleet.client.rpush(lists.DEAD, parking.letter(old, "classify", "its worker died of it"))
    fleet.client.set(keys.SWEPT, time.time() - 400)
    found = examined(EVERY - {"write-back"})
    assert "no worker answers on write-back" in found["workers"].says
    assert found["workers"].state == "broken"
    assert "silent" in found["beats"].says
    assert found["workers' version"].says == "differs: 1: classify; 2: model-call"
    assert "FARTHING_SECRET" in found["workers' secret"].mend
    assert "workers' encoder" not in found
    assert "1 wait in model-call, the oldest for 100 s" in found["backlog"].says
    assert found["beat"].state == "warning"
    assert "farthing jobs stuck" in found["dead letters"].mend


def test_no_fleet_is_no_fault_until_jobs_wait(fleet: Beating) -> None:
    assert examined(set())["workers"].state == "warning"
    fleet.client.lpush("cache-lookup", raw())
    assert examined(set())["workers"].state == "broken"


def test_messages_in_hands_that_nobody_knows(fleet: Beating) -> None:
    fleet.client.hset(lists.hand("gone"), "1|classify", raw())
    assert "1 messages are in hands" in examined()["beats"].says


def test_a_redis_that_is_nearly_full_says_what_fills_it(fleet: Beating) -> None:
    fleet.client.set("celery-task-meta-1", "x" * 8_000_000)  # beside it, what comes and goes is little
    used = fleet.client.info("memory")["used_memory"]
    fleet.client.config_set("maxmemory", int(used / 0.85))
    try:
        found = examined()
    finally:
        fleet.client.config_set("maxmemory", 0)
    room = next(check for name, check in found.items() if name.startswith("room on"))
    assert room.state == "warning"
    assert "most of it: Celery's results" in room.says


def test_top_prints_queues_lanes_workers_and_what_moves(fleet: Beating) -> None:
    fleet.worker("w-1", "model-call", version="1")
    fleet.worker("w-2", "classify", beats=False)
    fleet.client.hset(lists.hand("w-1"), "7|model-call", raw())
    fleet.client.lpush("model-call", raw(**{TENANT: "acme", SUBMITTED_AT: time.time() - 5}))
    fleet.client.hset(keys.HEALTH, "openai", json.dumps([3, 1, time.time() + 9]))
    found = json.loads(CliRunner().invoke(main, ["top", "--json"]).output)
    called = next(queue for queue in found["queues"] if queue["name"] == "model-call")
    assert (called["waiting"], called["in_hand"]) == (1, 1)
    assert 4 < called["oldest_s"] < 60
    assert found["rates"]["silent_workers"] == ["w-2"]
    assert found["providers"][0]["state"] == "left alone"
    assert found["redis"][0]["roles"] == ["broker", "result", "cache", "ledger"]
    page = CliRunner().invoke(main, ["top", "--once"]).output
    for said in ("model-call", "silent", "left alone", "all roles"):
        assert said in page
