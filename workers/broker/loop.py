"""The event loop's side of the transport: it reads whatever the server sent, and other threads wake it."""

from __future__ import annotations

import threading
from typing import Any

import kombu.transport.redis

_Mixin: Any = object
redis: Any = kombu.transport.redis  # the stubs leave out most of what a transport is made of


class Poller(redis.MultiChannelPoller):
    """kombu's poller, which always reads what the server sent: a push costs no room."""

    def on_poll_start(self) -> None:
        """Ask for messages, and listen for broadcasts."""
        for channel in self._channels:
            if channel.active_queues:
                channel.ask(self)
            if channel.active_fanout_queues:
                self._register_LISTEN(channel)

    def on_readable(self, fileno: int) -> None:
        """Read."""
        found = self._fd_to_chan.get(fileno)
        if found is not None:
            channel, kind = found
            channel.handlers[kind]()


class Waking(_Mixin):
    """A transport whose event loop is woken by what other threads leave for it: an acknowledgement, above all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = Poller()

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Beside kombu's own: a pipe that other threads write to. kombu's loop sleeps through what they call soon."""
        super().register_with_event_loop(connection, loop)
        worker = next((channel.worker for channel in self.cycle._channels), None)
        if worker is not None:
            worker.wakes(loop, threading.get_ident())
