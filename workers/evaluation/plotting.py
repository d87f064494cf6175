"""Draws what the commands measured, with matplotlib, which is installed for that alone."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from pathlib import Path

KINDS = (".png", ".svg")


def check(path: Path) -> None:
    """Raises ConfigurationInvalid where it could not be drawn: before minutes are spent on what is in it."""
    if path.suffix not in KINDS:
        raise ConfigurationInvalid([f"--plot: got {path.name!r:.60}, expected a name that ends in .png or .svg"])
    try:
        import matplotlib as _  # noqa: F401, ICN001 - is it there?
    except ImportError:
        raise ConfigurationInvalid(["--plot: needs matplotlib: pip install 'farthing[plot]'"]) from None
    if not path.parent.is_dir():
        raise ConfigurationInvalid([f"--plot: {path.parent}: no such folder"])


def stream(path: Path, found: dict[str, Any], title: str) -> None:
    """Hits and wrong hits per request over time, and the target."""
    from matplotlib.figure import Figure

    windows = found["windows"]
    ends = list(accumulate(window["requests"] for window in windows))
    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.step(ends, [100 * window["hits"] / window["requests"] for window in windows], where="pre")
    above.set(ylabel="hits, % of requests", ylim=(0, 100), title=title)
    below.step(
        ends, [100 * window["wrong_hits"] / window["requests"] for window in windows], where="pre", color="tab:red"
    )
    below.axhline(100 * found["target"], color="black", linestyle="--", label="target")
    below.set(xlabel="requests", ylabel="wrong hits, % of requests")
    below.legend()
    figure.savefig(path)


def routing(path: Path, found: dict[str, Any], title: str, prices: float) -> None:
    """Quality against cost, in parts of premium's price for all: the router, chance, an oracle's end, the cascade."""
    from matplotlib.figure import Figure

    economy, premium = found["economy"], found["premium"]
    cost = [point["premium_share"] + (1 - point["premium_share"]) / prices for point in found["curve"]]
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot(cost, [100 * point["quality"] for point in found["curve"]], label="router", color="black")
    axes.plot([1 / prices, 1.0], [100 * economy, 100 * premium], "--", color="grey", label="chance")
    for name, curve in found.get("cascade", {}).get("curves", {}).items():
        if name != "router_alone":
            axes.plot(*zip(*((x, 100 * y) for x, y in curve), strict=True), label=f"cascade, {name.replace('_', ' ')}")
    axes.axhline(95 * premium, color="black", linestyle=":", label="95 % of premium's quality")
    axes.set(xlabel="cost, premium for all being 1", ylabel="quality, %", title=title)
    axes.legend()
    figure.savefig(path)


def panel(path: Path, found: dict[str, Any], title: str) -> None:
    """Quality against dollars: each model alone, and the panel at each price of a right answer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    points = [(point["usd_per_1000"], 100 * point["quality"]) for point in found["curve"]]
    axes.plot(*zip(*points, strict=True), color="black", label="the panel")
    axes.plot([found["usd_per_1000"]], [100 * found["quality"]], "o", color="black", label="at the goal")
    for model, one in found["models"].items():
        axes.plot([one["usd_per_1000"]], [100 * one["quality"]], "x", color="grey")
        axes.annotate(model, (one["usd_per_1000"], 100 * one["quality"]), fontsize=7, rotation=20)
    axes.axhline(100 * found["quality_of_best_single"], color="black", linestyle=":", label="the best model alone")
    axes.set(xlabel="dollars for 1,000 calls", ylabel="quality, %", title=title)
    axes.legend()
    figure.savefig(path)


def evidence(path: Path, found: dict[str, Any], title: str) -> None:
    """What survives of the turns that questions need, at each share of the tokens: ours, and the baselines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, kept in {"the fleet's": found["evidence_kept"], **found["baselines"]}.items():
        said = sorted((100 * float(share), 100 * value) for share, value in kept.items())
        style = "-" if kept is found["evidence_kept"] else "--"
        axes.plot(*zip(*said, strict=True), marker="o", label=name.replace("_", " "), linestyle=style)
    axes.set(xlabel="tokens, % of the conversation", ylabel="evidence kept, %", ylim=(0, 100), title=title)
    axes.legend()
    figure.savefig(path)


def invoice(path: Path, found: dict[str, Any], title: str) -> None:
    """What the same conversations cost each way, by model, sending everything being 100."""
    from matplotlib.figure import Figure

    models = found["models"]
    figure = Figure(figsize=(8, 1.5 + len(models)), layout="constrained")
    axes = figure.subplots()
    for number, (way, says) in enumerate(
        {"ours": "the fleet", "summary": "a summary, each time", "all": "all"}.items()
    ):
        heights = [100 * float(one["usd"][way]) / max(float(one["usd"]["all"]), 1e-12) for one in models.values()]
        axes.barh([row + 0.25 * (number - 1) for row in range(len(models))], heights, height=0.25, label=says)
    axes.set(xlabel="cost, sending everything being 100", title=title)
    axes.set_yticks(range(len(models)), list(models))
    axes.invert_yaxis()
    axes.legend()
    figure.savefig(path)
