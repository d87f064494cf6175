"""An id belongs to one job of one tenant, from submit to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import JobIdReused, JobUnknown
from workers.client import Farthing

if TYPE_CHECKING:
    from tests.fleet import InProcess


def test_the_callers_id_survives_the_whole_journey(fleet: InProcess, tenant: str) -> None:
    job_id = fleet.client.submit("Do you sell lamps?", tenant=tenant, job_id=f"mine-{tenant}")
    assert fleet.client.result(job_id, 30).job_id == job_id == f"mine-{tenant}"


def test_the_same_id_with_another_job_is_refused_before_anything_is_paid(fleet: InProcess, tenant: str) -> None:
    job_id = f"same-{tenant}"
    first = fleet.client.ask("Do you sell red lamps?", tenant=tenant, job_id=job_id, timeout_s=30)
    calls = len(fleet.model.requests)
    for other in ({"tenant": f"{tenant}-b"}, {"tenant": tenant, "user": "u-2"}):
        with pytest.raises(JobIdReused):
            fleet.client.ask("Do you sell red lamps?", job_id=job_id, timeout_s=30, **other)
    with pytest.raises(JobIdReused):
        fleet.client.ask("Do you sell blue lamps?", tenant=tenant, job_id=job_id, timeout_s=30)
    assert len(fleet.model.requests) == calls
    assert first.source == "model"


def test_the_same_id_with_the_same_job_is_answered_from_what_is_there(fleet: InProcess, tenant: str) -> None:
    asked = {"tenant": tenant, "job_id": f"again-{tenant}", "cache": "bypass", "timeout_s": 30}
    first = fleet.client.ask("Do you sell red lamps?", **asked)
    calls = len(fleet.model.requests)
    assert fleet.client.ask("Do you sell red lamps?", **asked) == first
    assert len(fleet.model.requests) == calls


def test_another_tenants_id_answers_nothing(fleet: InProcess, tenant: str) -> None:
    job = fleet.settled(fleet.ask("Do you sell green lamps?", tenant=tenant))
    with Farthing() as stranger:
        with pytest.raises(JobUnknown):
            stranger.result(str(job.job_id), 30, tenant="another")
        with pytest.raises(JobUnknown):
            stranger.result(str(job.job_id), 30)
        assert stranger.result(str(job.job_id), 30, tenant=tenant).text == job.text
    assert fleet.runtime.records.of_tenant(str(job.job_id), "another") is None


def test_an_answer_names_nobody_elses_job(fleet: InProcess, tenant: str) -> None:
    first = fleet.settled(fleet.ask("Do you sell pink lamps?", tenant=tenant, user="u-1"))
    again = fleet.ask("Do you sell pink lamps?", tenant=tenant, user="u-2")
    assert again.source == "exact"
    assert str(first.job_id) not in str(again.encode())
