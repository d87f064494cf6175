"""A tenant's target of quality: premium until enough was compared, then as often as the target takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.errors import ConfigurationInvalid
from pipelines.routing import quality_bound, surface
from tests.fleet import counts_heard
from tests.integration.test_quality import ECONOMY, Models, models_are_idle, totals
from tests.waiting import until
from workers.cli import main
from workers.config.configuration import load
from workers.config.settings import Settings
from workers.config.tenants import RoutingRules
from workers.evaluation import outcomes
from workers.jobs.outcomes import Outcome, Outcomes
from workers.providers import calls

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.answer import Answer
    from tests.fleet import InProcess


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    made = Models()
    monkeypatch.setattr(calls, "call", made.call)
    return made


def ask(fleet: InProcess, tenant: str, question: str, rules: RoutingRules) -> Answer:
    configuration = replace(fleet.runtime.configuration, tenants_routing={tenant: rules})
    with fleet.instead(configuration=configuration):
        answer = fleet.ask(question, tenant=tenant)
        until(lambda: models_are_idle(fleet))
    return answer


def compared(fleet: InProcess, tenant: str, *, worse: int, of: int) -> None:
    features = tuple(surface.surfaces(["How do I return a lamp?"])[0].tolist())
    for number in range(of):
        Outcomes(fleet.runtime.ledger_redis).keep(tenant, Outcome(number < worse, features, None, ""))


def test_until_enough_was_compared_premium_answers_and_economy_is_asked_beside_it(
    fleet: InProcess, tenant: str, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = counts_heard(monkeypatch)
    answer = ask(fleet, tenant, "How do I return a lamp?", RoutingRules(target=0.02, audit_share=1.0))
    assert (answer.text, answer.model) == (models.premium, "gpt-4o")
    assert answer.route is not None
    assert answer.route.reason == "premium until enough answers were compared"
    until(lambda: heard["quality.worse"])
    assert models.asked == [("premium", "answer"), ("economy", "answer"), ("premium", "grade")]
    (outcome,) = fleet.runtime.quality.outcomes(tenant)
    assert outcome.worse
    until(lambda: totals(fleet, tenant)["cost_usd"] != str(answer.cost_usd))
    assert totals(fleet, tenant)["quality_audits"] == 0, "of economy's answers, none was compared"


@pytest.mark.parametrize(("worse", "by"), [(0, "gpt-4o-mini"), (20, "gpt-4o")])
def test_what_was_compared_decides(fleet: InProcess, tenant: str, worse: int, by: str) -> None:
    compared(fleet, tenant, worse=worse, of=quality_bound.least(0.02) + 50)
    answer = ask(fleet, tenant, "How do I return a chair of oak?", RoutingRules(target=0.02, audit_share=1e-9))
    assert answer.model == by


def test_without_a_target_the_router_decides_alone(fleet: InProcess, tenant: str) -> None:
    compared(fleet, tenant, worse=100, of=100)
    answer = ask(fleet, tenant, "How do I return a table?", RoutingRules(audit_share=0.0))
    assert answer.text == ECONOMY


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("[routing]\ntarget = 0.02\n", "routing.target"),
        ("[tenants.a.routing]\ntarget = 0.02\n", "tenants.a.routing.target"),
    ],
)
def test_a_target_that_nothing_shows_is_a_fault(tmp_path: Path, said: str, path: str) -> None:
    provider = '[[providers]]\nname = "openai"\napi_key_env = "OPENAI_API_KEY"\n'
    models = "".join(
        f'[[providers.models]]\nname = "{name}"\ntier = "{tier}"\n'
        for name, tier in (("gpt-4o-mini", "economy"), ("gpt-4o", "premium"))
    )
    file = tmp_path / "farthing.toml"
    file.write_text(provider + models + said, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid, match=rf"{path}: got 0.02, expected an audit_share"):
        load(Settings(config_path=str(file)), {})
    file.write_text(provider + models + said + "audit_share = 0.05\n", encoding="utf-8")
    load(Settings(config_path=str(file)), {})


def test_a_router_is_tried_on_what_was_compared_before_it_is_in_force(
    fleet: InProcess, tenant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, kept = np.random.default_rng(0), Outcomes(fleet.runtime.ledger_redis)
    for number in range(200):
        hard = number % 4 == 0
        question = f"Why does clause {number} void the other one, and since when?" if hard else f"Where is it {number}?"
        features = tuple(surface.surfaces([question])[0].tolist())
        kept.keep(tenant, Outcome(hard and dice.random() < 0.9, features, None, ""))
    taught = outcomes.of_tenant(tenant, kept.of(tenant))
    outcomes.train(taught, tmp_path / "router.json", premium_share=None, quality=0.99)
    monkeypatch.setattr("workers.cli.running.runtime_of_fleet", lambda: fleet.runtime)
    told = ["evaluate", "routing", "--tenant", tenant, "--router", str(tmp_path / "router.json"), "--json"]
    done = CliRunner().invoke(main, told, catch_exceptions=False)
    found = json.loads(done.output)
    assert (found["compared"], found["in_force"]["premium_share"]) == (200, 0.0)
    assert found["in_force"]["lost"] == pytest.approx(found["lost_in_force_alone"] / 200, abs=0.02)
    assert found["other"]["lost"] < 0.02 < found["in_force"]["lost_from"]
    assert found["lost_by_other_alone"] == 0
    assert found["differ"] == found["other"]["premium_share"] < 0.4


def test_without_audits_nothing_can_be_tried(fleet: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.cli.running.runtime_of_fleet", lambda: fleet.runtime)
    done = CliRunner().invoke(main, ["evaluate", "routing", "--tenant", "nobody"])
    assert done.exit_code != 0
    assert "the audits of nobody: there are none" in done.output + str(done.exception)
