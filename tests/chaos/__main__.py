"""`make chaos`: each way to break a fleet, one line each, PASS or FAIL and what its callers saw."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import redis

from tests.chaos.world import World, during
from tests.unit.workers.broker.test_envelope import BAD
from tests.waiting import until
from workers.demo.standin import Fault
from workers.queues import QUEUES
from workers.store import lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.world import Caller

LONG = ("soak",)
ON_PATH = tuple(queue.name for queue in QUEUES if queue.name != "maintenance")


def figures(callers: list[Caller]) -> dict[str, Any]:
    """What the callers saw; ``lost``: neither an answer nor an error came."""
    waits = sorted(caller.waited_s for caller in callers if caller.text is not None) or [0.0]
    errors: dict[str, int] = {}
    for caller in callers:
        if caller.error:
            errors[caller.error] = errors.get(caller.error, 0) + 1
    return {
        "jobs": len(callers),
        "answered": sum(caller.text is not None for caller in callers),
        "lost": errors.pop("AnswerTimeout", 0),
        "wrong": sum(caller.wrong for caller in callers),
        "errors": errors,
        "p50_s": round(statistics.median(waits), 2),
        "p95_s": round(waits[int(0.95 * len(waits))], 2),
        "max_s": round(waits[-1], 2),
    }


def well(found: dict[str, Any]) -> bool:
    """Everybody got the right answer."""
    return bool(found["answered"] == found["jobs"] and not found["wrong"])


def killed() -> tuple[bool, dict[str, Any]]:
    """Every four seconds one worker gets SIGKILL."""
    with World() as world:
        rng = random.Random(1)

        def kill() -> None:
            for _ in range(7):
                time.sleep(4)
                world.kill(rng.choice(ON_PATH))

        found = figures(during(lambda: world.load(15, 30), kill))
        found |= {"calls": world.calls(), "paid_twice": world.twice()}
        until(lambda: world.in_hands() == 0, within_s=30)
        return well(found), found


def leader() -> tuple[bool, dict[str, Any]]:
    """A hundred ask the same; the worker that asks the model for all of them is killed while it waits."""
    with World(answers_after_s=2.0) as world:
        before = world.calls()

        def kill() -> None:
            time.sleep(1.5)
            world.kill("model-call")

        found = figures(during(lambda: world.together("How deep is the pond behind the mill?", 100), kill))
        found["calls"] = world.calls() - before
        return well(found) and found["calls"] <= 2, found


def cut() -> tuple[bool, dict[str, Any]]:
    """Every two seconds the broker cuts all its connections."""
    with World() as world:

        def cuts() -> None:
            for _ in range(8):
                time.sleep(2)
                world.broker.client_kill_filter(_type="normal", skipme=True)

        found = figures(during(lambda: world.load(15, 18), cuts))
        found |= {"calls": world.calls(), "paid_twice": world.twice()}
        return well(found), found


def poisoned() -> tuple[bool, dict[str, Any]]:
    """Rubbish of every known kind on every queue, under load."""
    with World() as world:

        def poison() -> None:
            time.sleep(3)
            for queue in ON_PATH:
                world.broker.lpush(queue, *BAD.values())

        found = figures(during(lambda: world.load(10, 15), poison))
        found["put_aside"] = world.broker.llen(lists.DEAD)
        return well(found) and found["put_aside"] > 0, found


def flood() -> tuple[bool, dict[str, Any]]:
    """A thousand jobs of one tenant at once, and another's, two a second."""
    with World(answers_after_s=0.1) as world:
        idle = figures(world.load(2, 6, tenant="idle"))
        jobs = [
            {"messages": [{"role": "user", "content": f"How many of article {n}x are left?"}], "tenant": "a"}
            for n in range(1000)
        ]
        for job in jobs:
            world.client._app.send_task("chat.cache_lookup", [job], queue="cache-lookup")
        found = figures(world.load(2, 15, tenant="b"))
        found |= {"idle_p50_s": idle["p50_s"], "slower": round(found["p50_s"] / max(idle["p50_s"], 0.01), 1)}
        return well(found) and found["p95_s"] < 5, found


def provider() -> tuple[bool, dict[str, Any]]:
    """The only provider is away for ten seconds, then asks for time."""
    with World() as world:

        def fail() -> None:
            time.sleep(2)
            world.provider.faults.extend([Fault(status=500)] * 6)
            time.sleep(8)
            world.provider.faults.append(Fault(status=429, headers={"retry-after": "3"}))

        found = figures(during(lambda: world.load(6, 15), fail))
        return well(found), found


def full() -> tuple[bool, dict[str, Any]]:
    """The broker has no room for ten seconds."""
    with World() as world:

        def fill() -> None:
            time.sleep(4)
            world.broker.config_set("maxmemory", 1)
            time.sleep(10)
            world.broker.config_set("maxmemory", 0)

        found = figures(during(lambda: world.load(10, 18), fill))
        return well(found), found


def soak(seconds: float = 600.0) -> tuple[bool, dict[str, Any]]:
    """Ten minutes at half of what the machine does, a worker killed each minute: what grows?"""
    with World(answers_after_s=0.2) as world:
        world.load(8, 60)  # warm
        before, keys = world.usage(), world.broker.dbsize()

        def kill() -> None:
            for minute in range(int(seconds // 60)):
                time.sleep(60)
                world.kill(("write-back", "classify", "compress-context")[minute % 3])

        found = figures(during(lambda: world.load(8, seconds), kill))
        after, lived = world.usage(), ("cache-lookup", "model-call", "maintenance")
        minutes = seconds / 60
        found["mb_a_minute"] = {name: round((after[name][0] - before[name][0]) / minutes, 2) for name in lived}
        found["files"] = {name: f"{before[name][1]} -> {after[name][1]}" for name in lived}
        found["threads"] = {name: f"{before[name][2]} -> {after[name][2]}" for name in lived}
        found["keys_a_job"] = round((world.broker.dbsize() - keys) / found["jobs"], 2)
        found["hands_left"] = world.in_hands()
        return well(found) and max(found["mb_a_minute"].values()) < 1 and not found["hands_left"], found


SCENARIOS: dict[str, Callable[[], tuple[bool, dict[str, Any]]]] = {
    one.__name__: one for one in (killed, leader, cut, poisoned, flood, provider, full, soak)
}


def main() -> None:
    """Run those named, or all; exit status 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SCENARIOS, []], help="which; all but the long ones without it")
    passed = True
    for name in parser.parse_args().names or [name for name in SCENARIOS if name not in LONG]:
        began = time.monotonic()
        try:
            ok, found = SCENARIOS[name]()
        except (OSError, redis.RedisError, AssertionError) as error:
            ok, found = False, {"harness": f"{type(error).__name__}: {error}"}
        passed &= ok
        print(
            f"{name}: {'PASS' if ok else 'FAIL'} {json.dumps({'seconds': round(time.monotonic() - began), **found})}",
            flush=True,
        )
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
