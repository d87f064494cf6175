"""The catalog: which provider offers which model, at which tier, with what limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines import validation
from pipelines.errors import UnknownModel

if TYPE_CHECKING:
    from decimal import Decimal

ModelTier = Literal["economy", "premium"]
MODEL_TIERS: tuple[ModelTier, ...] = ("economy", "premium")


@dataclass(frozen=True, slots=True)
class Offer:
    """One model of one provider. ``context_tokens`` is the window, prompt and completion together; ``refuses`` are
    parameters that it answers with an error (reasoning models: max_tokens, temperature); ``takes_cache_key``: does its
    provider know `prompt_cache_key`? ``takes_cache_marks``: is it told what to remember (see cache_marks)?
    ``batch_price``: the share of the price that its Batch API charges; None where it has none.
    """

    provider: str
    model: str
    tier: ModelTier
    context_tokens: int = 128_000
    max_output_tokens: int = 16_384
    capabilities: frozenset[str] = frozenset({"tools", "json_schema"})
    refuses: frozenset[str] = frozenset()
    takes_cache_key: bool = False
    takes_cache_marks: bool = False
    batch_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All offers, in the operator's order of preference."""

    offers: tuple[Offer, ...]

    def of_tier(self, tier: str) -> tuple[Offer, ...]:
        """The offers of one tier, preferred first."""
        return tuple(offer for offer in self.offers if offer.tier == tier)

    def of_model(self, model: str) -> tuple[Offer, ...]:
        """The offers of one model by name; raises UnknownModel when nobody offers it."""
        found = tuple(offer for offer in self.offers if offer.model == model)
        if not found:
            raise UnknownModel(validation.show(model), ["auto", *MODEL_TIERS, *self.models()])
        return found

    def models(self) -> list[str]:
        """Names of all models, each once, in order."""
        return list(dict.fromkeys(offer.model for offer in self.offers))

    def tiers(self) -> dict[str, ModelTier]:
        """The tier of each model by name."""
        return {offer.model: offer.tier for offer in self.offers}

    def check(self, model: str) -> None:
        """Raise UnknownModel unless a job may ask for ``model`` (``auto``, a tier or a model's name)."""
        if model != "auto" and model not in MODEL_TIERS:
            self.of_model(model)
