"""The schema of the configuration file: its tables, each setting with its type, bounds, default and meaning."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from pipelines.routing.catalog import MODEL_TIERS, Offer
from pipelines.routing.rules import Rule, RuleBook
from pipelines.routing.rules import faults as rule_faults
from workers.config.tenant_tables import BudgetTable, CacheTable, ContextTable, RoutingTable, Table, TenantTable
from workers.config.types import (
    Amount,
    Capability,
    Currency,
    Day,
    Expanded,
    PartOfPrice,
    Positive,
    Refusable,
    Text,
    Url,
    Variable,
    fault,
)

_OFFER = Offer(provider="", model="", tier="economy")


class ModelTable(Table):
    """`[[providers.models]]`: one model of a provider."""

    name: Text = Field(description="the model's name, as the provider has it")
    tier: Literal["economy", "premium"] = Field(description="which jobs it suffices for")
    context_tokens: Positive = Field(_OFFER.context_tokens, description="its window, prompt and completion together")
    max_output_tokens: Positive = Field(_OFFER.max_output_tokens, description="the longest completion")
    capabilities: list[Capability] = Field(
        [one for one in get_args(Capability) if one in _OFFER.capabilities], description="what a job may need of it"
    )
    refuses: list[Refusable] = Field([], description="parameters that it answers with an error (reasoning models)")


class ProviderTable(Table):
    """`[[providers]]`: one OpenAI-compatible endpoint, in order of preference at the same price."""

    name: Text = Field(description="the provider's name, in answers and figures")
    base_url: Url = Field("", description="its address, or `$VARIABLE`; OpenAI's own when empty")
    api_key_env: Variable = Field("", description="the environment variable that holds its key; none when empty")
    price_provider: str = Field("", description="whose prices in the price map; the provider's name when empty")
    requests_per_minute: Positive | None = Field(
        None, description="requests of the whole fleet in a minute, at the most"
    )
    tokens_per_minute: Positive | None = Field(
        None, description="tokens, prompts and expected completions together, likewise"
    )
    concurrency: Positive | None = Field(None, description="calls of the whole fleet at once, at the most")
    prompt_cache_key: bool | None = Field(
        None,
        description="does it know OpenAI's `prompt_cache_key`, which keeps a conversation where its beginning is"
        " remembered? Unless said, OpenAI alone does",
    )
    cache_marks: bool = Field(
        False,
        description="mark what of a conversation comes again (`cache_control`), for gateways to Anthropic's models:"
        " these remember a beginning only up to a mark",
    )
    batch_price: PartOfPrice | None = Field(
        None,
        description="it has OpenAI's Batch API, at this part of the price: jobs whose deadline leaves hours go there",
    )
    models: list[ModelTable] = Field(min_length=1, description="its models, at least one `[[providers.models]]`")


class PriceTable(Table):
    """`[[prices]]`: a price of yours, before that of the bundled map."""

    provider: Text = Field(description="a provider's `price_provider`")
    model: Text = Field(description="the model's name")
    currency: Currency = Field("USD", description="USD, or a name of `[currencies]`")
    input_per_mtok: Amount = Field(description="for a million tokens of input")
    output_per_mtok: Amount = Field(description="for a million tokens of output")
    cached_input_per_mtok: Amount | None = Field(None, description="of input that the provider had cached; as input")
    as_of: Day = Field("", description="the day it was read, YYYY-MM-DD")


class RuleTable(Table):
    """`[[rules]]`: a structured question that a database answers, or a template alone."""

    name: Text = Field(description="the rule's name, in answers and figures")
    patterns: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(
        min_length=1,
        description="RE2 patterns of the whole question, a list a language; named groups bind in `sql`",
    )
    database: Annotated[Expanded, Field(min_length=1)] | None = Field(
        None, description="a SQLAlchemy URL, or `$VARIABLE`; without one, and `sql`, the template answers alone"
    )
    sql: Text | None = Field(None, description="a query; `:user`, `:tenant` and the patterns' groups are bound")
    answers: dict[str, str] = Field(
        min_length=1, description="a template a language, over the row's columns; without a database, over the groups"
    )
    user_column: Text | None = Field(None, description="the column that must equal the job's user")
    tenants: list[Text] = Field([], description="whose questions it claims; every tenant's when empty")

    def rule(self) -> Rule:
        """The rule as it is decided on."""
        return Rule(
            name=self.name,
            patterns={language: tuple(some) for language, some in self.patterns.items()},
            database=self.database,
            sql=self.sql,
            answers=self.answers,
            user_column=self.user_column,
            tenants=tuple(self.tenants),
        )

    @model_validator(mode="after")
    def _whole(self) -> RuleTable:
        faults = rule_faults(self.rule())
        try:
            RuleBook([self.rule()])
        except ValueError as error:
            faults.append(str(error))
        if faults:
            raise fault("; ".join(faults))
        return self


def _twice(what: str, names: list[Any]) -> list[str]:
    """Which of them, by number, were there before."""
    return [f"{what} {number} was there before" for number, name in enumerate(names) if name in names[:number]]


def _named_once(providers: list[ProviderTable]) -> list[ProviderTable]:
    faults = _twice("the name of number", [provider.name for provider in providers])
    offers = [(provider.name, model.name) for provider in providers for model in provider.models]
    faults += _twice("the model of a provider, number", offers)
    tiers = {model.tier for provider in providers for model in provider.models}
    faults += [f"no model of tier {tier!r}, expected at least one" for tier in MODEL_TIERS if tier not in tiers]
    if faults:
        raise fault("; ".join(faults))
    return providers


def _priced_once(prices: list[PriceTable]) -> list[PriceTable]:
    if faults := _twice("the price of a model, number", [(price.provider, price.model) for price in prices]):
        raise fault("; ".join(faults))
    return prices


def _rules_named_once(rules: list[RuleTable]) -> list[RuleTable]:
    if faults := _twice("the name of number", [rule.name for rule in rules]):
        raise fault("; ".join(faults))
    return rules


def _without_dollars(currencies: dict[str, Decimal]) -> dict[str, Decimal]:
    if "USD" in currencies:
        raise fault("USD is what the others are counted in, and always 1")
    return currencies


class File(Table):
    """The whole file."""

    providers: Annotated[list[ProviderTable], AfterValidator(_named_once)] = Field(
        min_length=1, description="who is asked: `[[providers]]`, with a model of each tier"
    )
    currencies: Annotated[dict[str, Amount], AfterValidator(_without_dollars)] = Field(
        {}, description='dollars for one unit of a currency, e.g. CNY = "0.14"'
    )
    prices: Annotated[list[PriceTable], AfterValidator(_priced_once)] = Field([], description="prices of your own")
    cache: CacheTable = Field(CacheTable(), description="the cache, for all tenants")
    routing: RoutingTable = Field(RoutingTable(), description="which model answers, for all tenants")
    budget: BudgetTable = Field(BudgetTable(), description="what each tenant may spend")
    tenants: dict[str, TenantTable] = Field({}, description="all of these, for one tenant each")
    context: ContextTable = Field(ContextTable(), description="how much of a conversation is sent")
    rules: Annotated[list[RuleTable], AfterValidator(_rules_named_once)] = Field(
        [], description="structured questions that a database answers"
    )
