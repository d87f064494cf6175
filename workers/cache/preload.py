"""What a lookup worker holds before it takes its first job: the scopes that were written to last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.cache.entries import CacheStore
    from workers.cache.replica import Replicas

WITHIN_S = 30.0  # what is not here by then comes with the first question that asks for it
OF_A_TENANT = 100  # scopes, so that no tenant is left out for another's


def preload(replicas: Replicas, store: CacheStore, *, within_s: float = WITHIN_S) -> int:
    """Load scopes while they fit and time is left; returns how many. Raises StoreUnavailable."""
    ends, loaded = time.monotonic() + within_s, 0
    for scope in _latest(store):
        if time.monotonic() > ends or not replicas.has_room():
            break
        dimensions = _dimensions(store, scope)
        if dimensions:
            loaded += replicas.hold(scope, dimensions)
    counters.count("replica.preloaded", loaded)
    return loaded


def _latest(store: CacheStore) -> Iterator[str]:
    """Scopes, of the tenant that wrote last first; of a tenant, those that live longest first."""
    for tenant in reversed(store.tenants()):
        yield from reversed(store.scopes(tenant)[-OF_A_TENANT:])


def _dimensions(store: CacheStore, scope: str) -> int:
    """Of the scope's vectors, 0 where it has none: which encoder made them is known to who asks alone."""
    for phrasing in store.phrasings(scope, time.time()):
        if phrasing.vector:
            return len(phrasing.vector) // 2
    return 0
