"""The fleet against an empty Celery task and an empty chain of four, on one broker, in one run."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery

from tests.benchmarks import empty
from tests.benchmarks.measure import percentile, spread, timed_ms
from workers.client import Farthing
from workers.demo.standin import StandInProcess
from workers.fleet.children import Children
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.fleet.fleet import Fleet
from workers.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROUNDS = 5
ONE_BY_ONE = 80  # jobs per round whose latency is measured, one at a time
AT_ONCE = 300  # jobs per round whose throughput is measured, all at once
SAME_AS = {"empty-1": "cache-lookup", "empty-2": "classify", "empty-3": "compress-context", "empty-4": "model-call"}


class Bench:
    """Both fleets, and a client that waits for either in the same way."""

    def __init__(self, client: Farthing) -> None:
        self.client = client
        self.salt = uuid.uuid4().hex[:6]
        self.asked = 0

    def job(self, question: str) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": question}], "tenant": "bench", "deadline_s": 120}

    def send(self, task: str, queue: str, job: dict[str, Any]) -> str:
        sent = str(uuid.uuid4())
        self.client._app.send_task(task, args=[job], task_id=sent, queue=queue)
        return sent

    def wait(self, task_id: str) -> dict[str, Any]:
        return self.client._background().run(self.client._outcome(task_id, 120))

    def wait_all(self, ids: Iterable[str]) -> None:
        import asyncio

        async def all_of_them() -> None:
            await asyncio.gather(*(self.client._outcome(task_id, 120) for task_id in ids))

        self.client._background().run(all_of_them())

    def fresh(self) -> str:
        """A question that nobody asked and no reworded entry can answer."""
        self.asked += 1
        return f"What is the stock of article {self.salt}{self.asked:06d}x in depot {self.asked}?"

    def kinds(self) -> dict[str, Callable[[], str]]:
        known = "How do I reset my password?"
        return {
            "empty task": lambda: self.send(empty.ONE, "empty-1", self.job(known)),
            "exact hit": lambda: self.send("chat.cache_lookup", "cache-lookup", self.job(known)),
            "empty chain": lambda: self.send(empty.FOUR, "empty-1", self.job(known)),
            "miss": lambda: self.send("chat.cache_lookup", "cache-lookup", self.job(self.fresh())),
        }


def run() -> dict[str, Any]:
    """Latency (ms), throughput (jobs/s) and ratios, with spread over rounds; the stand-in model answers at once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="farthing-bench-")))
        redis = stack.enter_context(EmbeddedRedis())
        model = stack.enter_context(StandInProcess(speed=0.0))
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("FARTHING_", "OPENAI_"))},
            "FARTHING_BROKER_URL": redis.url,
            "FARTHING_STATE_DIR": str(folder),
            "FARTHING_FLOWER_PASSWORD": "bench",
            "FARTHING_LOG_LEVEL": "WARNING",
            "OPENAI_API_KEY": "stand-in",
            "OPENAI_BASE_URL": model.url,
        }
        began = time.perf_counter()
        fleet = stack.enter_context(Fleet(environ, folder=folder / "logs"))
        start_s = time.perf_counter() - began
        _start_empty(stack, environ, folder)
        bench = Bench(stack.enter_context(Farthing(redis.url, environ={})))
        first_ms = timed_ms(lambda: bench.wait(bench.kinds()["miss"]()))
        found = {"start_of_all_processes_s": round(start_s, 1), "first_job_ms": round(first_ms), **_measured(bench)}
        found["memory_mb"] = {name: round(_resident_mb(process.pid)) for name, process in fleet._processes.items()}
    return found


def _start_empty(stack: ExitStack, environ: dict[str, str], folder: Path) -> None:
    children = stack.enter_context(Children(grace_s=2))
    settings = {queue.name: queue for queue in QUEUES}
    for name, alike in SAME_AS.items():
        command = [part.replace(alike, name) for part in settings[alike].command()]
        command[1] = "tests.benchmarks.empty"
        children.start([sys.executable, "-m", "celery", *command], folder / f"{name}.log", environ=environ)
    with Celery("bench", broker=environ["FARTHING_BROKER_URL"], set_as_current=False) as app:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            served = app.control.inspect(timeout=0.5).active_queues() or {}
            if {queue["name"] for queues in served.values() for queue in queues} >= set(SAME_AS):
                return
    raise RuntimeError("the empty workers did not start")


def _measured(bench: Bench) -> dict[str, Any]:
    kinds = bench.kinds()
    for send in kinds.values():  # warm: connections, scripts, the known question in the cache
        for _ in range(5):
            bench.wait(send())
        time.sleep(0.3)
    p50: dict[str, list[float]] = {name: [] for name in kinds}
    p99: dict[str, list[float]] = {name: [] for name in kinds}
    rate: dict[str, list[float]] = {name: [] for name in kinds}
    model_ms: list[float] = []
    for _ in range(ROUNDS):
        for name, send in kinds.items():
            took = [timed_ms(lambda send=send: bench.wait(send())) for _ in range(ONE_BY_ONE)]
            p50[name].append(percentile(took, 0.5))
            p99[name].append(percentile(took, 0.99))
        for name, send in kinds.items():
            began = time.perf_counter()
            bench.wait_all([send() for _ in range(AT_ONCE)])
            rate[name].append(AT_ONCE / (time.perf_counter() - began))
        answer = bench.wait(kinds["miss"]())
        model_ms.append(answer["timings_ms"]["model"])
    began = time.perf_counter()
    sent = [kinds["exact hit"]() for _ in range(1_000)]
    enqueued = 1_000 / (time.perf_counter() - began)
    bench.wait_all(sent)
    hit = [h / e for h, e in zip(p50["exact hit"], p50["empty task"], strict=True)]
    miss = [(m - own) / c for m, own, c in zip(p50["miss"], model_ms, p50["empty chain"], strict=True)]
    return {
        "latency_p50_ms": {name: spread(values) for name, values in p50.items()},
        "latency_p99_ms": {name: spread(values) for name, values in p99.items()},
        "jobs_per_s": {name: spread(values) for name, values in rate.items()},
        "enqueue_per_s": round(enqueued),
        "model_ms": spread(model_ms),
        "ratio_hit_to_empty_task": spread(hit),
        "ratio_miss_without_model_to_empty_chain": spread(miss),
    }


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
