"""A transport for workers: kombu's on Redis, but a message is in the worker's hand as it is popped.

kombu pops a message and then records it; what dies in between is lost, and what a dead worker had waits for a timeout.
Senders and monitors speak kombu's own transport to the same lists. A push from the server wakes whoever waits.
"""

from __future__ import annotations

from queue import Empty
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import kombu.transport.redis
import kombu.transport.virtual
from celery.worker import state
from redis.exceptions import NoScriptError, ResponseError

from pipelines.delivery import blame, labels, late
from workers.broker import envelope
from workers.broker.loop import Poller, Waking
from workers.broker.message import Message, QoS
from workers.broker.worker import Worker
from workers.observability import logs
from workers.store import lists, scripts

if TYPE_CHECKING:
    from workers.broker.envelope import Envelope

# The stubs leave out most of what a transport is made of.
_Mixin: Any = object
redis: Any = kombu.transport.redis
virtual: Any = kombu.transport.virtual

POLL_S = 1.0  # a worker that nobody wakes looks by itself
BLIND_POLL_S = 0.05  # where the server wakes nobody (no CLIENT TRACKING)
ARMED = 2  # workers that one message wakes; the others are woken by them
MOST_AT_ONCE = 100
LESS_URGENT_EVERY = 10  # fetches: what is less urgent waits for the rest, but not for ever
UNTAKABLE = "Celery could not take it"
UNKNOWN = "no such task here"


