"""The doctor's look at a running fleet: who is missing, silent or of another kind, what waits, how full Redis is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipelines.errors import StoreUnavailable
from workers.cli.check import Check
from workers.cli.top import LOOK_S
from workers.fleet.state import Observer, silent
from workers.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.config.settings import Settings
    from workers.fleet.state import State

OLD_S = 30.0  # of the oldest job that waits: half of what a caller waits by default
SWEPT_S = 180.0  # a sweep is due each minute
NEARLY_FULL, FULL = 0.8, 0.95
ALIKE = {
    "version": "of one release: finish the rollout",
    "secret": "given one FARTHING_SECRET: they find none of each other's answers",
    "encoder": "given one FARTHING_ENCODER: they find none of each other's questions",
}


def examine(settings: Settings, served: set[str]) -> Iterator[Check]:
    """``served``: queues on which a worker answered a ping."""
    observer = Observer(settings)
    try:
        before = observer.look()
        if before.workers:
            time.sleep(LOOK_S)
        now = observer.look()
        yield _served(now, served)
        yield _beats(before, now, observer)
        yield from _alike(now)
        yield _waiting(now)
        yield _beat(now)
        yield _letters(now)
        yield from _room(observer, now)
    except StoreUnavailable as error:
        yield Check("fleet", "warning", str(error), "mend that Redis first")
    finally:
        observer.close()


def _served(now: State, served: set[str]) -> Check:
    missing = [queue.name for queue in QUEUES if queue.name not in served]
    waits = [queue.name for queue in now.queues if queue.name in missing and queue.waiting]
    said = f"no worker answers on {', '.join(missing)}"
    if waits:
        return Check("workers", "broken", f"{said}; jobs wait in {', '.join(waits)}", "start its workers")
    if missing and served:
        return Check("workers", "broken", said, "start its workers: a job that gets there waits for ever")
    if missing:
        return Check("workers", "warning", "no fleet runs", "start one: farthing up")
    return Check("workers", "ok", "every queue is served")


def _beats(before: State, now: State, observer: Observer) -> Check:
    if quiet := silent(before, now):
        said = f"{', '.join(quiet)} did not beat for {LOOK_S:.0f} s"
        return Check(
            "beats", "warning", said, "its messages go to others in seconds; see why it hangs, or that it died"
        )
    if orphans := observer.orphans(now):
        said = f"{orphans} messages are in hands of workers that nobody knows"
        return Check("beats", "warning", said, "start a worker of their queue: it takes them over")
    return Check("beats", "ok", f"{len(now.workers)} workers beat")


def _alike(now: State) -> Iterator[Check]:
    """What must be the same in all workers; a secret or an encoder that differs halves the cache."""
    for name, wanted in ALIKE.items():
        kinds: dict[str, list[str]] = {}
        for worker in now.workers:
            if name in worker.about:
                kinds.setdefault(worker.about[name], []).append("/".join(worker.queues) or worker.name)
        if len(kinds) > 1:
            said = "; ".join(f"{kind}: {', '.join(sorted(who))}" for kind, who in sorted(kinds.items()))
            yield Check(f"workers' {name}", "warning", f"differs: {said}", f"workers must be {wanted}")


def _waiting(now: State) -> Check:
    late = [queue for queue in now.queues if queue.oldest_s is not None and queue.oldest_s > OLD_S]
    if late:
        said = "; ".join(f"{q.waiting} wait in {q.name}, the oldest for {q.oldest_s:.0f} s" for q in late)
        return Check("backlog", "warning", said, "start more workers of that queue")
    return Check("backlog", "ok", f"{sum(queue.waiting for queue in now.queues)} messages wait")


def _beat(now: State) -> Check:
    ages = [now.at - worker.since for worker in now.workers if worker.since is not None]
    young = max(ages, default=0.0) < SWEPT_S  # one that was started again a moment ago says nothing
    if now.workers and not young and (now.swept_at is None or now.at - now.swept_at > SWEPT_S):
        said = "nothing was swept lately: no beat runs, or maintenance does not"
        return Check("beat", "warning", said, "start celery -A workers.app beat, one for the fleet")
    swept = "not yet swept" if now.swept_at is None else f"swept {now.at - now.swept_at:.0f} s ago"
    return Check("beat", "ok", swept)


def _letters(now: State) -> Check:
    if now.dead_letters:
        return Check("dead letters", "warning", f"{now.dead_letters} jobs were put aside", "farthing jobs stuck")
    return Check("dead letters", "ok", "nothing was put aside")


def _room(observer: Observer, now: State) -> Iterator[Check]:
    for server in now.redis:
        if server.filled is None:
            continue
        name = f"room on {' and '.join(server.roles)}"
        used = f"{server.filled:.0%} of {server.max_bytes / 1e6:.0f} MB"
        if server.filled < NEARLY_FULL or server.policy != "noeviction":
            yield Check(name, "ok", used)
            continue
        most = observer.fills(server.roles[0])[:3]
        total = sum(size for _, size in most) or 1
        by = ", ".join(f"{kind} {size / total:.0%}" for kind, size in most)
        state = "broken" if server.filled >= FULL else "warning"
        yield Check(name, state, f"{used}; most of it: {by}", _relief(server.roles))


def _relief(roles: tuple[str, ...]) -> str:
    """What makes room: a cache that is alone on its Redis may forget, results may live shorter."""
    if roles == ("cache",):
        return "let it forget (maxmemory-policy allkeys-lru), or raise maxmemory"
    return "raise maxmemory" + (", or shorten FARTHING_RESULT_EXPIRES_S" if "result" in roles else "")
