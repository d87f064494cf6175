"""Connections to Redis, and its errors as ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis.exceptions import AuthenticationError, OutOfMemoryError, RedisError

from pipelines.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def failing_as(role: str) -> Iterator[None]:
    """Turn Redis's errors into ours, at this edge and nowhere else; they never quote a value."""
    try:
        yield
    except AuthenticationError as error:
        raise StoreUnavailable(role, "wrong or missing password") from error
    except OutOfMemoryError as error:
        raise StoreUnavailable(role, "full (maxmemory)") from error
    except RedisError as error:
        raise StoreUnavailable(role, type(error).__name__) from error
