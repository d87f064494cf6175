"""What a worker process does when it starts and stops: logging, warm-up, and handing its counters over."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import current_app
from celery.signals import heartbeat_sent, setup_logging, worker_init, worker_shutdown

from pipelines.errors import ConfigurationInvalid, EncoderUnavailable, StoreUnavailable
from pipelines.journey import LOOKUP, MODEL_CALL
from pipelines.text import language, remembered
from workers.broker.worker import Worker as BrokerWorker
from workers.cache.preload import preload
from workers.fleet import remote_control, watchdog
from workers.observability import counters, logs
from workers.queues import QUEUES
from workers.runtime import runtime

if TYPE_CHECKING:
    from celery.apps.worker import Worker

    from workers.runtime import Runtime

HAND_OVER_EVERY_S = 5.0
NICE = 10  # of 19: a tenth of the time that others get who want it too
M_ARENA_MAX, HEAPS = -8, 2  # as malloc.h numbers it
GC_THRESHOLDS = (20_000, 20, 20)  # Python's own: 700, 10, 10
FORGET_EVERY_S = 600.0  # what was read in customers' texts is remembered no longer
_stopping = threading.Event()
_dog: watchdog.Watchdog | None = None


@setup_logging.connect
def log_as_configured(**_: Any) -> None:
    """Take logging over from Celery, whose task lines show arguments and results."""
    logs.configure(runtime().settings)


@worker_init.connect
def warm_up(sender: Worker, **_: Any) -> None:
    """Make what the queue needs before the first job: a broken configuration stops the worker here, by name."""
    global _dog  # noqa: PLW0603 - one per process
    _stopping.clear()
    _share_memory()
    held = runtime()
    try:
        held.warm("configuration")
        held.warm("verifiers")
    except ConfigurationInvalid as error:
        # Celery logs what a signal's handler raises and goes on, unless it is an exit.
        sys.exit(f"farthing: {error}")
    remote_control.restrict(held.settings)
    serves = {task for queue in QUEUES if queue.name in sender.app.amqp.queues.consume_from for task in queue.tasks}
    if LOOKUP in serves:
        try:
            held.warm("lookup")
            loaded = preload(held.lookup.replicas, held.store)
            logs.log().info("replicas are loaded", scopes=loaded)
        except StoreUnavailable as error:
            # Made again with the first job; until then every lookup is a miss that says so.
            logs.log().error("cache is not ready", said=str(error))
    if MODEL_CALL in serves:
        held.providers.warm()
        language.ready()
    BrokerWorker.about = _about(held, lookup=LOOKUP in serves)
    _yield_to_others()
    _collect_seldom()
    threading.Thread(target=_hand_over_until_stopped, name="counters", daemon=True).start()
    _dog = watchdog.watching(held.settings.broker_url, _stopping, hand_over)


def _about(held: Runtime, *, lookup: bool) -> dict[str, str]:
    """What must be alike in a fleet's workers: the release, the key of the scopes, and who looks up, the encoder."""
    found = {"version": version("farthing")}
    with suppress(StoreUnavailable):
        found["secret"] = hashlib.sha256(b"doctor" + held.secret).hexdigest()[:8]
    if lookup:
        with suppress(EncoderUnavailable):
            found["encoder"] = "none" if held.encoder is None else held.encoder.fingerprint
    return found


def _yield_to_others() -> None:
    """Of a busy machine's processors, Redis and the web backends that send jobs come first: workers have a queue."""
    if hasattr(os, "nice") and os.nice(0) < NICE:
        os.nice(NICE)


def _share_memory() -> None:
    """Threads take from two heaps of the C library, not from one each (glibc's; others have no such word): of many,
    each keeps what its thread once needed. A lookup worker is some 30 MB smaller, and grows half as fast.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, HEAPS)


def _collect_seldom() -> None:
    """What was made at the start stays: the garbage collector need not look through it, and seldom through the rest."""
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


@heartbeat_sent.connect
def still_alive(**_: Any) -> None:
    """Leave a sign for health checks: a consumer that hangs, or has no broker, sends no heartbeat."""
    if _dog is not None:
        _dog.beat()
    if path := runtime().settings.alive_file:
        with suppress(OSError):  # a full disk is no reason to stop working
            Path(path).touch()


@worker_shutdown.connect
def hand_over_the_rest(**_: Any) -> None:
    """Deliver the last counts."""
    _stopping.set()
    hand_over()


def hand_over() -> None:
    """Add this process's counts to today's in the ledger; charge and land what could not be. What fails is kept."""
    held = runtime()
    if "boundaries" in held.made:
        held.boundaries.flush()
    if "billing" in held.made:
        held.billing.charge_again()
    if "flight" in held.made:
        held.flight.land_again(current_app)
    counts = counters.take_counts()
    if not counts:
        return
    try:
        runtime().accounts.count_events(datetime.now(UTC).date().isoformat(), counts)
    except StoreUnavailable:
        counters.put_back(counts)


def _hand_over_until_stopped() -> None:
    forgotten_at = time.monotonic()
    while not _stopping.wait(HAND_OVER_EVERY_S):
        hand_over()
        if time.monotonic() - forgotten_at > FORGET_EVERY_S:
            forgotten_at = time.monotonic()
            remembered.forget()
