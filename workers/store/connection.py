"""Connections to Redis, and its errors as ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisClusterException, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from redis.sentinel import Sentinel

from pipelines.errors import StoreUnavailable
from workers.config import addresses
from workers.store.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

ERRORS = (RedisError, RedisClusterException)  # to redis-py, a cluster that cannot be reached is no error of Redis


@contextmanager
def failing_as(role: str) -> Iterator[None]:
    """Turn Redis's errors into ours, at this edge and nowhere else; they never quote a value."""
    try:
        yield
    except AuthenticationError as error:
        raise StoreUnavailable(role, "wrong or missing password") from error
    except OutOfMemoryError as error:
        raise StoreUnavailable(role, "full (maxmemory)") from error
    except ERRORS as error:
        if isinstance(error.__cause__ or error.__context__, AuthenticationError):  # of a cluster's nodes
            raise StoreUnavailable(role, "wrong or missing password") from error
        raise StoreUnavailable(role, type(error).__name__) from error


def connect(url: str, *, patience_s: float = 5.0) -> redis.Redis:
    """A Redis client: short limits, and tries again for a connection that the server closed while idle.

    A Redis that hangs is waited for ``patience_s`` seconds, once: whoever asks has a caller that waits.
    """
    given: dict[str, Any] = {
        "socket_timeout": patience_s,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry": Retry(ExponentialBackoff(cap=0.2, base=0.02), 2, supported_errors=(RedisConnectionError,)),
    }
    if (nodes := addresses.nodes(url)) is not None:
        return cast("redis.Redis", Cluster(nodes, **given))
    found = addresses.sentinels(url)
    if found is None:
        return redis.Redis.from_url(url, **given)
    asked: Any = Sentinel(found.hosts, sentinel_kwargs={"socket_timeout": 2.0, **found.sentinel_kwargs})  # type: ignore[no-untyped-call]
    master: redis.Redis = asked.master_for(found.master, **found.master_kwargs, **given)
    return master
