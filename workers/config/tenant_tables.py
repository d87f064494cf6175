"""The schema of what holds for tenants: the cache, the models; for all of them, and for one."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.job import MAX_TTL_S
from pipelines.money.budget import WhenSpent
from pipelines.routing import quality_bound
from workers.config.tenants import CacheRules, ContextRules, RoutingRules
from workers.config.types import Amount, Patterns

_CACHE = CacheRules()
_ROUTING, _CONTEXT = RoutingRules(), ContextRules()


class Table(BaseModel):
    """A table of the file: no other setting than these, no value bent to a type, and no value in an error's text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class CacheFields(Table):
    """What holds for a cache, of all tenants or of one."""

    target: float = Field(_CACHE.target, gt=0, lt=0.5, description="wrong hits per request, at the most")
    ttl_s: float = Field(
        _CACHE.retention.ttl_s,
        ge=1,
        le=MAX_TTL_S,
        description="seconds that an answer is served; a job's `metadata.ttl_s` comes first, 0 for never",
    )
    frequent_ttl_s: float = Field(
        _CACHE.retention.frequent_ttl_s,
        ge=1,
        le=MAX_TTL_S,
        description="seconds that the answer to a frequent question is served",
    )
    frequent_asks: int = Field(
        _CACHE.retention.frequent_asks, ge=1, description="asked so often in a day, a question is frequent"
    )
    max_temperature: float = Field(
        _CACHE.retention.max_temperature, ge=0, le=2, description="answers sampled at more are not kept"
    )
    share_after_users: int = Field(
        _CACHE.share_after_users, ge=1, description="different users who must have asked before an entry answers others"
    )
    share_about_asker: bool = Field(
        _CACHE.share_about_asker,
        description="may users be given each other's answers to questions about their own affairs",
    )
    wrong_after_users: int = Field(
        _CACHE.quorum.wrong_after_users,
        ge=0,
        description="users who must agree before an answer is dropped for all; 0: an operator alone",
    )
    correct_after_users: int = Field(
        _CACHE.quorum.correct_after_users,
        ge=0,
        description="users who must agree before an answer is corrected for all; 0: an operator alone",
    )
    passing: Patterns = Field([], description="RE2 patterns of questions about this moment: their answers are not kept")
    lasting: Patterns = Field([], description="RE2 patterns of questions that look so, and are none")
    leave_out: Patterns = Field(
        [],
        description="RE2 patterns of what is sent and is no part of the key: a clock, a request id"
        " (`farthing report` says where there are some)",
    )
    capacity: int = Field(
        _CACHE.capacity,
        ge=1,
        description="entries; of more, those go that save the least: how often asked, times what the model costs",
    )


class RoutingFields(Table):
    """What holds for the models, of all tenants or of one."""

    escalate_from: float = Field(
        _ROUTING.escalate_from,
        gt=0,
        le=1,
        description="probability that premium's answer would be better, as the checks of economy's tell it, from which"
        " premium is asked too; 1: never",
    )

    audit_share: float = Field(
        _ROUTING.audit_share,
        ge=0,
        le=1,
        description="share of the routed answers that the other tier is asked again, off the caller's path, to know"
        " what is lost by not asking premium; 0: none",
    )

    target: float | None = Field(
        None,
        ge=quality_bound.LEAST_TARGET,
        lt=1,
        description="share of all answers that may be worse than premium's: premium is asked as often as that takes, by"
        " what `audit_share` showed, and always until enough was compared; without it, the router alone decides",
    )

    hedge: bool = Field(
        _ROUTING.hedge,
        description="ask a second provider beside one whose first word is later than 19 of 20 were, and take the first"
        " answer; both are paid for. Not where a budget bounds what may be spent",
    )

    canary_router: str = Field(
        _ROUTING.canary_router,
        description="file of `farthing train routing`: a router that is tried on a share of the jobs; none when empty",
    )
    canary_share: float = Field(_ROUTING.canary_share, gt=0, le=0.5, description="share of the jobs that it decides of")
    canary_dearer: float = Field(
        _ROUTING.canary_dearer,
        ge=1,
        description="an answer of its jobs may cost so many times what others do; if it surely costs more, or more"
        " answers are surely worse (`audit_share`), it decides of no more",
    )
    right_usd: float | None = Field(
        None,
        gt=0,
        description="where the router chooses among several models: dollars that a right answer in place of a wrong one"
        " is worth; without it, what `farthing train routing` found for its goal",
    )


class RoutingTable(RoutingFields):
    """`[routing]`: which model answers, for every tenant that says nothing else."""


class TenantRoutingTable(RoutingFields):
    """`[tenants.<name>.routing]`: which model answers one tenant; what is not said here, as `[routing]` says."""


class BudgetFields(Table):
    """What may be spent, by each tenant or by one."""

    usd_per_day: Amount | None = Field(None, description="dollars that a tenant may cost in a day (UTC)")
    usd_per_month: Amount | None = Field(None, description="dollars that it may cost in a calendar month (UTC)")
    when_spent: WhenSpent = Field(
        _ROUTING.budget.when_spent,
        description="`hits`: the cache and rules alone answer; `economy`: no premium from `warn_at` on, then as `hits`;"
        " `refuse`: nothing answers; `warn`: all goes on",
    )
    warn_at: float = Field(
        _ROUTING.budget.warn_at, gt=0, le=1, description="share of a bound from which people are told, once a day"
    )


class BudgetTable(BudgetFields):
    """`[budget]`: what each tenant may spend that says nothing else."""


class TenantBudgetTable(BudgetFields):
    """`[tenants.<name>.budget]`: what one tenant may spend; what is not said here, as `[budget]` says."""


class ContextFields(Table):
    """What is sent of a conversation, of all tenants' or of one's."""

    mode: Literal["auto", "all"] = Field(
        "auto",
        description="`auto` leaves out what matters less to the question where that surely pays, `all` what the model"
        " has no room for",
    )
    budget_tokens: int | None = Field(
        None,
        ge=100,
        description="instead of a mode: tokens that are sent in the whole, at the most; instructions and question are"
        " always",
    )
    audit_share: float = Field(
        _CONTEXT.audit_share,
        ge=0,
        le=1,
        description="share of the answers to a shorter context that are asked again with the whole conversation, off"
        " the caller's path, to know what is lost by cutting; 0: none",
    )
    target: float = Field(
        _CONTEXT.target,
        gt=0,
        lt=1,
        description="share of those that may be worse; where audits show that more surely are, conversations are sent"
        " whole",
    )


class ContextTable(ContextFields):
    """`[context]`: how much of a conversation is sent, for every tenant that says nothing else."""


class TenantContextTable(ContextFields):
    """`[tenants.<name>.context]`: how much of one tenant's is; what is not said here, as `[context]` says."""


class TenantTable(CacheFields):
    """`[tenants.<name>]`: what holds for one tenant's cache; what is not said here, as `[cache]` says."""

    routing: TenantRoutingTable = Field(TenantRoutingTable(), description="which model answers it")
    budget: TenantBudgetTable = Field(TenantBudgetTable(), description="what it may spend")
    context: TenantContextTable = Field(TenantContextTable(), description="how much of its conversations is sent")


class CacheTable(CacheFields):
    """`[cache]`: what holds for every tenant that says nothing else."""

    judge_share: float = Field(
        _CACHE.judge_share,
        ge=0,
        le=1,
        description="calls to the judge, at the most, for each job (all tenants together, hits too as far as model-call"
        " workers can tell); 0: no judge",
    )
