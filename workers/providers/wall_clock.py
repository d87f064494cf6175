"""A wall clock over a provider's connections: whatever comes over the wire, a call ends when its time is up.

A read timeout counts from the last byte, so that a stream of keep-alive comments, or headers that come one by one,
outlive every deadline. Here each read is given what is left of the call's own time.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore2

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    import httpx2

_call = threading.local()


@contextmanager
def over_at(monotonic_s: float) -> Iterator[None]:
    """Until the block ends, this thread's reads and writes end at that moment of ``time.monotonic()``."""
    _call.over_at = monotonic_s
    try:
        yield
    finally:
        _call.over_at = None


def extend(monotonic_s: float) -> None:
    """The call that this thread is in ends later: its provider has begun to answer."""
    _call.over_at = monotonic_s


def guard(client: httpx2.Client) -> None:
    """Put the clock over every connection that the client will make, through proxies too.

    The client offers no way in: a transport of one's own would lose the environment's proxies. A test holds that these
    names are what they are.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - as said above
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001 - likewise


def _left(timeout: float | None) -> float | None:
    at: float | None = getattr(_call, "over_at", None)
    if at is None:
        return timeout
    left = at - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the call's time is up")
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        within = _left(timeout)
        return _Stream(self._inner.connect_tcp(host, port, within, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(path, _left(timeout), socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return bytes(self._inner.read(max_bytes, timeout=_left(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=_left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout=_left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
