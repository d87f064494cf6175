"""Which tier suffices: hard rules, the few tasks that are premium's, then the expected gain of premium."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from pipelines.answer import Route, Tier
from pipelines.routing import choice
from pipelines.routing.catalog import MODEL_TIERS
from pipelines.routing.cues import cues
from pipelines.routing.router import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.job import Job
    from pipelines.routing.catalog import Catalog
    from pipelines.routing.panel import Ranked
    from pipelines.routing.router import Router

PREMIUM_AT = 0.5  # of the score
MOST_MODELS = 4  # of a panel: who is asked, and who is where that one fails


def route(
    job: Job,
    *,
    prompt_tokens: int,
    catalog: Catalog,
    router: Router = SHIPPED,
    vector: NDArray[np.float32] | None = None,
    bound: float | None = None,
    scale: choice.Scale = choice.as_estimated,
    costs_usd: Mapping[str, float] | None = None,
    right_usd: float | None = None,
) -> Route:
    """The tier for a job whose full prompt has about ``prompt_tokens``; ``vector`` (d,) is its question's, by the
    router's encoder; ``bound`` the tenant's own, see :mod:`quality_bound`; ``scale`` as :meth:`Market.scale` says;
    ``costs_usd`` by model, of those that can serve the job; ``right_usd`` the tenant's own, see :mod:`panel`.

    Hard rules first: what the job asked for, then what the economy models cannot do; then what is expected: by a panel
    of models where the router has one, and the tenant no bound.
    """
    question = job.question.text
    expected = router.expects(question, vector)
    score, reason = judged(question, expected, router=router, bound=bound)
    if job.model in MODEL_TIERS:
        return Route(tier=_tier(job.model), score=score, reason="the job asked for this tier")
    if job.model != "auto":
        offer = catalog.of_model(job.model)[0]
        return Route(tier=offer.tier, score=score, reason="the job asked for this model", model=job.model)
    lacking = choice.lacking(job, prompt_tokens=prompt_tokens, offers=catalog.of_tier("economy"), scale=scale)
    if lacking is not None:
        return Route(tier="premium", score=1.0, reason=lacking)
    ranked: tuple[Ranked, ...] = ()
    if router.panel is not None and bound is None:
        ranked = router.panel.rank(question, vector, costs_usd or {}, right_usd=right_usd)
    if ranked:
        return _by_panel(ranked, catalog)
    # Without outcomes of one's own no gain is known: length tells no probability.
    gain = 0.0 if router.at is None else expected
    by_gain = router.at is not None or not cues(question)
    chosen: Tier = "premium" if score >= PREMIUM_AT else "economy"
    return Route(tier=chosen, score=score, reason=reason, by_gain=by_gain, gain=gain)


def _by_panel(ranked: Sequence[Ranked], catalog: Catalog) -> Route:
    tiers = catalog.tiers()
    first, others = ranked[0], ranked[1:]
    best = max((one.quality for one in ranked if tiers[one.model] == "premium"), default=first.quality)
    beside = f", before {others[0].model} with {others[0].quality:.3f} for ${others[0].cost_usd:.6f}" if others else ""
    said = f"{first.model} is expected to be right with {first.quality:.3f} for ${first.cost_usd:.6f}{beside}"
    premium = tiers[first.model] == "premium"
    score = _within(PREMIUM_AT + (best - first.quality) / 2.0, premium)
    models, gain = tuple(one.model for one in ranked[:MOST_MODELS]), max(0.0, best - first.quality)
    return Route(tiers[first.model], score, said, by_gain=True, gain=gain, models=models)


def may_escalate(job: Job, route: Route) -> bool:
    """May premium be asked after this answer? Not where the job said who answers, or premium did."""
    return job.model == "auto" and route.tier == "economy"


def judged(question: str, gain: float, *, router: Router = SHIPPED, bound: float | None = None) -> tuple[float, str]:
    """The score in [0, 1], which rises with the expected gain of premium and is PREMIUM_AT where premium is asked; and
    why, in words. ``gain`` is what the router expects of the question.

    Without outcomes of its own nothing that is known of a prompt tells the gain better than its length, and length does
    not tell it well enough to pay for: only the few tasks of :mod:`cues` are premium's then.
    """
    found = cues(question) if router.at is None else ()
    if bound is not None and not found:
        return _by_bound(gain, bound)
    if router.at is not None:
        score = PREMIUM_AT + (gain - router.at) / 2.0
        learned = f"expected gain {gain:+.3f} of {router.gain.outcomes} outcomes, premium from {router.at:+.3f}"
        return _within(score, gain >= router.at), learned
    score = PREMIUM_AT * (1.0 + gain) / 2.0
    if found:
        return _within(PREMIUM_AT + score, premium=True), f"hard: {', '.join(found)}"
    return _within(score, premium=False), "simple: nothing shows that premium would gain"


def _by_bound(gain: float, bound: float) -> tuple[float, str]:
    if bound == -inf:
        return _within(PREMIUM_AT, premium=True), "premium until enough answers were compared"
    if bound == inf:
        return _within(0.0, premium=False), "of the answers compared, few enough were worse without premium"
    said = f"expected gain {gain:+.3f}, premium from {bound:+.3f} by the answers compared"
    return _within(PREMIUM_AT + (gain - bound) / 2.0, gain >= bound), said


def _within(score: float, premium: bool) -> float:
    low, high = (PREMIUM_AT, 1.0) if premium else (0.0, PREMIUM_AT - 1e-6)
    return round(min(max(score, low), high), 6)


def _tier(name: str) -> Tier:
    return "premium" if name == "premium" else "economy"
