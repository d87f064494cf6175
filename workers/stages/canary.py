"""Canaries: the router of a job, where its tenant tries another one on a share of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pipelines.errors import ConfigurationInvalid
from pipelines.routing import canary
from pipelines.routing.canary import Figures
from workers.jobs.believed import Believed
from workers.observability import counters, logs
from workers.providers import routers
from workers.stages.quality_bounds import QualityBounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.journey import Progress
    from pipelines.routing.router import Router
    from workers.config.tenants import RoutingRules
    from workers.jobs.ledger import Accounts
    from workers.jobs.outcomes import Outcomes

SETTING = "routing.canary_router"


class Chosen(NamedTuple):
    """Who decides of a job; ``arm`` is where what comes of it counts, '' where nothing is tried."""

    router: Router
    bounds: QualityBounds
    arm: str = ""


class Canaries:
    """Reads each tenant's trial; without one its jobs are the fleet's own router's."""

    def __init__(
        self,
        own: Chosen,
        accounts: Accounts,
        outcomes: Outcomes,
        rules_of: Callable[[str], RoutingRules],
    ) -> None:
        self._own, self._accounts, self._outcomes, self._rules_of = own, accounts, outcomes, rules_of
        self._others: dict[str, Chosen | None] = {}
        self._stopped = Believed(first="nobody has read yet what came of it")

    def of(self, progress: Progress) -> Chosen:
        """Who decides of this job."""
        tenant = progress.job.tenant
        rules = self._rules_of(tenant)
        other = self._other(rules.canary_router) if rules.canary_router else None
        if other is None or self._stopped.of(tenant, partial(self._read, tenant, other.arm, rules.canary_dearer)):
            return self._own
        arm = canary.arm_of(progress.job_id, other.arm, rules.canary_share)
        return (other if arm == "canary" else self._own)._replace(arm=f"{arm}:{other.arm}")

    def _other(self, path: str) -> Chosen | None:
        """The router in a file, its name as the arm; None, said once in each process, where there is none."""
        if path not in self._others:
            try:
                router = routers.load(path, SETTING)
                bounds = QualityBounds(self._outcomes, self._rules_of, router)
                self._others[path] = Chosen(router, bounds, canary.name_of(router))
            except ConfigurationInvalid as error:
                logs.log().error("no canary", said=str(error))
                self._others[path] = None
        if self._others[path] is None:
            counters.count("canary.unreadable")
        return self._others[path]

    def _read(self, tenant: str, name: str, dearer: float, before: str) -> str:
        total = self._accounts.total(tenant, canary.LOOKS_BACK_DAYS)
        arms = [Figures.of(total.counters, f"{arm}:{name}") for arm in ("canary", "control")]
        why = canary.stops(*arms, dearer=dearer)
        if why and why != before:
            counters.count("canary.stopped")
            logs.log().warning("a canary was stopped", tenant=tenant, router=name, said=why)
        return why
