"""Another router on a share of a tenant's jobs, in a fleet: what it decides, what is counted, and how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.routing import canary
from pipelines.routing.router import Router
from pipelines.routing.surface import surfaces
from tests.waiting import until
from workers.cli import main
from workers.config.tenants import RoutingRules
from workers.stages.canary import Canaries

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet import InProcess


@pytest.fixture
def always(tmp_path: Path) -> Path:
    """A router that sends everything to premium."""
    prompts = [f"question {number}" for number in range(60)]
    router = Router.fit(
        surfaces(prompts),
        np.zeros((60, 0), dtype=np.float32),
        np.zeros(60),
        np.ones(60),
        encoder="",
        premium_share=1.0,
    )
    path = tmp_path / "always.json"
    path.write_text(json.dumps(router.encode()), encoding="utf-8")
    return path


def trying(fleet: InProcess, tenant: str, **rules: Any) -> Any:
    held = fleet.runtime.configuration
    return fleet.instead(configuration=replace(held, tenants_routing={tenant: RoutingRules(**rules)}))


def ask(fleet: InProcess, tenant: str, number: int) -> str:
    answer = fleet.ask(f"Is article {number}x in stock?", tenant=tenant, cache="bypass")
    assert answer.route is not None
    return answer.route.tier


def name(path: Path) -> str:
    return canary.name_of(Router.decode(json.loads(path.read_text(encoding="utf-8"))))


def test_a_share_of_the_jobs_is_the_other_routers_and_both_are_counted(
    fleet: InProcess, tenant: str, always: Path
) -> None:
    with trying(fleet, tenant, canary_router=str(always), canary_share=0.5):
        tiers = [ask(fleet, tenant, number) for number in range(24)]
        other = [ask(fleet, f"{tenant}-other", number) for number in range(4)]
    assert set(tiers) == {"economy", "premium"}
    assert set(other) == {"economy"}, "another tenant tries nothing"
    said = json.loads(CliRunner().invoke(main, ["report", "--tenant", tenant, "--json"]).output)
    (trial,) = said["canaries"]
    assert trial["router"] == name(always)
    assert trial["canary"]["answers"] == tiers.count("premium")
    assert trial["control"]["answers"] == tiers.count("economy")
    assert float(trial["canary"]["mean_usd"]) > 5 * float(trial["control"]["mean_usd"])
    assert "Another router, tried" in CliRunner().invoke(main, ["report", "--tenant", tenant]).output


def test_it_decides_of_no_more_once_it_is_surely_dearer(fleet: InProcess, tenant: str, always: Path) -> None:
    today, arm = datetime.now(UTC).date().isoformat(), name(always)
    cost = {"nusd": 50_000_000, "squares": 60 * 9_000_000}
    for kind, times in (("canary", 20), ("control", 1)):
        counted = {f"{kind}:{arm}:jobs": 60, **{f"{kind}:{arm}:{what}": much * times for what, much in cost.items()}}
        fleet.runtime.accounts.count(f"{tenant}-{kind}", tenant, today, counted)
    with trying(fleet, tenant, canary_router=str(always), canary_share=0.5):
        ask(fleet, tenant, 0)  # from now on the ledger is believed
        until(lambda: {ask(fleet, tenant, number) for number in range(8)} == {"economy"})
    with trying(fleet, tenant, canary_router=str(always), canary_share=0.5, canary_dearer=1_000.0):
        assert "premium" in {ask(fleet, tenant, number) for number in range(16)}, "as dear as its operator allows"


def test_a_router_that_cannot_be_read_fails_no_job(
    fleet: InProcess, tenant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr("workers.stages.canary.counters.count", heard.append)
    with trying(fleet, tenant, canary_router=str(tmp_path / "nowhere.json"), canary_share=0.5):
        assert {ask(fleet, tenant, number) for number in range(4)} == {"economy"}
    assert heard.count("canary.unreadable") == 4


def test_what_audits_say_counts_for_the_arm_that_answered(
    fleet: InProcess, tenant: str, always: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Canaries.of
    monkeypatch.setattr(fleet.model, "voice", lambda _: "It is in stock in three of our depots.")
    monkeypatch.setattr(Canaries, "of", lambda self, progress: chosen(self, progress)._replace(arm="control:t"))
    with trying(fleet, tenant, canary_router=str(always), canary_share=0.5, audit_share=1.0):
        ask(fleet, tenant, 1)

        def compared() -> bool:
            days = fleet.runtime.accounts.totals(tenant, 1).values()
            return sum(day.get(tenant, {}).get("control:t:compared", 0) for day in days) == 1

        until(compared)