class Fetching(_Mixin):
    """What a channel of this transport does in place of BRPOP. Mixed into kombu's channels."""

    Message = Message
    QoS = QoS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bodies: dict[str, Any] = {}
        self._armed = False
        self._asked_at = float("-inf")
        self._fetches = 0
        self._sends: Any = None
        self._sent: tuple[list[str], dict[str, str]] = ([], {})  # acknowledgements, lists and their queues
        self._socket: Any = None  # of the connection that is tracked
        self._poll_s = POLL_S
        self._loaded = True

    @property
    def worker(self) -> Worker:
        """This process's, whatever the channel."""
        return Worker.here(self)

    def _create_client(self, asynchronous: bool = False) -> Any:
        """One client for all that this channel sends: kombu makes one for each message, in 0.2 ms."""
        if asynchronous:
            return super()._create_client(asynchronous=True)
        pool = self.pool
        if self._sends is None or self._sends.connection_pool is not pool:
            self._sends = super()._create_client()
        return self._sends

    def basic_consume(self, queue: str, *args: Any, **kwargs: Any) -> Any:
        """The first consumer of a queue begins the beat; broadcasts need none."""
        found = super().basic_consume(queue, *args, **kwargs)
        if queue in self.active_queues:
            self.worker.begin()
            self.worker.introduce(queue)
        return found

    def ask(self, poller: Poller) -> None:
        """Send a fetch, where there is room or something to drop, and no reply is awaited."""
        if self._in_poll:
            return
        hand, room = self.worker.hand, self._room()
        waits = self._armed and monotonic() - self._asked_at < self._poll_s
        if not hand.has_acknowledged and (room == 0 or waits):
            return
        if not poller._client_registered(self, self.client, "BRPOP"):
            poller._register(self, self.client, "BRPOP")
        connection = self.client.connection
        if connection._sock is not self._socket:
            self._track(connection)
        self._send(connection, room, hand.acknowledged())

    def _room(self) -> int:
        if not self.qos.can_consume():
            return 0
        estimate = self.qos.can_consume_max_estimate()
        most = MOST_AT_ONCE - len(self.worker.lateness.fields)  # what is told that it is late takes no slot of Celery's
        return max(0, most if estimate is None else min(int(estimate), most))

    def _track(self, connection: Any) -> None:
        """Let the server push when a list that was empty gets a message."""
        self._socket, self._armed = connection._sock, False
        try:
            connection.send_command("CLIENT", "TRACKING", "ON")
            connection.read_response()
            self._poll_s = POLL_S
        except ResponseError:
            self._poll_s = BLIND_POLL_S
            logs.log().warning("the broker wakes nobody (CLIENT TRACKING refused): polling")

    def _send(self, connection: Any, room: int, acknowledged: list[str]) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues)) or self.active_queues
        waits = {lists.waiting_in(queue, step): queue for step in lists.STEPS for queue in queues}
        alone = {lists.alone(queue): queue for queue in queues}
        suspects = {lists.suspects(queue): queue for queue in queues}
        hand, together = self.worker.hand, ",".join(sorted(self.active_queues))
        names = [lists.hand(hand.name), lists.armed(together), lists.idle(together), lists.wake(hand.name)]
        names += [*alone, *suspects, *waits]
        given = [hand.name, room, hand.serial(room), ARMED, len(queues), hand.suspects(acknowledged), blame.FEW]
        self._fetches += 1
        given.append(int(self._fetches % LESS_URGENT_EVERY == 0))
        given += acknowledged
        self._sent = (acknowledged, {**waits, **alone, **suspects})
        self._in_poll = connection
        self._asked_at = self._brpop_sent_at = monotonic()  # kombu drops a connection whose reply is overdue
        try:
            if self._loaded:
                connection.send_command("EVALSHA", scripts.digest("fetch"), len(names), *names, *given)
            else:
                connection.send_command("EVAL", scripts.source("fetch"), len(names), *names, *given)
        except BaseException:
            self._in_poll = None
            hand.keep(acknowledged)
            raise

    def _brpop_start(self, timeout: float | None = None) -> None:  # noqa: ARG002 - kombu's signature
        """BRPOP is what this transport is for not doing."""
        self.ask(self.connection.cycle)

    def _brpop_read(self, **_: Any) -> bool:
        """Read what the server sent: a push that wakes, or the reply to a fetch, whose messages are delivered."""
        connection = self.client.connection
        try:
            if not self._in_poll:
                connection.read_response(push_request=True)
                self._armed = False
                raise Empty
            reply = self._reply(connection)
        except self.connection_errors:
            self._lost(connection)
            raise
        found = reply is not None and self._deliver_all(reply)
        try:
            while connection.can_read(timeout=0):  # a push that came with the reply wakes nobody from the buffer
                connection.read_response(push_request=True)
                self._armed = False
        except self.connection_errors:
            self._lost(connection)
            raise
        if not found:
            raise Empty
        return True

    def _lost(self, connection: Any) -> None:
        """Nobody knows what became of the fetch that was on its way."""
        self._in_poll, self._armed = None, False
        self.worker.hand.keep(self._sent[0])
        self._sent = ([], {})
        connection.disconnect()

    def _reply(self, connection: Any) -> list[Any] | None:
        acknowledged, _ = self._sent
        hand = self.worker.hand
        try:
            reply: list[Any] = connection.read_response()
        except NoScriptError:
            self._loaded, self._in_poll = False, None
            hand.keep(acknowledged)
            return None
        except ResponseError as error:
            # A failover, a loading or a forbidding server: nothing was done. Asked again in a while.
            self._in_poll, self._armed = None, True
            hand.keep(acknowledged)
            logs.log().warning("the broker refused a fetch", said=type(error).__name__)
            return None
        self._loaded, self._in_poll = True, None
        hand.dropped(acknowledged)
        self._sent = ([], self._sent[1])
        self._armed = reply[0] == 1 or len(reply) == 2
        if reply[1]:
            self.worker.wake_other(reply[1].decode())
        return reply[2:]

    def _deliver_all(self, pairs: list[bytes]) -> int:
        hand, queues, now = self.worker.hand, self._sent[1], time()
        fields = [field.decode() for field in pairs[::2]]
        for field in fields:
            hand.took(field)
        unlabelled = []
        for field, raw in zip(fields, pairs[1::2], strict=True):
            queue = queues[field.partition("|")[2]]
            self._queue_cycle.rotate(queue)
            try:
                found = envelope.read(raw)
            except envelope.Malformed as error:
                self.worker.park(field, raw, queue, error.reason)
                continue
            if not self.worker.knows(found.message["headers"]["task"]):
                self.worker.park(field, raw, queue, UNKNOWN)
                continue
            missing = labels.missing(found.message["headers"], found.body[0])
            if missing is not None:
                said, step = missing
                waits = lists.waiting_in(queue, step) if step else field.partition("|")[2]
                unlabelled.append((field, waits, envelope.labelled(found, said)))
                continue
            args, _, embed = found.body
            deadline_s = late.missed(found.message["headers"], args, embed, now)
            if deadline_s is not None and self.worker.app is not None and found.task_id not in state.revoked:
                self.worker.lateness.tell(self.worker.app, field, found, deadline_s)
                continue
            self._deliver(field, raw, queue, found)
        # The latest to the head first: they wait in their order.
        self.worker.label(unlabelled[::-1])
        return len(fields)

    def _deliver(self, field: str, raw: bytes, queue: str, found: Envelope) -> None:
        """Hand a message to Celery, under a tag of our own: the sender's may be anybody's."""
        found.message["properties"]["delivery_tag"] = field
        self.bodies[field] = found.body
        try:
            self.connection._deliver(found.message, queue)
        except Exception as error:  # noqa: BLE001 - kombu takes a KeyError in here for a broken connection
            logs.log().error("a message could not be taken", error=type(error).__name__, queue=queue)
            self.worker.park(field, raw, queue, UNTAKABLE)
        finally:
            self.bodies.pop(field, None)

    def close(self) -> None:
        """A reply that is on its way is read, and what it brings given back: no message of it is lost, or late."""
        if self._qos is not None:  # whatever the rest of this does on a broken connection
            self._qos.restore_unacked_once()
        if self._in_poll:
            connection = self.client.connection
            try:
                reply = self._reply(connection)
            except self.connection_errors:
                reply = None
                self.worker.hand.keep(self._sent[0])
            for field in (reply or [])[::2]:
                self.worker.hand.took(field.decode())
                self.worker.hand.give_back(field.decode())
            self._in_poll = None
        super().close()


class Channel(Fetching, redis.Channel):
    """A channel of one Redis."""


class SentinelChannel(Fetching, redis.SentinelChannel):
    """A channel that asks Sentinels where the Redis is."""


class Transport(Waking, redis.Transport):
    """For `redis://`, `rediss://` and `redis+socket://`."""

    Channel = Channel


class SentinelTransport(Waking, redis.SentinelTransport):
    """For `sentinel://`."""

    Channel = SentinelChannel
