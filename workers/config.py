"""The configuration file: models, tiers, providers, prices, cache, context and rules, every fault at once."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cache import Policy
from pipelines.catalog import MODEL_TIERS, Catalog, Offer
from pipelines.errors import ConfigurationInvalid
from pipelines.pricing import Price, PriceBook
from pipelines.rules import Rule, RuleBook
from pipelines.rules import faults as rule_faults
from workers.providers import ProviderConfig
from workers.toml_lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workers.settings import Settings

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says, checked; without a file, one OpenAI-compatible provider with two models."""

    catalog: Catalog
    providers: tuple[ProviderConfig, ...]
    prices: PriceBook
    rules: RuleBook
    cache: Policy = field(default_factory=Policy)
    ttl_s: float = 24 * 3600.0
    context_budget_tokens: int = 3_000

    def price_provider(self, provider: str) -> str:
        """The name under which a provider's prices are listed."""
        return next((p.price_provider for p in self.providers if p.name == provider), provider)


def load(settings: Settings, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read the file that FARTHING_CONFIG names; raises ConfigurationInvalid with every fault and its line."""
    given = os.environ if environ is None else environ
    if not settings.config_path:
        return _built(_Reader(_default(settings), {}, "the environment", given))
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
    return _built(_Reader(raw, lines(text), str(path), given))


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


class _Reader:
    """Takes checked values out of raw TOML and keeps every fault with its line."""

    def __init__(self, raw: dict[str, Any], at: dict[str, int], source: str, environ: Mapping[str, str]) -> None:
        self.raw, self.environ = raw, environ
        self._at, self._source = at, source
        self.faults: list[str] = []

    def fault(self, path: str, says: str) -> None:
        line = self._at.get(path) or self._at.get(path.rpartition(".")[0])
        where = f"{self._source}:{line}" if line else self._source
        self.faults.append(f"{where}: {path}: {says}")

    def only(self, table: Mapping[str, Any], path: str, known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                where = f"{path}.{name}" if path else name
                self.fault(where, f"no such setting, expected one of {', '.join(known)}")

    def take(
        self,
        table: Mapping[str, Any],
        path: str,
        name: str,
        kind: type[Any],
        default: Any = _MISSING,
        *,
        ok: Callable[[Any], bool] = lambda _: True,
        expected: str = "",
    ) -> Any:
        value = table.get(name, _MISSING)
        where = f"{path}.{name}" if path else name
        expected = expected or {str: "text", int: "a whole number", float: "a number"}.get(kind, kind.__name__)
        if value is _MISSING:
            if default is _MISSING:
                self.fault(where, f"missing, expected {expected}")
                return kind()
            return default
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool) or not ok(value):
            self.fault(where, f"got {value!r:.80}, expected {expected}")
            return kind() if default is _MISSING else default
        return value

    def expanded(self, table: Mapping[str, Any], path: str, name: str, expected: str, default: Any = _MISSING) -> str:
        """Text, or the value of the variable that ``$NAME`` names: for addresses that differ between installations."""
        text: str = self.take(
            table, path, name, str, default, ok=bool if default is _MISSING else lambda _: True, expected=expected
        )
        if not text.startswith("$"):
            return text
        value = self.environ.get(text[1:], "")
        if not value:
            self.fault(f"{path}.{name}", f"the variable {text[1:]} is not set")
        return value

    def tables(self, table: Mapping[str, Any], path: str, name: str) -> list[tuple[str, dict[str, Any]]]:
        rows = self.take(table, path, name, list, [], expected="[[" + name + "]] tables")
        prefix = f"{path}.{name}" if path else name
        good = [(f"{prefix}[{i}]", row) for i, row in enumerate(rows) if isinstance(row, dict)]
        if len(good) < len(rows):
            self.fault(prefix, f"expected [[{prefix}]] tables")
        return good


def _built(reader: _Reader) -> Configuration:
    raw = reader.raw
    reader.only(raw, "", ("providers", "prices", "cache", "context", "rules"))
    providers, offers = _providers(reader)
    prices = PriceBook(_prices(reader))
    if not reader.faults:
        ids = {p.name: p.price_provider for p in providers}
        wanted = [(ids[offer.provider], offer.model) for offer in offers]
        for fault in prices.faults(wanted, datetime.now(UTC)):
            reader.fault("prices", fault)
    cache = reader.take(raw, "", "cache", dict, {})
    reader.only(cache, "cache", ("similarity", "ttl_s"))
    context = reader.take(raw, "", "context", dict, {})
    reader.only(context, "context", ("budget_tokens",))
    built = {
        "cache": Policy(
            similarity=reader.take(
                cache, "cache", "similarity", float, Policy().similarity,
                ok=lambda v: 0 < v <= 1, expected="a cosine above 0, at most 1",
            )
        ),
        "ttl_s": reader.take(
            cache, "cache", "ttl_s", float, 24 * 3600.0, ok=lambda v: v >= 1, expected="seconds, at least 1"
        ),
        "context_budget_tokens": reader.take(
            context, "context", "budget_tokens", int, 3_000, ok=lambda v: v >= 100, expected="at least 100 tokens"
        ),
    }  # fmt: skip
    rules = _rules(reader)
    if reader.faults:
        raise ConfigurationInvalid(reader.faults)
    return Configuration(
        catalog=Catalog(tuple(offers)), providers=tuple(providers), prices=prices, rules=rules, **built
    )


def _providers(reader: _Reader) -> tuple[list[ProviderConfig], list[Offer]]:
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


def _offer(reader: _Reader, path: str, row: dict[str, Any], provider: str) -> Offer:
    known = ("name", "tier", "context_tokens", "max_output_tokens", "capabilities")
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
    )


def _money(reader: _Reader, row: dict[str, Any], path: str, name: str, default: Any = _MISSING) -> Any:
    text = reader.take(row, path, name, str, default, expected='dollars as text, e.g. "0.15"')
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        if text:
            reader.fault(f"{path}.{name}", f'got {text!r:.40}, expected dollars as text, e.g. "0.15"')
        return Decimal(0)
    return amount


def _prices(reader: _Reader) -> list[Price]:
    known = ("provider", "model", "input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok", "as_of")
    prices = []
    for path, row in reader.tables(reader.raw, "", "prices"):
        reader.only(row, path, known)
        prices.append(
            Price(
                provider=reader.take(row, path, "provider", str, ok=bool),
                model=reader.take(row, path, "model", str, ok=bool),
                input_usd_per_mtok=_money(reader, row, path, "input_usd_per_mtok"),
                output_usd_per_mtok=_money(reader, row, path, "output_usd_per_mtok"),
                cached_input_usd_per_mtok=_money(reader, row, path, "cached_input_usd_per_mtok", None),
                as_of=reader.take(row, path, "as_of", str, ""),
            )
        )
    return prices


def _rules(reader: _Reader) -> RuleBook:
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
