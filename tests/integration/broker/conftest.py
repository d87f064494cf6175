"""The broker of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def broker(redis_url: str) -> Iterator[Any]:
    client = redis.Redis.from_url(redis_url)
    client.delete(*client.keys("farthing:*"), *client.keys("broker-*"), "x")
    yield client
    client.close()
