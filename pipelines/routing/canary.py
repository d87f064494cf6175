"""A canary: another router on a share of a tenant's jobs, until its answers are surely worse, or surely dearer."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pipelines.answer import usd
from pipelines.money.ledger import MICRO, NANO, SQUARES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.routing.router import Router

    Arm = Literal["canary", "control"]

SURELY = 3.0  # standard deviations: it is looked at again and again
LEAST_WORSE = 3  # one bad answer early on would end every trial
LEAST_JOBS = 50  # of each arm, before their prices are compared
LOOKS_BACK_DAYS = 60
NAME_CHARS = 8


def name_of(router: Router) -> str:
    """A router's name: what was counted under another says nothing of it."""
    said = json.dumps(router.encode(), sort_keys=True).encode()
    return hashlib.sha256(said).hexdigest()[:NAME_CHARS]


def arm_of(job_id: str, name: str, share: float) -> Arm:
    """Which arm a job is in: the same each time that it is delivered."""
    drawn = int.from_bytes(hashlib.sha256(f"{name}:{job_id}".encode()).digest()[:8], "big") / 2**64
    return "canary" if drawn < share else "control"


@dataclass(frozen=True, slots=True)
class Figures:
    """What an arm came to. ``mean_usd`` of an answer by a model, ``error_usd`` its standard error."""

    jobs: int = 0
    mean_usd: float = 0.0
    error_usd: float = 0.0
    compared: int = 0
    lost: int = 0

    @classmethod
    def of(cls, counters: Mapping[str, int], arm: str) -> Figures:
        """Read from a tenant's counters."""
        jobs = counters.get(f"{arm}:jobs", 0)
        mean = counters.get(f"{arm}:nusd", 0) / float(NANO) / max(jobs, 1)
        square = counters.get(f"{arm}:squares", 0) / float(MICRO) ** 2 / SQUARES / max(jobs, 1)
        error = math.sqrt(max(square - mean * mean, 0.0) / max(jobs - 1, 1))
        return cls(jobs, mean, error, counters.get(f"{arm}:compared", 0), counters.get(f"{arm}:lost", 0))

    def encode(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "answers": self.jobs,
            "mean_usd": usd(Decimal(f"{self.mean_usd:.9f}")),
            "compared": self.compared,
            "lost": self.lost,
        }


def stops(canary: Figures, control: Figures, *, dearer: float) -> str:
    """Why the trial ends, in words; '' while it goes on. ``dearer``: so many times what others do may answers cost."""
    if _surely_worse(canary, control):
        return f"{canary.lost} of {canary.compared} answers lost, of the others {control.lost} of {control.compared}"
    if min(canary.jobs, control.jobs) >= LEAST_JOBS:
        beyond = canary.mean_usd - dearer * control.mean_usd
        if beyond > SURELY * math.hypot(canary.error_usd, dearer * control.error_usd):
            ratio = canary.mean_usd / control.mean_usd if control.mean_usd else math.inf
            return f"an answer costs {ratio:.2f} times what others do"
    return ""


def _surely_worse(canary: Figures, control: Figures) -> bool:
    if canary.lost < LEAST_WORSE or not control.compared:
        return False
    both = (canary.lost + control.lost + 1) / (canary.compared + control.compared + 2)
    error = math.sqrt(both * (1 - both) * (1 / canary.compared + 1 / control.compared))
    return canary.lost / canary.compared - control.lost / control.compared > SURELY * error


def standing(counters: Mapping[str, int]) -> list[dict[str, Any]]:
    """Of each trial in a tenant's counters: the router's name, and what both arms came to."""
    names = sorted({name.split(":")[1] for name in counters if name.startswith("canary:")})
    return [
        {"router": name, **{arm: Figures.of(counters, f"{arm}:{name}").encode() for arm in ("canary", "control")}}
        for name in names
    ]
