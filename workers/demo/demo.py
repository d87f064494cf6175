"""The demo: real traffic through the real fleet, on an embedded Redis and a stand-in model, before and after."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live

from pipelines.answer import Answer, usd
from pipelines.cache.entry import entry_id
from pipelines.errors import FarthingError
from pipelines.job import Job
from pipelines.routing import completion
from workers.client import Farthing
from workers.config.configuration import Configuration, load
from workers.config.settings import Settings
from workers.demo import questions, shop
from workers.demo.live import Board, closing
from workers.demo.standin import StandInProcess
from workers.fleet.children import Children
from workers.fleet.embedded_redis import EmbeddedRedis
from workers.fleet.fleet import GRACE_S as FLEET_GRACE_S
from workers.fleet.fleet import Fleet
from workers.fleet.signals import stoppable
from workers.jobs import reports
from workers.providers.openai_client import Providers
from workers.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.demo.questions import Question

COUNT = 400  # questions without --limit
SECONDS = 40.0  # the steady rate spreads the questions over about this long, unless --rate says otherwise
SLOWEST_RATE = 5.0  # questions a second
WAITERS = 64  # threads that wait for answers; the before run keeps as many calls open
PATIENCE_S = 60.0  # one job's deadline


@dataclass(slots=True)
class Outcome:
    """What one run of the questions brought, in the order asked; None where the job failed."""

    answers: list[Answer | None]
    latencies_ms: list[float] = field(default_factory=list)


def run(*, questions: Path | None, limit: int | None, rate: float | None, seed: int, quiet: bool) -> dict[str, Any]:
    """Run the demo and return its figures; prints a live view unless ``quiet``. Leaves nothing behind."""
    console = Console(quiet=quiet)
    asked = _questions(questions, limit, seed)
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        folder = Path(tempfile.mkdtemp(prefix="farthing-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # Should this process be killed: the folder goes once the fleet's processes have ended.
        stack.enter_context(Children(grace_s=FLEET_GRACE_S + 1, removes=folder))
        console.print(f"starting Redis, a stand-in model and one worker per queue for {len(asked)} questions …")
        environ = _environ(stack, folder, asked)
        fleet = stack.enter_context(Fleet(environ, folder=folder / "logs", flower_port=0))
        login = f"{environ['FARTHING_FLOWER_USER']} / {environ['FARTHING_FLOWER_PASSWORD']}"
        console.print(f"Flower: {fleet.flower_url}  (login {login}) while this runs")
        settings = Settings.from_env(environ)
        configuration = load(settings, environ)
        before = _before(configuration, asked, console, stop)
        after = _after(Farthing(environ=environ), asked, rate or max(len(asked) / SECONDS, SLOWEST_RATE), stop, console)
        if stop.is_set():
            raise KeyboardInterrupt
        figures = _figures(asked, before, after, settings.secret.encode())
        _from_the_ledger(figures["after"], Runtime(settings, environ))
        figures["flower"] = fleet.flower_url
        console.print(closing(figures))
        console.print(f"Flower was at {fleet.flower_url}; everything is stopped and removed now.")
    return figures


def _questions(path: Path | None, limit: int | None, seed: int) -> list[Question]:
    if path is None:
        return questions.traffic(limit or COUNT, seed)
    return questions.from_file(path, limit, seed)


def _environ(stack: ExitStack, folder: Path, asked: Sequence[Question]) -> dict[str, str]:
    """Everything the demo's processes read: its own Redis, model, database, configuration and passwords."""
    redis = stack.enter_context(EmbeddedRedis())
    # A real model understands what a question means; the stand-in is told, where the file knows.
    meanings = {Job.decode(q.fields).question.text: q.meaning for q in asked if q.meaning is not None}
    model = stack.enter_context(StandInProcess(meanings=meanings))
    database = shop.seed(folder / "shop.sqlite")
    example = files("workers.demo").joinpath("demo.toml").read_text(encoding="utf-8")
    (folder / "farthing.toml").write_text(example, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FARTHING_", "OPENAI_"))}
    return {
        **kept,
        "FARTHING_BROKER_URL": redis.url,
        "FARTHING_CONFIG": str(folder / "farthing.toml"),
        "FARTHING_STATE_DIR": str(folder),
        "FARTHING_SECRET": secrets.token_hex(16),
        "FARTHING_FLOWER_USER": "farthing",
        "FARTHING_FLOWER_PASSWORD": secrets.token_urlsafe(9),
        "DEMO_MODEL_URL": model.url,
        "DEMO_DATABASE_URL": database,
        "OPENAI_API_KEY": "stand-in",
        "OPENAI_BASE_URL": model.url,
    }


def _before(
    configuration: Configuration, asked: Sequence[Question], console: Console, stop: threading.Event
) -> Outcome:
    """The same questions as they are sent today: the whole history, each to the premium model."""
    providers = Providers(configuration.providers)
    offer = configuration.catalog.of_tier("premium")[0]
    outcome = Outcome([None] * len(asked), [0.0] * len(asked))
    now = datetime.now(UTC)

    def one(index: int) -> None:
        if stop.is_set():
            return
        job = Job.decode(asked[index].fields)
        began = time.perf_counter()
        try:
            raw = providers.call(offer.provider, completion.request(offer, job.messages, job.params), PATIENCE_S)
            done = completion.parse(raw, provider=offer.provider)
        except FarthingError:
            return
        outcome.latencies_ms[index] = (time.perf_counter() - began) * 1000
        cost = configuration.market(now).cost_usd(offer, done.usage)
        outcome.answers[index] = Answer(text="", source="model", model=offer.model, usage=done.usage, cost_usd=cost)

    said = "before: every question to the premium model, with its whole history …"
    with console.status(said), ThreadPoolExecutor(WAITERS) as pool:
        list(pool.map(one, range(len(asked))))
    return outcome


def _after(
    client: Farthing, asked: Sequence[Question], rate: float, stop: threading.Event, console: Console
) -> Outcome:
    """The questions through the fleet, at a steady rate."""
    outcome = Outcome([None] * len(asked), [0.0] * len(asked))
    board = Board(asked=len(asked))
    lock = threading.Lock()

    def wait(index: int, job_id: str, began: float) -> None:
        try:
            answer = client.result(job_id, timeout_s=PATIENCE_S)
        except FarthingError:
            with lock:
                board.failed += 1
            return
        took_ms = (time.perf_counter() - began) * 1000
        with lock:
            outcome.answers[index], outcome.latencies_ms[index] = answer, took_ms
            board.add(answer)

    live = Live(board, console=console, refresh_per_second=8) if not console.quiet else nullcontext()
    console.print(f"after: the same questions through the fleet, {rate:.0f} a second")
    with live, ThreadPoolExecutor(WAITERS) as pool:
        waiting: list[Future[None]] = []
        began = time.perf_counter()
        for index, question in enumerate(asked):
            if stop.wait(max(0.0, began + index / rate - time.perf_counter())):
                break
            sent = time.perf_counter()
            job_id = client.submit(**question.fields)
            waiting.append(pool.submit(wait, index, job_id, sent))
        for future in waiting:
            if not stop.is_set():
                future.result()
        pool.shutdown(wait=not stop.is_set(), cancel_futures=True)
    return outcome


def _figures(asked: Sequence[Question], before: Outcome, after: Outcome, secret: bytes) -> dict[str, Any]:
    return {"before": _row(asked, before, secret), "after": _row(asked, after, secret)}


def _row(asked: Sequence[Question], outcome: Outcome, secret: bytes) -> dict[str, Any]:
    answers = [answer for answer in outcome.answers if answer is not None]
    count = max(len(answers), 1)
    hits = [a for a in answers if a.source in ("exact", "semantic")]
    premium = [a for a in answers if a.source == "model" and (a.route is None or a.route.tier == "premium")]
    took = [ms for ms, answer in zip(outcome.latencies_ms, outcome.answers, strict=True) if answer is not None]
    return {
        "requests": len(asked),
        "failed": len(asked) - len(answers),
        "hits": len(hits),
        "hit_rate": len(hits) / count,
        "rule_share": sum(a.source == "rule" for a in answers) / count,
        "premium_share": len(premium) / count,
        "cost_usd": usd(sum((a.cost_usd for a in answers), Decimal(0))),
        "mean_latency_ms": sum(took) / count,
        "wrong_hits": _wrong_hits(asked, outcome, secret),
    }


def _from_the_ledger(row: dict[str, Any], held: Runtime) -> None:
    """What all cost, also what answered no question: hits answered afresh to check them, verdicts off the path."""
    total = reports.as_json(held.accounts.totals(days=2))["total"]
    row.update({name: total[name] for name in ("cost_usd", "audits", "audits_usd", "saved_by")})


def _wrong_hits(asked: Sequence[Question], outcome: Outcome, secret: bytes) -> int | None:
    """Hits whose entry was made for another meaning; None when the questions carry no meanings."""
    if not any(question.meaning for question in asked):
        return None
    meanings = {
        entry_id(str(a.tenant), str(a.job_id), secret=secret): q.meaning
        for q, a in zip(asked, outcome.answers, strict=True)
        if a is not None
    }
    wrong = 0
    for question, answer in zip(asked, outcome.answers, strict=True):
        if answer is not None and answer.cache and answer.source in ("exact", "semantic"):
            wrong += meanings.get(str(answer.cache.get("entry"))) != question.meaning
    return wrong
