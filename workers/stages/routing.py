"""Which tier answers a job: the router's decision, with the vector that the lookup made of the question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage, usd
from pipelines.job import Job
from pipelines.routing import choice, tier
from pipelines.text import tokens
from pipelines.vectors.encoder import mostly_readable, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.answer import Route
    from pipelines.journey import Progress, Slot
    from pipelines.routing.market import Market
    from pipelines.routing.router import Router
    from pipelines.vectors.encoder import Encoder
    from workers.config.configuration import Configuration
    from workers.config.tenants import RoutingRules
    from workers.stages.canary import Canaries


class Routing:
    """Routes jobs."""

    def __init__(
        self, market: Callable[[], Market], canaries: Canaries, rules_of: Callable[[str], RoutingRules]
    ) -> None:
        self._market, self._canaries, self._rules_of = market, canaries, rules_of

    def route(self, progress: Progress) -> Route:
        """Who answers."""
        market, who = self._market(), self._canaries.of(progress)
        job, prompt_tokens = progress.asking, tokens.estimate_prompt(progress.sent, progress.job.params)
        found = tier.route(
            job,
            prompt_tokens=prompt_tokens,
            catalog=market.catalog,
            router=who.router,
            vector=_vector(progress.slot, who.router),
            bound=who.bounds.of(progress.job.tenant),
            scale=market.scale(job),
            costs_usd=market.by_model_usd(job, prompt_tokens=prompt_tokens) if who.router.panel else None,
            right_usd=self._rules_of(job.tenant).right_usd,
        )
        return replace(found, arm=who.arm) if who.arm else found


def _vector(slot: Slot | None, router: Router) -> NDArray[np.float32] | None:
    if slot is None or slot.vector is None or slot.encoder != router.encoder:
        return None
    return unpack(slot.vector, len(slot.vector) // 2)


def explained(
    question: str, configuration: Configuration, router: Router, encoders: Sequence[Encoder]
) -> dict[str, Any]:
    """Where a question would go: ``tier``, ``score``, ``reason``, and every offer with its expected dollars, and with
    its expected quality where a panel knows it.
    """
    job = Job.decode({"messages": [{"role": "user", "content": question}]})
    market = configuration.market(datetime.now(UTC))
    reader = next((one for one in encoders if one.fingerprint == router.encoder), None)
    vector = reader.encode([question])[0] if reader is not None and mostly_readable(reader, question) else None
    prompt_tokens = tokens.estimate_prompt(job.messages, job.params)
    costs_usd = market.by_model_usd(job, prompt_tokens=prompt_tokens)
    route = tier.route(
        job,
        prompt_tokens=prompt_tokens,
        catalog=configuration.catalog,
        router=router,
        vector=vector,
        costs_usd=costs_usd,
        right_usd=configuration.routing_of(job.tenant).right_usd,
    )
    ranked = () if router.panel is None else router.panel.rank(question, vector, costs_usd)
    right = {one.model: round(one.quality, 4) for one in ranked}
    chosen = market.offers(job, route, prompt_tokens=prompt_tokens)[0]
    usage = Usage(prompt_tokens, 0, choice.EXPECTED_COMPLETION_TOKENS)
    offers = [offer for name in ("economy", "premium") for offer in configuration.catalog.of_tier(name)]
    return {
        "tier": route.tier,
        "score": route.score,
        "reason": route.reason,
        "expected_gain": round(router.expects(question, vector), 4),
        "outcomes": router.gain.outcomes,
        "offers": [
            {
                "tier": offer.tier,
                "provider": offer.provider,
                "model": offer.model,
                "expected_usd": usd(market.cost_usd(offer, usage)),
                **({"expected_quality": right[offer.model]} if offer.model in right else {}),
                "chosen": offer == chosen,
            }
            for offer in offers
        ],
    }
