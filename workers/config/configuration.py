"""The configuration file: read, checked by its schema with every fault at once, made into what is decided on."""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipelines.errors import ConfigurationInvalid
from pipelines.money.pricing import Price, PriceBook
from pipelines.routing.catalog import Catalog, Offer
from pipelines.routing.market import Market
from pipelines.routing.rules import RuleBook
from workers.config.endpoints import ProviderConfig
from workers.config.faults import Origin, faults
from workers.config.schema import File, ProviderTable
from workers.config.tenants import CacheRules, ContextRules, RoutingRules
from workers.config.toml_lines import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workers.config.settings import Settings
    from workers.config.tenant_tables import Table


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says, checked; without a file, one OpenAI-compatible provider with two models."""

    catalog: Catalog
    providers: tuple[ProviderConfig, ...]
    prices: PriceBook
    rules: RuleBook
    cache: CacheRules = field(default_factory=CacheRules)
    tenants: Mapping[str, CacheRules] = field(default_factory=dict)
    routing: RoutingRules = field(default_factory=RoutingRules)
    tenants_routing: Mapping[str, RoutingRules] = field(default_factory=dict)
    context: ContextRules = field(default_factory=ContextRules)
    tenants_context: Mapping[str, ContextRules] = field(default_factory=dict)

    def cache_of(self, tenant: str) -> CacheRules:
        """What holds for a tenant's cache."""
        return self.tenants.get(tenant, self.cache)

    def routing_of(self, tenant: str) -> RoutingRules:
        """What holds for the models that answer a tenant."""
        return self.tenants_routing.get(tenant, self.routing)

    def context_of(self, tenant: str) -> ContextRules:
        """What is sent of a tenant's conversations."""
        return self.tenants_context.get(tenant, self.context)

    def market(self, at: datetime) -> Market:
        """Who serves at what price, at a moment with a time zone."""
        return Market(self.catalog, self.prices, {p.name: p.price_provider for p in self.providers}, at)


