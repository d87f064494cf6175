"""A message in hand and its acknowledgement: both outlive the connection that brought it."""

from __future__ import annotations

from typing import Any

import kombu.transport.redis
import kombu.transport.virtual

redis: Any = kombu.transport.redis  # the stubs leave out most of what a transport is made of
virtual: Any = kombu.transport.virtual


class Message(virtual.Message):
    """A message in hand: its body was decoded when its envelope was checked."""

    def __init__(self, payload: dict[str, Any], channel: Any = None, **kwargs: Any) -> None:
        super().__init__(payload, channel=channel, **kwargs)
        self._decoded_cache = channel.bodies.pop(self.delivery_tag, None)


class QoS(redis.QoS):
    """Acknowledgements go to the hand, which outlives the connection."""

    restore_at_shutdown = False

    def append(self, message: Message, delivery_tag: str) -> None:
        """It is in the hand already."""
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Dropped with the next fetch."""
        self.channel.worker.hand.done(delivery_tag)
        virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Put back, or dropped."""
        if requeue:
            self.channel.worker.hand.give_back(delivery_tag)
        else:
            self.channel.worker.hand.done(delivery_tag)
        virtual.QoS.ack(self, delivery_tag)

    def restore_unacked_once(self, stderr: Any = None) -> None:  # noqa: ARG002 - kombu's signature
        """The channel closes: what runs goes on, and is in the hand."""
        self._on_collect.cancel()
        self._flush()
        self._delivered.clear()
