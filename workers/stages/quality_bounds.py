"""Quality bounds: for tenants with a target, from which expected gain premium is asked, by what was compared."""

from __future__ import annotations

import threading
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING

from pipelines.errors import StoreUnavailable
from pipelines.routing import quality_bound
from workers.jobs.outcomes import arrays
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.routing.router import Router
    from workers.config.tenants import RoutingRules
    from workers.jobs.outcomes import Outcome, Outcomes

BELIEVED_S = 60.0
TENANTS = 10_000  # whose bounds are remembered


class QualityBounds:
    """Each worker looks once a minute for each tenant that has a target."""

    def __init__(self, outcomes: Outcomes, rules_of: Callable[[str], RoutingRules], router: Router) -> None:
        self._outcomes, self._rules_of, self._router = outcomes, rules_of, router
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant: str) -> float | None:
        """A tenant's bound, in [-inf, inf]; None where it has no target."""
        target = self._rules_of(tenant).target
        if target is None:
            return None
        with self._lock:
            at, found = self._known.get(tenant, (float("-inf"), float("-inf")))
            if monotonic() - at <= BELIEVED_S:
                return found
            self._know(tenant, found)  # one thread looks, and what it finds holds from then on
        try:
            found = self._bound(self._outcomes.of(tenant, quality_bound.WINDOW), target)
        except StoreUnavailable:  # as it was; where that is not known either, premium answers
            counters.count("ledger.unavailable")
            return found
        with self._lock:
            self._know(tenant, found)
        return found

    def _know(self, tenant: str, found: float) -> None:
        self._known[tenant] = (monotonic(), found)
        self._known.move_to_end(tenant)
        while len(self._known) > TENANTS:
            self._known.popitem(last=False)

    def _bound(self, outcomes: Sequence[Outcome], target: float) -> float:
        features, vectors, lost = arrays(outcomes, self._router.encoder)
        return quality_bound.bound(self._router.gain.of_surfaces(features, vectors), lost, target)
