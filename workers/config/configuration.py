"""The configuration file: models, tiers, providers, prices, cache, context and rules, every fault at once."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationInvalid
from pipelines.money.pricing import Price, PriceBook
from pipelines.routing import completion
from pipelines.routing.catalog import MODEL_TIERS, Catalog, Offer
from pipelines.routing.market import Market
from pipelines.routing.rules import Rule, RuleBook
from pipelines.routing.rules import faults as rule_faults
from workers.config.endpoints import ProviderConfig
from workers.config.tenants import CacheRules, read
from workers.config.toml_lines import lines
from workers.config.toml_reader import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workers.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says, checked; without a file, one OpenAI-compatible provider with two models."""

    catalog: Catalog
    providers: tuple[ProviderConfig, ...]
    prices: PriceBook
    rules: RuleBook
    cache: CacheRules = field(default_factory=CacheRules)
    tenants: Mapping[str, CacheRules] = field(default_factory=dict)
    context_budget_tokens: int | None = None

    def cache_of(self, tenant: str) -> CacheRules:
        """What holds for a tenant's cache."""
        return self.tenants.get(tenant, self.cache)

    def market(self, at: datetime) -> Market:
        """Who serves at what price, at a moment with a time zone."""
        return Market(self.catalog, self.prices, {p.name: p.price_provider for p in self.providers}, at)


