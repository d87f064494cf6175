"""The beat of a worker, and what it does for those whose beat has stopped: their messages go to other hands."""

from __future__ import annotations

import threading
from time import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from pipelines.delivery import blame
from workers.broker import envelope, parking
from workers.observability import counters, logs
from workers.store import lists, scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from workers.broker.hand import Hand

BEAT_S = 1.0
DUE_AT_ONCE = 500  # messages whose time has come, in one round
UNSORTED_AT_ONCE, UNSORTED_ROUNDS = 500, 1_000
STRAYS_EVERY = 5  # rounds
DIED_OF_IT = "its worker died of it"


class Sweeper:
    """``alive`` says whether this worker still does its work; one that does not stops its beat, and is swept by others.

    ``tell`` is given a parked message and its reason; ``at_work`` are the fields that this worker's tasks hold;
    ``queues`` are those that it consumes; ``returned`` is called where others had swept this worker.
    """

    def __init__(
        self,
        hand: Hand,
        redis: Any,
        alive: Callable[[], bool],
        tell: Callable[[bytes, str], None],
        at_work: Callable[[], Collection[str]],
        queues: Collection[str] = (),
        returned: Callable[[], None] = lambda: None,
    ) -> None:
        self._hand, self._redis, self._alive, self._tell, self._at_work = hand, redis, alive, tell, at_work
        self._queues, self._returned = queues, returned
        self._beat = scripts.register(redis, "beat")
        self._sort = scripts.register(redis, "sort")
        self._unsort = scripts.register(redis, "unsort")
        self._due = scripts.register(redis, "due")
        self._put_back = scripts.register(redis, "hand_back")
        self._still: dict[bytes, tuple[bytes, int]] = {}  # worker -> its counter, rounds since it moved
        self._strays: set[str] = set()
        self._forgotten: set[str] = set()
        self._round = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Beat in a thread: the consumer's own loop stands still in a warm stop, and its worker is not dead."""
        self.beat()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No beat any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5 * BEAT_S)

    def unsort(self) -> None:
        """Leave no lane behind: whoever takes over may know none. Workers that do sort again what waits."""
        for _ in range(UNSORTED_ROUNDS):  # others may sort again meanwhile
            if self._unsort(keys=[lists.BEATS, *self._waits()], args=[UNSORTED_AT_ONCE]) < UNSORTED_AT_ONCE:
                return

    def _waits(self) -> list[str]:
        return [lists.waiting_in(queue, step) for queue in list(self._queues) for step in lists.STEPS]

    def _run(self) -> None:
        while not self._stop.wait(BEAT_S):
            try:
                if self._alive():
                    self.beat()
            except RedisError as error:
                # Nobody is swept on what was not heard; acknowledgements wait for the next round.
                self._still.clear()
                logs.log().warning("no beat", said=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a worker whose beat ends is taken for dead: nothing may end it
                logs.log().error("the beat stumbled", said=type(error).__name__)

    def beat(self) -> None:
        """One round."""
        self._round += 1
        flat = self._beat(keys=[lists.BEATS], args=[self._hand.name])
        found: dict[bytes, bytes] = dict(zip(flat[::2], flat[1::2], strict=True))
        if int(found.pop(self._hand.name.encode())) == 1 and self._round > 1:
            self._returned()  # it was taken for dead
        self._forgotten = self._hand.forgotten(self._at_work(), self._forgotten)
        self._hand.settle()
        if self._round % STRAYS_EVERY == 0:
            self._strays = self._hand.strays(self._strays)
        self._sort(keys=[lists.BEATS, *self._waits()])
        self._due(keys=[lists.LATER, lists.LATER_MESSAGES], args=[time(), DUE_AT_ONCE])
        for worker in self._dead(found):
            self._sweep(worker.decode(), found[worker])

    def _dead(self, beats: dict[bytes, bytes]) -> list[bytes]:
        still = {}
        for worker, counter in beats.items():
            before, rounds = self._still.get(worker, (b"", 0))
            still[worker] = (counter, rounds + 1 if counter == before else 0)
        self._still = still
        return [worker for worker, (_, rounds) in still.items() if rounds >= blame.DEAD_AFTER]

    def _sweep(self, worker: str, counter: bytes) -> None:
        """Put back what a dead worker had in hand, each under suspicion; park what is to blame."""
        hand = lists.hand(worker)
        there: dict[str, bytes] = {field.decode(): raw for field, raw in self._redis.hgetall(hand).items()}
        deaths = {field: _deaths(raw) for field, raw in there.items()}
        fates = blame.fates(deaths)
        # What was taken first comes back to the head last.
        for field in sorted(there, key=lambda one: int(one.partition("|")[0]), reverse=True):
            raw, queue = there[field], lists.queue_of_list(field.partition("|")[2])
            if fates[field] == "parked":
                target, becomes = lists.DEAD, parking.letter(raw, queue, DIED_OF_IT, deaths=deaths[field] + 1)
            else:
                target = lists.suspects(queue) if fates[field] == "suspect" else lists.alone(queue)
                becomes = envelope.again(raw, died=1)
            done = self._put_back(keys=[lists.BEATS, hand, target], args=[worker, counter, field, 3, becomes])
            if done < 0:
                return  # it lives
            if done and target == lists.DEAD:
                parking.parked(self._redis, queue, DIED_OF_IT)
                self._tell(raw, DIED_OF_IT)
        if self._redis.hlen(hand) == 0 and self._redis.hget(lists.BEATS, worker) == counter:
            self._redis.hdel(lists.BEATS, worker)
            self._redis.hdel(lists.WORKERS, worker)
            self._still.pop(worker.encode(), None)
            counters.count("worker.died")
            logs.log().warning("a worker died; its messages are in other hands", worker=worker, messages=len(there))


def _deaths(raw: bytes) -> int:
    try:
        return envelope.read(raw).deaths
    except envelope.Malformed:
        return 0
