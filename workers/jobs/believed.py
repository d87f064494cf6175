"""What the ledger says of each tenant, believed for a minute: of many threads that ask, one reads it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from pipelines.errors import StoreUnavailable
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
BELIEVED_S = 60.0
TENANTS = 10_000  # of whom it is remembered


class Believed(Generic[T]):
    """``first`` is what is believed of a tenant that was never read, and while its first reading lasts."""

    def __init__(self, first: T) -> None:
        self._first = first
        self._known: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant: str, read: Callable[[T], T]) -> T:
        """What is known; ``read`` is given what was known before, which holds on where the ledger is away."""
        with self._lock:
            at, found = self._known.get(tenant, (float("-inf"), self._first))
            if monotonic() - at <= BELIEVED_S:
                return found
            self._know(tenant, found)
        try:
            found = read(found)
        except StoreUnavailable:
            counters.count("ledger.unavailable")
            return found
        with self._lock:
            self._know(tenant, found)
        return found

    def _know(self, tenant: str, found: T) -> None:
        self._known[tenant] = (monotonic(), found)
        self._known.move_to_end(tenant)
        while len(self._known) > TENANTS:
            self._known.popitem(last=False)
