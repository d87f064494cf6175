"""No answer crosses a scope: not between tenants, users with personal data, instructions, versions or parameters."""

from __future__ import annotations

from tests.isolation import fuzz
from workers.store.connection import connect


def test_no_lookup_of_mixed_traffic_crosses_a_scope(redis_url: str) -> None:
    with connect(f"{redis_url[:-1]}6") as client:
        client.flushdb()
        counts = fuzz(client, 2_000, seed=1)
        client.flushdb()
    assert counts["crossed"] == 0
    assert counts["hits"] > 200, "the test must be able to fail"
