"""A cascade replayed on outcomes: with a check of a given worth, and with ours where the file has economy's answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.answer import Usage
from pipelines.evaluation import cascade as measured
from pipelines.evaluation.routing import rounded
from pipelines.job import Job
from pipelines.routing import cascade
from pipelines.routing.checks import checked
from pipelines.routing.completion import Completion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WRONG = 0.5  # of a quality: below, the answer counts as wrong
CHECK = 0.7  # area under the curve of a check that is worth its while


def replayed(
    prompts: Sequence[str],
    answers: Sequence[str] | None,
    gains: Floats,
    economy: Floats,
    premium: Floats,
    *,
    prices: float,
    seed: int,
) -> dict[str, Any]:
    """What it costs to keep 95 % of premium's quality, in parts of premium's price for all: by the router alone, with
    a simulated check, and with the checks of ``answers``.
    """

    def cost(said: Floats | None) -> dict[str, Any]:
        return measured.measures(gains, said, economy, premium, prices=prices, seed=seed)

    wrong = economy < WRONG
    alone, simulated = cost(None), cost(measured.simulated(wrong, CHECK, seed))
    found: dict[str, Any] = {
        "prices": prices,
        "router_alone": alone["cost"],
        f"check_{CHECK}": simulated["cost"],
        "curves": {"router_alone": alone["curve"], f"check_{CHECK}": simulated["curve"]},
    }
    if answers is not None:
        said, spoke = _spoken(prompts, answers, wrong)
        ours = cost(said)
        found |= {"checks": ours["cost"], "checks_auroc": rounded(measured.auroc(said, wrong)), "spoke": spoke}
        found["curves"]["checks"] = ours["curve"]
    return found


def _spoken(
    prompts: Sequence[str], answers: Sequence[str], wrong: NDArray[np.bool_]
) -> tuple[Floats, dict[str, dict[str, Any]]]:
    """How doubtful the checks find each answer, and how often each spoke, rightly so."""
    said, spoke, right = np.zeros(len(prompts)), Counter[str](), Counter[str]()
    for number, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        job = Job.decode({"messages": [{"role": "user", "content": prompt}]})
        found = checked(job, Completion(answer, {"role": "assistant", "content": answer}, "stop", Usage()))
        said[number] = cascade.doubt(found, {})
        for check in found:
            spoke[check.name] += 1
            right[check.name] += bool(wrong[number])
    return said, {
        name: {"times": times, "precision": round(right[name] / times, 3)} for name, times in spoke.most_common()
    }
