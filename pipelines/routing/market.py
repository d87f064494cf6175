"""The market: who can serve a job, at what price, and what it would have cost; at one moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.money import pricing
from pipelines.routing import choice
from pipelines.text import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.answer import Answer, Route
    from pipelines.job import Job
    from pipelines.money.pricing import PriceBook
    from pipelines.routing.catalog import Catalog, ModelTier, Offer


MISCOUNTED = 1.5  # a prompt has at most so many times the tokens that were estimated


@dataclass(frozen=True, slots=True)
class Market:
    """``listed_as``: the name under which a provider's prices are listed; ``at`` has a time zone; ``lengths`` tells
    how many tokens a tenant's answers of a tier have, None where nobody knows; ``scales`` how many prompt tokens a
    provider/model counts for one of the tenant's that is estimated.
    """

    catalog: Catalog
    prices: PriceBook
    listed_as: Mapping[str, str]
    at: datetime
    lengths: Callable[[str, str], int | None] = lambda *_: None
    scales: Callable[[str, str], float] = lambda *_: 1.0

    def price_usd(self, provider: str, model: str, usage: Usage) -> Decimal:
        """What ``usage`` costs at a provider's model; raises PriceUnknown."""
        return self.prices.cost(self.listed_as.get(provider, provider), model, usage, self.at)

    def cost_usd(self, offer: Offer, usage: Usage, *, batched: bool = False) -> Decimal:
        """What ``usage`` costs at an offer, by its Batch API where it was ``batched``; raises PriceUnknown."""
        cost = self.price_usd(offer.provider, offer.model, usage)
        return cost if not batched or offer.batch_price is None else cost * offer.batch_price

    def sum_usd(self, spent: Iterable[tuple[Offer, Usage]]) -> Decimal:
        """What several calls cost together."""
        return sum((self.cost_usd(offer, usage) for offer, usage in spent), Decimal(0))

    def worst_case_usd(self, job: Job, offers: Iterable[Offer], *, prompt_tokens: int) -> Decimal:
        """What one call for the job may cost at the most, whoever of the offers answers: the whole completion that may
        come. ``prompt_tokens`` is an estimate.
        """
        most, scale = job.params.get("max_tokens"), self.scale(job)

        def worst(offer: Offer) -> Decimal:
            prompt = math.ceil(prompt_tokens * MISCOUNTED * max(1.0, scale(offer)))
            completion = min(most or offer.max_output_tokens, offer.max_output_tokens)
            return self.cost_usd(offer, Usage(prompt, 0, completion))

        return max(map(worst, offers), default=Decimal(0))

    def of_route(self, route: Route | None) -> tuple[Offer, ...]:
        """The offers of a route, as the operator listed them."""
        if route is None:
            raise ValueError("progress.route: got None, expected the classifier's route")
        if route.models:
            found = tuple(offer for model in route.models for offer in self.catalog.offers if offer.model == model)
            return found or self.catalog.of_tier(route.tier)  # the panel may be of another version's catalog
        return self.catalog.of_model(route.model) if route.model else self.catalog.of_tier(route.tier)

    def offers(self, job: Job, route: Route | None, *, prompt_tokens: int) -> tuple[Offer, ...]:
        """Who may answer the routed job: as a panel ranked the models, else the cheapest for it first."""
        found = self._cheapest_first(job, self.of_route(route), prompt_tokens)
        ranks = {model: rank for rank, model in enumerate(() if route is None else route.models)}
        return tuple(sorted(found, key=lambda offer: ranks.get(offer.model, len(ranks))))

    def by_model_usd(self, job: Job, *, prompt_tokens: int) -> dict[str, float]:
        """What the job is expected to cost at each model that can do what it needs, where it is cheapest; dollars."""
        scale, found = self.scale(job), dict[str, float]()
        able = choice.able(job, prompt_tokens=prompt_tokens, offers=self.catalog.offers, scale=scale)
        for offer in able:
            completion = choice.expected_tokens(job, self._known(job, (offer,)))
            cost = float(self.cost_usd(offer, Usage(round(prompt_tokens * scale(offer)), 0, completion)))
            found[offer.model] = min(cost, found.get(offer.model, math.inf))
        return found

    def economy(self, job: Job) -> tuple[Offer, ...]:
        """The economy models that can answer ``job``, a question of the fleet's own, the cheapest for it first."""
        return self.of_tier(job, "economy", prompt_tokens=tokens.estimate_prompt(job.messages, job.params))

    def of_tier(self, job: Job, tier: ModelTier, *, prompt_tokens: int) -> tuple[Offer, ...]:
        """Who of a tier may answer the job, the cheapest for it first."""
        return self._cheapest_first(job, self.catalog.of_tier(tier), prompt_tokens)

    def _cheapest_first(self, job: Job, offers: tuple[Offer, ...], prompt_tokens: int) -> tuple[Offer, ...]:
        return choice.cheapest_first(
            job,
            prompt_tokens=prompt_tokens,
            offers=offers,
            cost=self.cost_usd,
            completion_tokens=self._known(job, offers),
            scale=self.scale(job),
        )

    def expected_tokens(self, job: Job, offers: Sequence[Offer]) -> int:
        """Tokens of an answer of these offers, about."""
        return choice.expected_tokens(job, self._known(job, offers))

    def _known(self, job: Job, offers: Sequence[Offer]) -> int | None:
        return self.lengths(job.tenant, offers[0].tier) if offers else None

    def window(self, job: Job, route: Route | None) -> int:
        """Prompt tokens that the roomiest model of the route takes."""
        return choice.widest(job, self.of_route(route), self.scale(job))

    def lacking(self, job: Job, *, prompt_tokens: int) -> str | None:
        """Why no economy model can serve the job, in words; None when one can."""
        offers = self.catalog.of_tier("economy")
        return choice.lacking(job, prompt_tokens=prompt_tokens, offers=offers, scale=self.scale(job))

    def scale(self, job: Job) -> Callable[[Offer], float]:
        """How many tokens an offer counts for one of the job's that is estimated; a count of nonsense changes it so far
        and no further.
        """

        def scale(offer: Offer) -> float:
            known = self.scales(job.tenant, f"{offer.provider}/{offer.model}")
            return min(max(known, tokens.LEAST_SCALE), tokens.MOST_SCALE)

        return scale

    def baseline_usd(
        self,
        job: Job,
        *,
        prompt_tokens: int | None,
        completion_tokens: int,
        provider: str | None,
        like: Answer | None = None,
    ) -> Decimal:
        """What this job would have cost: its full context to the premium model, at list price.

        ``prompt_tokens`` is the provider's own count of the full context, or None when it was never sent: then it is
        estimated, corrected by what the provider counted for ``like``. ``provider`` is who answered; its premium
        model is the baseline if it has one.
        """
        premium = self.catalog.of_tier("premium")
        offer = next((offer for offer in premium if offer.provider == provider), premium[0])
        return pricing.baseline(
            self.prices,
            provider=self.listed_as.get(offer.provider, offer.provider),
            model=offer.model,
            prompt_tokens=_full_context(job, like) if prompt_tokens is None else prompt_tokens,
            completion_tokens=completion_tokens,
            at=self.at,
        )


def _full_context(job: Job, like: Answer | None) -> int:
    estimated = tokens.estimate_prompt(job.messages, job.params)
    if like is None or like.context is None:
        return estimated
    before = int(like.context.get("prompt_tokens_after") or 0)
    return tokens.scaled(estimated, counted=like.usage.prompt_tokens, for_estimated=before)