def load(settings: Settings, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read the file that FARTHING_CONFIG names; raises ConfigurationInvalid with every fault and its line."""
    given = os.environ if environ is None else environ
    if not settings.config_path:
        return _built(Reader(_default(settings), {}, "the environment", given))
    path = Path(settings.config_path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationInvalid([f"FARTHING_CONFIG: cannot read {path}: {reason}"]) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationInvalid([f"{path}: not TOML: {error}"]) from error
    return _built(Reader(raw, lines(text), str(path), given))


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


def _built(reader: Reader) -> Configuration:
    raw = reader.raw
    reader.only(raw, "", ("providers", "currencies", "prices", "cache", "tenants", "context", "rules"))
    providers, offers = _providers(reader)
    prices = PriceBook(_prices(reader))
    if not reader.faults:
        ids = {p.name: p.price_provider for p in providers}
        wanted = [(ids[offer.provider], offer.model) for offer in offers]
        for fault in prices.faults(wanted, datetime.now(UTC)):
            reader.fault("prices", fault)
    cache, tenants = read(reader)
    context = reader.take(raw, "", "context", dict, {})
    reader.only(context, "context", ("budget_tokens",))
    budget_tokens = reader.take(
        context, "context", "budget_tokens", int, None, ok=lambda v: v >= 100, expected="at least 100 tokens"
    )
    rules = _rules(reader)
    if reader.faults:
        raise ConfigurationInvalid(reader.faults)
    return Configuration(
        catalog=Catalog(tuple(offers)),
        providers=tuple(providers),
        prices=prices,
        rules=rules,
        cache=cache,
        tenants=tenants,
        context_budget_tokens=budget_tokens,
    )


def _providers(reader: Reader) -> tuple[list[ProviderConfig], list[Offer]]:
    providers: list[ProviderConfig] = []
    offers: list[Offer] = []
    for path, row in reader.tables(reader.raw, "", "providers"):
        reader.only(row, path, ("name", "base_url", "api_key_env", "price_provider", "models"))
        name = reader.take(row, path, "name", str, ok=bool, expected="the provider's name")
        key_env = reader.take(row, path, "api_key_env", str, "")
        providers.append(
            ProviderConfig(
                name=name,
                base_url=reader.expanded(row, path, "base_url", "a URL or $VARIABLE", "") or None,
                # A missing key is no fault of the file: only model-call needs it, and says so when it does.
                api_key=reader.environ.get(key_env, "") if key_env else "none",
                price_provider=reader.take(row, path, "price_provider", str, name),
            )
        )
        models = reader.tables(row, path, "models")
        if not models:
            reader.fault(path, "has no models, expected at least one [[providers.models]]")
        offers += [_offer(reader, where, model, name) for where, model in models]
    names = [provider.name for provider in providers]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        reader.fault("providers", f"two providers are named {twice!r}")
    for tier in MODEL_TIERS:
        if not any(offer.tier == tier for offer in offers):
            reader.fault("providers", f"no model of tier {tier!r}, expected at least one")
    return providers, offers


def _offer(reader: Reader, path: str, row: dict[str, Any], provider: str) -> Offer:
    known = ("name", "tier", "context_tokens", "max_output_tokens", "capabilities", "refuses")
    reader.only(row, path, known)
    standard = Offer(provider="", model="", tier="economy")
    positive: dict[str, Any] = {"ok": lambda v: v > 0, "expected": "a whole number above 0"}
    capabilities = reader.take(
        row, path, "capabilities", list, sorted(standard.capabilities),
        ok=lambda v: all(isinstance(c, str) for c in v), expected="a list of names",
    )  # fmt: skip
    return Offer(
        provider=provider,
        model=reader.take(row, path, "name", str, ok=bool, expected="the model's name"),
        tier=reader.take(row, path, "tier", str, ok=MODEL_TIERS.__contains__, expected=" or ".join(MODEL_TIERS)),
        context_tokens=reader.take(row, path, "context_tokens", int, standard.context_tokens, **positive),
        max_output_tokens=reader.take(row, path, "max_output_tokens", int, standard.max_output_tokens, **positive),
        capabilities=frozenset(capabilities),
        refuses=frozenset(
            reader.take(
                row,
                path,
                "refuses",
                list,
                [],
                ok=lambda v: set(map(str, v)) <= {"max_tokens", *completion.SAMPLING},
                expected=f"a list of max_tokens, {', '.join(completion.SAMPLING)}",
            )
        ),
    )


def _currencies(reader: Reader) -> dict[str, Decimal]:
    """Dollars for one unit of each currency."""
    table = reader.take(reader.raw, "", "currencies", dict, {}, expected='a table, e.g. CNY = "0.14"')
    return {"USD": Decimal(1), **{name: reader.money(table, "currencies", name) for name in table}}


def _prices(reader: Reader) -> list[Price]:
    known = (
        *("provider", "model", "currency", "as_of"),
        *("input_per_mtok", "cached_input_per_mtok", "output_per_mtok"),
    )
    dollars = _currencies(reader)
    prices = []
    for path, row in reader.tables(reader.raw, "", "prices"):
        reader.only(row, path, known)
        currency = reader.take(
            row, path, "currency", str, "USD", ok=dollars.__contains__, expected=f"one of {', '.join(dollars)}"
        )
        rate = dollars[currency]
        cached = reader.money(row, path, "cached_input_per_mtok", None)
        prices.append(
            Price(
                provider=reader.take(row, path, "provider", str, ok=bool),
                model=reader.take(row, path, "model", str, ok=bool),
                input_usd_per_mtok=reader.money(row, path, "input_per_mtok") * rate,
                output_usd_per_mtok=reader.money(row, path, "output_per_mtok") * rate,
                cached_input_usd_per_mtok=None if cached is None else cached * rate,
                as_of=reader.take(row, path, "as_of", str, ""),
            )
        )
    return prices


def _rules(reader: Reader) -> RuleBook:
    known = ("name", "patterns", "database", "sql", "answers", "user_column")
    rules = []
    for path, row in reader.tables(reader.raw, "", "rules"):
        reader.only(row, path, known)
        patterns = reader.take(row, path, "patterns", dict, ok=_is_patterns, expected="language = [patterns]")
        answers = reader.take(row, path, "answers", dict, ok=bool, expected="language = template")
        rule = Rule(
            name=reader.take(row, path, "name", str, ok=bool, expected="the rule's name"),
            patterns={language: tuple(found) for language, found in patterns.items()},
            database=reader.expanded(row, path, "database", "a SQLAlchemy URL or $VARIABLE"),
            sql=reader.take(row, path, "sql", str, ok=bool, expected="a query"),
            answers={str(k): str(v) for k, v in answers.items()},
            user_column=reader.take(row, path, "user_column", str, None),
        )
        for fault in rule_faults(rule):
            reader.fault(path, fault)
        rules.append(rule)
    if not reader.faults:
        try:
            return RuleBook(rules)
        except ValueError as error:
            reader.fault("rules", str(error))
    return RuleBook([])


def _is_patterns(value: dict[str, Any]) -> bool:
    return bool(value) and all(
        isinstance(found, list) and found and all(isinstance(pattern, str) for pattern in found)
        for found in value.values()
    )
