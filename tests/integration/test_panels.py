"""Several models: measured and trained on a file of what each came to, and followed by the fleet."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.routing.catalog import Catalog
from tests.integration.test_routing import HARD, SIMPLE, run, write
from workers.cli import main
from workers.cli.doctor import examine
from workers.config.tenants import RoutingRules
from workers.demo.standin import Fault
from workers.providers import routers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fleet import InProcess

MIDDLE = [
    "Compare these two plans for a family",
    "Explain why this fee is on my bill",
    "Sum up what changed in these terms",
]
SMALL, MIDDLING, BIG = "gpt-4o-mini", "gpt-4.1-mini", "gpt-4o"
# Dollars for a million tokens.
PRICED = ("--model", f"{SMALL}=0.5", "--model", f"{MIDDLING}=1.5", "--model", f"{BIG}=9")


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    """All are right about simple questions, the dearer ones about the middling, the dearest alone about hard ones."""
    dice = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number in range(900):
        kind = int(dice.integers(0, 3))
        prompt = f"{dice.choice((SIMPLE, MIDDLE, HARD)[kind])}, number {number}?"
        chances = [0.95 if level >= kind else 0.1 for level in range(3)]
        luck = dice.random()
        right = [int(luck < chance) for chance in chances]
        rows.append({"prompt": prompt, **dict(zip((SMALL, MIDDLING, BIG), right, strict=True))})
    return write(tmp_path / "outcomes.csv", rows)


def test_a_panel_is_measured_beside_the_best_model_alone(outcomes: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "panel.svg"
    found = run("evaluate", "routing", outcomes, *PRICED, "--quality", "0.97", "--plot", drawn)
    assert found["best_single"] == BIG
    assert found["quality"] >= 0.93 * found["quality_of_best_single"]
    assert found["cost_of_best_single"] < 0.7
    assert "<svg" in drawn.read_text(encoding="utf-8")


@pytest.fixture
def panelled(outcomes: Path, tmp_path: Path, fleet: InProcess) -> Iterator[InProcess]:
    """A fleet with three models, and a router that learned of them."""
    out = tmp_path / "router.json"
    run("train", "routing", outcomes, *PRICED, "--quality", "0.95", "--out", out)
    configuration = fleet.runtime.configuration
    small = configuration.catalog.of_model(SMALL)[0]
    catalog = Catalog((*configuration.catalog.offers, replace(small, model=MIDDLING)))
    with fleet.instead(router=routers.load(str(out)), configuration=replace(configuration, catalog=catalog)):
        yield fleet


@pytest.mark.parametrize(("asked", "who"), [(SIMPLE[2], SMALL), (MIDDLE[0], MIDDLING), (HARD[0], BIG)])
def test_the_fleet_asks_who_suffices(panelled: InProcess, tenant: str, asked: str, who: str) -> None:
    answer = panelled.ask(f"{asked}, number 7001?", tenant=tenant)
    assert answer.model == who
    assert answer.route is not None
    assert answer.route.reason.startswith(f"{who} is expected to be right with ")
    assert answer.cost_usd <= answer.baseline_usd


def test_where_one_fails_the_next_of_the_panel_is_asked(panelled: InProcess, tenant: str) -> None:
    panelled.model.faults.extend([Fault(status=500)] * 2)
    answer = panelled.ask(f"{SIMPLE[2]}, number 7002?", tenant=tenant)
    assert answer.model in (MIDDLING, BIG)
    assert answer.source == "model"


def test_a_tenant_to_whom_a_right_answer_is_worth_little_is_answered_cheaply(panelled: InProcess, tenant: str) -> None:
    rules = {tenant: RoutingRules(right_usd=0.000001)}
    with panelled.instead(configuration=replace(panelled.runtime.configuration, tenants_routing=rules)):
        assert panelled.ask(f"{HARD[0]}, number 7003?", tenant=tenant).model == SMALL


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", SMALL], "two or more names"),
        (["--model", f"{SMALL}=1", "--model", f"{SMALL}=2"], "two or more names"),
        (["--model", f"{SMALL}=0", "--model", f"{BIG}=2"], "dollars a million tokens, above 0"),
        (["--model", f"{SMALL}=cheap", "--model", f"{BIG}=2"], "'cheap'"),
        (["--model", "nobody=1", "--model", f"{BIG}=2"], "expected nobody"),
    ],
)
def test_what_is_wrong_with_the_models_is_said(outcomes: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["evaluate", "routing", str(outcomes), *arguments])
    assert result.exit_code != 0
    assert said in result.output


def test_a_model_that_nobody_offers_needs_a_price(outcomes: Path, tmp_path: Path) -> None:
    text = outcomes.read_text(encoding="utf-8").replace(f"{SMALL},", "strange-model,", 1)
    path = tmp_path / "strange.csv"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["evaluate", "routing", str(path), "--model", "strange-model", "--model", BIG])
    assert result.exit_code != 0
    assert "expected strange-model=USD" in result.output


def test_a_goal_is_one_and_prices_need_models(outcomes: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "r.json")]
    for said in (["--usd-per-1000", "1"], ["--quality", "1", "--usd-per-1000", "1"], []):
        assert CliRunner().invoke(main, ["train", "routing", str(outcomes), *out, *said]).exit_code == 2
    assert CliRunner().invoke(main, ["evaluate", "routing", "--tenant", "t", *PRICED]).exit_code == 2


def test_a_bound_of_what_is_spent_is_kept(outcomes: Path, tmp_path: Path) -> None:
    out = tmp_path / "router.json"
    made = run("train", "routing", outcomes, *PRICED, "--usd-per-1000", "0.5", "--out", out)
    assert made["usd_per_1000"] <= 0.5
    assert made["usd_per_1000_of_best_single"] > 2
    said = CliRunner().invoke(main, ["route", f"{SIMPLE[2]}, number 9?", "--router", str(out), "--json"])
    offers = {one["model"]: one for one in json.loads(said.output)["offers"]}
    assert 0.0 < offers[SMALL]["expected_quality"] <= 1.0


def test_the_doctor_names_models_that_nobody_offers(outcomes: Path, tmp_path: Path) -> None:
    import os

    out = tmp_path / "router.json"
    run("train", "routing", outcomes, *PRICED, "--quality", "0.98", "--out", out)
    found = {check.name: check for check in examine({**os.environ, "FARTHING_ROUTER": str(out)})}
    assert (found["router"].state, MIDDLING in found["router"].says) == ("warning", True)
