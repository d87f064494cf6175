"""The fleet as it is at this moment, read from its Redis servers: queues, workers, providers, how full each is."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pipelines.journey import SUBMITTED_AT
from pipelines.money.ledger import Totals
from pipelines.routing.health import Health
from workers.broker import envelope
from workers.jobs.ledger import Accounts
from workers.queues import QUEUES
from workers.store import keys, lists
from workers.store.cluster import servers
from workers.store.connection import connect, failing_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workers.config.settings import Settings

ROLES = ("broker", "result", "cache", "ledger")
LATER_READ = 50  # messages that were put off, to say how old they are
SAMPLED = 400  # keys whose size is looked at, to say what fills a Redis


@dataclass(frozen=True, slots=True)
class QueueState:
    """``waiting`` messages, ``put_off`` of them until a provider may be asked; ``lanes`` of tenants; ``in_hand`` of
    workers; ``taken`` ever since.

    ``oldest_s``: how long the oldest of those that say so waits; None where none does.
    """

    name: str
    waiting: int
    lanes: int
    in_hand: int
    taken: int
    oldest_s: float | None
    put_off: int = 0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """``beats`` so far: one that does not move is dead, or about to be taken for dead."""

    name: str
    beats: int
    in_hand: int
    queues: tuple[str, ...] = ()
    since: float | None = None
    about: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderState:
    """``state``: well, left alone, or due for a trial; ``until`` in seconds since the epoch, 0 where it is well."""

    name: str
    state: str
    failures: int
    until: float


@dataclass(frozen=True, slots=True)
class RedisState:
    """``filled``: share of maxmemory in use; None without a bound. ``roles`` that this server plays."""

    roles: tuple[str, ...]
    used_bytes: int
    max_bytes: int
    policy: str
    append_only: bool

    @property
    def filled(self) -> float | None:
        """Share of its memory that is in use."""
        return self.used_bytes / self.max_bytes if self.max_bytes else None


@dataclass(frozen=True, slots=True)
class State:
    """Everything, ``at`` seconds since the epoch. ``today`` are the ledger's totals of this day; ``in_batches`` jobs
    wait for a provider's Batch API.
    """

    at: float
    queues: tuple[QueueState, ...]
    workers: tuple[WorkerState, ...]
    providers: tuple[ProviderState, ...]
    redis: tuple[RedisState, ...]
    dead_letters: int
    swept_at: float | None
    today: Totals
    in_batches: int = 0

    def encode(self) -> dict[str, Any]:
        """JSON values."""
        plain = asdict(self)
        plain["today"] = self.today.encode()
        for encoded, one in zip(plain["redis"], self.redis, strict=True):
            encoded["filled"] = None if one.filled is None else round(one.filled, 4)
        return plain


class Observer:
    """Reads it. Roles that share an address share a server."""

    def __init__(self, settings: Settings) -> None:
        self._servers = {role: connect(getattr(settings, f"{role}_url")) for role in ROLES}
        self._accounts = Accounts(self._servers["ledger"])
        self._broker: Any = self._servers["broker"]

    def close(self) -> None:
        """Close its connections."""
        for server in self._servers.values():
            server.close()

    def look(self) -> State:
        """Everything at this moment; raises StoreUnavailable."""
        now = time.time()
        with failing_as("broker"):
            hands = self._hands(name.decode() for name in self._broker.hkeys(lists.BEATS))
            later = self._put_off()
            queues = tuple(self._queue(queue.name, hands, later.get(queue.name, []), now) for queue in QUEUES)
            workers = tuple(self._workers(hands))
            letters = int(self._broker.llen(lists.DEAD))
        with failing_as("ledger"):
            providers = tuple(self._providers(now))
            in_batches = int(cast("Any", self._servers["ledger"]).hlen(keys.BATCHES))
        days = self._accounts.totals(None, 1)
        today = Totals()
        for tenants in days.values():
            for counters in tenants.values():
                today = today.plus(counters)
        return State(
            at=now,
            queues=queues,
            workers=workers,
            providers=providers,
            redis=tuple(self._redis()),
            dead_letters=letters,
            swept_at=self._accounts.swept_at(),
            today=today,
            in_batches=in_batches,
        )

    def fills(self, role: str) -> list[tuple[str, int]]:
        """What takes most of a server's memory, by the beginning of its keys; bytes as a sample has them."""
        with failing_as(role):
            server: Any = self._servers[role]
            sizes: dict[str, int] = {}
            for number, raw in enumerate(server.scan_iter(count=1_000)):
                if number >= SAMPLED:
                    break
                kind = _kind(raw.decode(errors="replace"))
                sizes[kind] = sizes.get(kind, 0) + int(server.memory_usage(raw, samples=5) or 0)
            return sorted(sizes.items(), key=lambda pair: -pair[1])

    def orphans(self, state: State) -> int:
        """Messages in hands of workers that never beat: nobody takes them over. It looks through all of the broker."""
        known = {lists.hand(worker.name).encode() for worker in state.workers}
        with failing_as("broker"):
            hands = self._broker.scan_iter(f"{lists.HANDS}*", count=1_000)
            return sum(int(self._broker.hlen(hand)) for hand in hands if hand not in known)

    def _hands(self, workers: Iterable[str]) -> dict[str, dict[str, int]]:
        """Worker -> queue -> messages that it holds."""
        found: dict[str, dict[str, int]] = {}
        for worker in workers:
            held: dict[str, int] = {}
            for name in self._broker.hkeys(lists.hand(worker)):
                queue = lists.queue_of_list(name.decode().partition("|")[2])
                held[queue] = held.get(queue, 0) + 1
            found[worker] = held
        return found

    def _put_off(self) -> dict[str, list[bytes]]:
        """Queue -> names of its messages that wait for their time, those that wait for longest first."""
        found: dict[str, list[bytes]] = {}
        for name in self._broker.zrange(lists.LATER, 0, -1):
            found.setdefault(lists.of_put_off(name.decode(errors="replace"))[1], []).append(name)
        return found

    def _queue(self, name: str, hands: dict[str, dict[str, int]], later: list[bytes], now: float) -> QueueState:
        waits = [*lists.all_of(name), lists.suspects(name), lists.alone(name)]
        pipe = self._broker.pipeline(transaction=False)
        for one in waits:
            pipe.llen(one)
            pipe.lindex(one, -1)
        pipe.hget(lists.TAKEN, name)
        pipe.hlen(lists.lanes(name))
        pipe.hmget(lists.LATER_MESSAGES, later[:LATER_READ] or [b""])
        *both, taken, lanes, put_off = pipe.execute()
        return QueueState(
            name=name,
            waiting=sum(both[::2]) + len(later),
            lanes=int(lanes) // 2,  # each way round
            in_hand=sum(held.get(name, 0) for held in hands.values()),
            taken=int(taken or 0),
            oldest_s=_oldest_s([raw for raw in (*both[1::2], *put_off) if raw], now),
            put_off=len(later),
        )

    def _workers(self, hands: dict[str, dict[str, int]]) -> Iterator[WorkerState]:
        beats, cards = self._broker.hgetall(lists.BEATS), self._broker.hgetall(lists.WORKERS)
        for name in sorted(beats):
            card: dict[str, Any] = json.loads(cards.get(name, b"{}"))
            yield WorkerState(
                name=name.decode(),
                beats=int(beats[name]),
                in_hand=sum(hands.get(name.decode(), {}).values()),
                queues=tuple(card.pop("queues", ())),
                since=card.pop("since", None),
                about=card,
            )

    def _providers(self, now: float) -> Iterator[ProviderState]:
        ledger: Any = self._servers["ledger"]
        for name, raw in sorted(ledger.hgetall(keys.HEALTH).items()):
            health = Health(*json.loads(raw))
            yield ProviderState(name.decode(), health.state(now), health.failures, health.until)

    def _redis(self) -> Iterator[RedisState]:
        seen: dict[str, list[str]] = {}
        about: dict[str, dict[str, Any]] = {}
        for role in ROLES:
            with failing_as(role):
                for server in servers(self._servers[role]):
                    info = server.info()
                    about[info["run_id"]] = info
                    seen.setdefault(info["run_id"], []).append(role)
        for run, roles in seen.items():
            info = about[run]
            yield RedisState(
                roles=tuple(roles),
                used_bytes=int(info["used_memory"]),
                max_bytes=int(info["maxmemory"]),
                policy=str(info["maxmemory_policy"]),
                append_only=bool(info["aof_enabled"]),
            )


def silent(before: State, now: State) -> list[str]:
    """Workers that did not beat between two looks, which are some seconds apart."""
    beats = {worker.name: worker.beats for worker in before.workers}
    return [worker.name for worker in now.workers if beats.get(worker.name) == worker.beats and now is not before]


def _oldest_s(heads: list[bytes], now: float) -> float | None:
    found = []
    for raw in heads:
        try:
            sent = envelope.read(raw).message["headers"].get(SUBMITTED_AT)
        except envelope.Malformed:
            continue
        if isinstance(sent, int | float):
            found.append(max(0.0, now - sent))
    return round(max(found), 1) if found else None


def _kind(key: str) -> str:
    """The beginning of a key that says what it holds: no tenant's name, no id."""
    parts = key.split(":")
    if parts[0] != "farthing":
        return "Celery's results" if key.startswith("celery-task-meta-") else "queues and others"
    if len(parts) > 2 and parts[1].startswith("{"):
        return f"{parts[0]}:…:{parts[2]}"
    return ":".join(parts[:2])