def load(settings: Settings, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read the file that FARTHING_CONFIG names; raises ConfigurationInvalid with every fault and its line."""
    given = os.environ if environ is None else environ
    if not settings.config_path:
        return _built(_default(settings), Origin("the environment", {}), given)
    path = Path(settings.config_path).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationInvalid([f"FARTHING_CONFIG: cannot read {path}: {reason}"]) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid([f"{path}: not TOML: {error}"]) from error
    except (ValueError, RecursionError):  # a number of thousands of digits, tables within tables without end
        raise ConfigurationInvalid([f"{path}: not TOML that anybody wrote: too deep, or a number too long"]) from None
    return _built(raw, Origin(str(path), lines(text)), given)


_OF_PRICES = ("providers", "currencies", "prices")
UNPRICED = "no price is known for it: add one under [[prices]], or say whose price list holds (price_provider)"


def _default(settings: Settings) -> dict[str, Any]:
    return {
        "providers": [
            {
                "name": "openai",
                "base_url": settings.openai_base_url,
                "api_key_env": "OPENAI_API_KEY",
                "models": [
                    {"name": settings.economy_model, "tier": "economy"},
                    {"name": settings.premium_model, "tier": "premium"},
                ],
            }
        ]
    }


def _built(raw: dict[str, Any], origin: Origin, environ: Mapping[str, str]) -> Configuration:
    try:
        file = _checked(raw, environ)
    except ValidationError as error:
        found = faults(error, origin)
        with suppress(ValidationError):  # what is wrong elsewhere hides no model without a price
            found += _unpriced(_checked({name: raw[name] for name in _OF_PRICES if name in raw}, environ), origin)
        raise ConfigurationInvalid(found) from None
    if unknown := list(_unpriced(file, origin)):
        raise ConfigurationInvalid(unknown)
    providers = tuple(_provider(table, environ) for table in file.providers)
    catalog = Catalog(tuple(offer for table in file.providers for offer in _offers(table)))
    prices = PriceBook(_prices(file))
    cache, routing = CacheRules().but(_said(file.cache)), RoutingRules().but(_said(file.routing), _said(file.budget))
    context = ContextRules().but(_said(file.context))
    tenants_routing = {
        name: routing.but(_said(table.routing), _said(table.budget)) for name, table in file.tenants.items()
    }
    if unheld := list(_unheld(routing, tenants_routing, origin)):
        raise ConfigurationInvalid(unheld)
    return Configuration(
        catalog=catalog,
        providers=providers,
        prices=prices,
        rules=RuleBook([table.rule() for table in file.rules]),
        cache=cache,
        tenants={name: cache.but(_said(table, "routing", "budget", "context")) for name, table in file.tenants.items()},
        routing=routing,
        tenants_routing=tenants_routing,
        context=context,
        tenants_context={name: context.but(_said(table.context)) for name, table in file.tenants.items()},
    )


def _unheld(routing: RoutingRules, tenants: Mapping[str, RoutingRules], origin: Origin) -> Iterator[str]:
    """Targets of quality that nothing could show to be kept."""
    for where, rules in {"routing": routing, **{f"tenants.{name}.routing": r for name, r in tenants.items()}}.items():
        if rules.target is not None and rules.audit_share == 0.0:
            yield origin.fault(f"{where}.target", f"got {rules.target}, expected an audit_share too, which shows it")


def _said(table: Table, *besides: str) -> dict[str, Any]:
    """What the file says of a table, without these settings."""
    return table.model_dump(exclude_unset=True, exclude=set(besides))


def _checked(raw: dict[str, Any], environ: Mapping[str, str]) -> File:
    currencies = raw.get("currencies")
    known = list(currencies) if isinstance(currencies, dict) else []
    return File.model_validate(raw, context={"environ": environ, "currencies": known})


def _unpriced(file: File, origin: Origin) -> Iterator[str]:
    """A fault for each model whose price nobody knows, at the model's line."""
    now, prices = datetime.now(UTC), PriceBook(_prices(file))
    for i, provider in enumerate(file.providers):
        for j, model in enumerate(provider.models):
            if prices.faults([(provider.price_provider or provider.name, model.name)], now):
                yield origin.fault(f"providers[{i}].models[{j}].name", UNPRICED)


def _provider(table: ProviderTable, environ: Mapping[str, str]) -> ProviderConfig:
    return ProviderConfig(
        name=table.name,
        base_url=table.base_url or None,
        # A missing key is no fault of the file: only model-call needs it, and says so when it does.
        api_key=environ.get(table.api_key_env, "") if table.api_key_env else "none",
        price_provider=table.price_provider or table.name,
        requests_per_minute=table.requests_per_minute,
        tokens_per_minute=table.tokens_per_minute,
        concurrency=table.concurrency,
    )


def _offers(table: ProviderTable) -> list[Offer]:
    return [
        Offer(
            provider=table.name,
            model=model.name,
            tier=model.tier,
            context_tokens=model.context_tokens,
            max_output_tokens=model.max_output_tokens,
            capabilities=frozenset(model.capabilities),
            refuses=frozenset(model.refuses),
            takes_cache_key=not table.base_url if table.prompt_cache_key is None else table.prompt_cache_key,
            takes_cache_marks=table.cache_marks,
            batch_price=table.batch_price,
        )
        for model in table.models
    ]


def _prices(file: File) -> list[Price]:
    dollars = {**file.currencies, "USD": Decimal(1)}
    return [
        Price(
            provider=row.provider,
            model=row.model,
            input_usd_per_mtok=row.input_per_mtok * dollars[row.currency],
            output_usd_per_mtok=row.output_per_mtok * dollars[row.currency],
            cached_input_usd_per_mtok=None
            if row.cached_input_per_mtok is None
            else row.cached_input_per_mtok * dollars[row.currency],
            as_of=row.as_of,
        )
        for row in file.prices
    ]
