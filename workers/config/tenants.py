"""What holds for a tenant: the standard, then `[cache]` and `[routing]` of the file, then `[tenants.<name>]`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from pipelines.cache import judge, risk
from pipelines.cache.admission import Retention
from pipelines.cache.voices import Quorum
from pipelines.context import harm
from pipelines.money.budget import Budget
from pipelines.routing import cascade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.job import Context

_RETENTION = {f.name for f in fields(Retention)}
_QUORUM = {f.name for f in fields(Quorum)}


@dataclass(frozen=True, slots=True)
class CacheRules:
    """``target``: wrong hits per request; ``judge_share``: calls to the judge for each job;
    ``share_after_users``: different users who must have asked before an entry answers others; ``share_about_asker``:
    may users be given each other's answers to questions about their own affairs; ``leave_out``: RE2 patterns of what
    is sent and is no part of the key; ``capacity``: entries of a tenant.
    """

    target: float = risk.TARGET
    judge_share: float = judge.SHARE
    share_after_users: int = 1
    share_about_asker: bool = False
    leave_out: tuple[str, ...] = ()
    capacity: int = 500_000
    retention: Retention = field(default_factory=Retention)
    quorum: Quorum = field(default_factory=Quorum)

    def but(self, said: Mapping[str, Any]) -> CacheRules:
        """These rules with what a table of the file says otherwise, by the settings' names; lists become tuples."""
        changes: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
        }
        return replace(
            self,
            retention=replace(self.retention, **{name: changes.pop(name) for name in _RETENTION & changes.keys()}),
            quorum=replace(self.quorum, **{name: changes.pop(name) for name in _QUORUM & changes.keys()}),
            **changes,
        )


@dataclass(frozen=True, slots=True)
class ContextRules:
    """``mode`` as a job's ``context``; ``audit_share``: of answers to a shorter context, those that are asked again
    with the whole conversation; ``target``: of those, the share that may be worse.
    """

    mode: Context = "auto"
    audit_share: float = 0.0
    target: float = harm.TARGET

    def but(self, said: Mapping[str, Any]) -> ContextRules:
        """These rules with what a table of the file says otherwise; a budget comes before a mode."""
        changes = dict(said)
        budget, mode = changes.pop("budget_tokens", None), changes.pop("mode", None)
        return replace(self, **changes, mode=budget or mode or self.mode)


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """``escalate_from``: the probability of a better answer from which premium is asked after economy answered;
    ``audit_share``: of the routed answers, those that the other tier is asked again; ``target``: of all answers, those
    that may be worse than premium's, None where only the router decides; ``hedge``: is a second provider asked beside
    one whose first word is late? ``canary_router``: the file of a router that is tried on ``canary_share`` of the jobs,
    until its answers surely cost ``canary_dearer`` times the others', or more of them are surely worse; '' for none.
    ``right_usd``: dollars that a right answer in place of a wrong one is worth, None as the router's panel says.
    """

    escalate_from: float = cascade.FROM
    audit_share: float = 0.0
    target: float | None = None
    hedge: bool = False
    canary_router: str = ""
    canary_share: float = 0.1
    canary_dearer: float = 1.25
    right_usd: float | None = None
    budget: Budget = field(default_factory=Budget)

    def but(self, said: Mapping[str, Any], budget: Mapping[str, Any]) -> RoutingRules:
        """These rules with what two tables of the file say otherwise."""
        return replace(self, **said, budget=replace(self.budget, **budget))
