"""What tokens cost: a dated price map, the operator's overlay above it, and never $0 for the unknown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import genai_prices

from pipelines.answer import Usage
from pipelines.errors import PriceUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

MTOK = Decimal(1_000_000)
OLD_DAYS = 90  # list prices change a few times a year


@dataclass(frozen=True, slots=True)
class Price:
    """An operator's price, in dollars per million tokens; ``as_of`` is the ISO date it was read."""

    provider: str
    model: str
    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None
    as_of: str = ""

    def of(self, usage: Usage) -> Decimal:
        """Dollars for this usage; cached input at the full price unless a price for it is given."""
        cached_price = self.cached_input_usd_per_mtok
        if cached_price is None:
            cached_price = self.input_usd_per_mtok
        fresh = usage.prompt_tokens - usage.cached_tokens
        return (
            fresh * self.input_usd_per_mtok
            + usage.cached_tokens * cached_price
            + usage.completion_tokens * self.output_usd_per_mtok
        ) / MTOK


@dataclass(frozen=True, slots=True)
class Listed:
    """Dollars for a million tokens of input, of input that was cached, of output; ``own``: by the overlay, read
    ``age_days`` ago, where ``bundled`` is what genai-prices has, None where it has nothing.
    """

    input_usd: Decimal
    cached_usd: Decimal
    output_usd: Decimal
    own: bool
    age_days: int | None
    bundled: tuple[Decimal, ...] | None

    @property
    def state(self) -> str:
        """``ok``, ``undated``, ``old`` or ``differs`` (from the bundled map)."""
        if not self.own:
            return "ok"
        if self.age_days is None or self.age_days > OLD_DAYS:
            return "undated" if self.age_days is None else "old"
        return "ok" if self.bundled in (None, (self.input_usd, self.cached_usd, self.output_usd)) else "differs"


class PriceBook:
    """Prices of genai-prices as bundled (no network), the overlay first."""

    def __init__(self, overlay: Sequence[Price] = ()) -> None:
        self._overlay = {(price.provider, price.model): price for price in overlay}
        self.version = f"genai-prices {version('genai-prices')}"
        if overlay:
            digest = hashlib.sha256(repr(sorted(map(repr, overlay))).encode()).hexdigest()[:8]
            self.version += f" + overlay {digest}"

    def cost(self, provider: str, model: str, usage: Usage, at: datetime) -> Decimal:
        """Dollars for ``usage`` at the moment ``at`` (with a time zone); raises PriceUnknown."""
        own = self._overlay.get((provider, model))
        return _bundled(provider, model, usage, at) if own is None else own.of(usage)

    def listed(self, provider: str, model: str, at: datetime) -> Listed:
        """How a model's price is known at ``at``; raises PriceUnknown where it is not."""
        own = self._overlay.get((provider, model))
        if own is None:
            return Listed(*_three(partial(_bundled, provider, model, at=at)), own=False, age_days=None, bundled=None)
        try:
            bundled = _three(partial(_bundled, provider, model, at=at))
        except PriceUnknown:
            bundled = None
        age_days = (at.date() - date.fromisoformat(own.as_of)).days if own.as_of else None
        return Listed(*_three(own.of), own=True, age_days=age_days, bundled=bundled)

    def faults(self, models: Iterable[tuple[str, str]], at: datetime) -> list[str]:
        """One sentence for each (provider, model) whose price is unknown at ``at``."""
        found = []
        for provider, model in models:
            try:
                self.cost(provider, model, Usage(prompt_tokens=1000, completion_tokens=1000), at)
            except PriceUnknown as error:
                found.append(str(error))
        return found


def _three(cost: Callable[[Usage], Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """For a million tokens of input, of cached input, of output; by a thousand, for long prompts may cost more."""
    return cost(Usage(1_000)) * 1_000, cost(Usage(1_000, 1_000)) * 1_000, cost(Usage(0, 0, 1_000)) * 1_000


def _bundled(provider: str, model: str, usage: Usage, at: datetime) -> Decimal:
    """By genai-prices; raises PriceUnknown."""
    try:
        calculated = genai_prices.calc_price(
            genai_prices.Usage(
                input_tokens=usage.prompt_tokens,
                cache_read_tokens=usage.cached_tokens,
                output_tokens=usage.completion_tokens,
            ),
            model,
            provider_id=provider,
            genai_request_timestamp=at,
        )
    except LookupError:
        raise PriceUnknown(model, provider) from None
    # A model in the map without a token price would count as free.
    if calculated.total_price == 0 and usage.prompt_tokens + usage.completion_tokens > 0:
        raise PriceUnknown(model, provider)
    return calculated.total_price


def baseline(
    book: PriceBook, *, provider: str, model: str, prompt_tokens: int, completion_tokens: int, at: datetime
) -> Decimal:
    """The counterfactual: the full context to the premium model at list price, nothing cached."""
    return book.cost(provider, model, Usage(prompt_tokens, 0, completion_tokens), at)
