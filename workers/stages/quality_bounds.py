"""Quality bounds: for tenants with a target, from which expected gain premium is asked, by what was compared."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from pipelines.routing import quality_bound
from workers.jobs.believed import Believed
from workers.jobs.outcomes import arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.routing.router import Router
    from workers.config.tenants import RoutingRules
    from workers.jobs.outcomes import Outcomes


class QualityBounds:
    """Where nothing is known of a tenant that has a target, premium answers."""

    def __init__(self, outcomes: Outcomes, rules_of: Callable[[str], RoutingRules], router: Router) -> None:
        self._outcomes, self._rules_of, self._router = outcomes, rules_of, router
        self._bounds = Believed(first=-inf)

    def of(self, tenant: str) -> float | None:
        """A tenant's bound, in [-inf, inf]; None where it has no target."""
        target = self._rules_of(tenant).target
        return None if target is None else self._bounds.of(tenant, lambda _: self._read(tenant, target))

    def _read(self, tenant: str, target: float) -> float:
        outcomes = self._outcomes.of(tenant, quality_bound.WINDOW)
        features, vectors, lost = arrays(outcomes, self._router.encoder)
        return quality_bound.bound(self._router.gain.of_surfaces(features, vectors), lost, target)
