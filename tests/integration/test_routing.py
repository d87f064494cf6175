"""Routing by one's own outcomes: measured, trained from a file, and followed by the fleet."""

from __future__ import annotations

import csv
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.routing.router import Router
from pipelines.routing.surface import surfaces
from workers.cli import main
from workers.cli.doctor import examine
from workers.providers import routers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet import InProcess

SIMPLE = ["How do I reset my password", "Where is my order", "Can I pay by card", "When do you open"]
HARD = ["Which of these clauses breaks the lease", "Why does my pump lose pressure", "What voids the guarantee here"]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    """Economy is right about simple questions, premium about all."""
    dice = np.random.default_rng(0)
    rows = []
    for number in range(200):
        hard = bool(dice.integers(0, 2))
        filler = "if you please " * int(dice.integers(0, 6))
        prompt = f"{dice.choice(HARD if hard else SIMPLE)}, {filler}number {number}?"
        weak = int(dice.random() < (0.2 if hard else 0.95))
        rows.append({"prompt": prompt, "weak_correct": weak, "strong_correct": 1, "subject": f"s{number % 8}"})
    return write(tmp_path / "outcomes.csv", rows)


def run(*arguments: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_a_router_fitted_on_ones_own_outcomes_beats_length(outcomes: Path) -> None:
    shipped = run("evaluate", "routing", outcomes)
    fitted = run("evaluate", "routing", outcomes, "--folds", "5")
    assert (shipped["fitted"], fitted["fitted"]) == (False, True)
    assert shipped["apgr"] == pytest.approx(shipped["baselines"]["length"], abs=0.05)
    assert fitted["apgr"] > 0.65 > shipped["apgr"]
    assert fitted["cpt50"] < shipped["cpt50"]
    assert len(fitted["curve"]) == 21
    halves = run("evaluate", "routing", outcomes, "--halves", "2")
    assert len(halves["halves"]) == 2
    few = run("evaluate", "routing", outcomes, "--folds", "4", "--outcomes", "60")
    assert few["prompts"] == 200


def refused(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 1
    return result.output


def test_what_is_trained_is_what_the_fleet_follows(
    outcomes: Path, tmp_path: Path, fleet: InProcess, tenant: str
) -> None:
    out = tmp_path / "router.json"
    made = run("train", "routing", outcomes, "--out", out, "--quality", "0.95")
    assert made["quality"] >= 0.95 * made["premium"]
    assert made["premium_share"] < 0.8
    router = routers.load(str(out))
    assert isinstance(router, Router)
    with fleet.instead(router=router):
        hard = fleet.ask("Which of these clauses breaks the lease, number 7001?", tenant=tenant)
        simple = fleet.ask("Where is my order, number 7002?", tenant=tenant)
    assert hard.route is not None
    assert simple.route is not None
    assert (hard.model, simple.model) == ("gpt-4o", "gpt-4o-mini")
    assert hard.route.reason.startswith("expected gain +")
    assert "of 200 outcomes" in simple.route.reason


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"prompt": "x", "weak_correct": 1}], "expected strong_correct"),
        (
            [{"prompt": "x", "weak_correct": "7", "strong_correct": "1"}],
            "row 1: weak_correct: got '7', expected 0 to 1",
        ),
        ([{"prompt": "x", "weak_correct": "often", "strong_correct": "1"}], "row 1: weak_correct: got 'often'"),
        ([{"prompt": "x", "weak_correct": "", "strong_correct": "1"}], "no row has both"),
        ([{"prompt": "x", "weak_correct": "1", "strong_correct": "1"}], "got 0 outcomes to learn from"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_what_was_expected(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    assert said in refused("evaluate", "routing", write(tmp_path / "o.csv", rows), "--folds", "2")


@pytest.mark.parametrize(
    ("text", "said"), [("{}", "train it again"), ("[1]", "no attribute"), ("no", "Expecting value")]
)
def test_a_router_that_cannot_be_read_says_so(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "router.json"
    path.write_text(text, encoding="utf-8")
    found = refused("route", "Hello?", "--router", path)
    assert said in found
    assert "expected a file of `farthing train routing`" in found


def test_where_a_question_would_go_is_said_with_the_offers() -> None:
    found = run("route", "Prove that the square root of 2 is irrational.")
    assert (found["tier"], found["reason"], found["outcomes"]) == ("premium", "hard: asks for a proof", 0)
    assert [offer["model"] for offer in found["offers"] if offer["chosen"]] == ["gpt-4o"]
    said = CliRunner().invoke(main, ["route", "怎么退款?"]).output
    assert said.startswith("economy: ")
    assert "-> economy " in said


def test_a_goal_must_be_said(outcomes: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["train", "routing", str(outcomes), "--out", str(tmp_path / "r.json")])
    assert result.exit_code == 2
    assert "say one of --quality, --premium-share" in result.output


@pytest.mark.parametrize(
    ("encoder", "status", "said"),
    [("another", "warning", "sees the questions' surface alone"), ("", "ok", "learned from 60 outcomes")],
)
def test_the_doctor_sees_a_router_of_another_encoder(tmp_path: Path, encoder: str, status: str, said: str) -> None:
    dice = np.random.default_rng(0)
    prompts = [f"question {number}" for number in range(60)]
    vectors = np.zeros((60, 4 if encoder else 0), dtype=np.float32)
    router = Router.fit(
        surfaces(prompts), vectors, dice.random(60), dice.random(60), encoder=encoder, premium_share=0.5
    )
    path = tmp_path / "router.json"
    path.write_text(json.dumps(router.encode()), encoding="utf-8")
    found = {check.name: check for check in examine({**os.environ, "FARTHING_ROUTER": str(path)})}
    assert (found["router"].state, said in found["router"].says) == (status, True)


def test_the_doctor_says_that_a_router_is_broken() -> None:
    found = {check.name: check for check in examine({**os.environ, "FARTHING_ROUTER": "/nowhere"})}
    assert (found["router"].state, found["router"].mend) == ("broken", "mend FARTHING_ROUTER, or unset it")


def test_a_cascade_is_measured_with_a_check_and_with_the_files_own_answers(tmp_path: Path) -> None:
    rows = ["prompt,weak_correct,strong_correct,weak_answer"]
    for number in range(120):
        wrong = number % 3 == 0
        said = f"{number} + 1 = {number + (3 if wrong else 1)}"
        rows.append(f"What is {number} and one?,{int(not wrong)},1,{said}")
    file = tmp_path / "outcomes.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    args = ["evaluate", "routing", str(file), "--json"]
    done = CliRunner().invoke(main, [*args, "--folds", "3", "--cascade", "--prices", "10"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)["cascade"]
    assert found["prices"] == 10.0
    assert found["checks_auroc"] == 1.0
    assert found["spoke"] == {"sums": {"times": 40, "precision": 1.0}}
    assert found["checks"] < found["router_alone"]
    refused = CliRunner().invoke(main, [*args, "--cascade"])
    assert refused.exit_code != 0
    assert "--cascade needs --folds" in refused.output
