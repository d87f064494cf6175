"""The log lines of a running fleet: each stage names its job, and nothing that a sender wrote."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from pipelines.errors import JobInvalid
from tests.waiting import until

if TYPE_CHECKING:
    from tests.fleet import InProcess

SECRET = "My card is 4111 1111 1111 1111"
STAGES = 5  # of a miss: cache-lookup, classify, compress-context, model-call, write-back


def stages(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "stage"]


@pytest.mark.parametrize("field", ["job_id", "entry_id", "request_id"])
def test_what_a_sender_writes_into_a_field_of_its_own_is_in_no_line(field: str, fleet: InProcess, tenant: str) -> None:
    job = {"messages": [{"role": "user", "content": "Do you sell lamps?"}], "tenant": tenant, field: SECRET}
    asked = str(uuid.uuid4())
    with capture_logs() as lines:
        fleet.app.send_task("chat.cache_lookup", [job], queue="cache-lookup", task_id=asked)
        with pytest.raises(JobInvalid, match=field):
            fleet.client.result(asked, 30)
        until(lambda: stages(lines))
    assert SECRET not in repr(lines)
    assert [line["job"] for line in stages(lines)] == [asked]


def test_each_stage_of_a_journey_names_the_callers_job(fleet: InProcess, tenant: str) -> None:
    job = {"messages": [{"role": "user", "content": "Do you sell sofas?"}], "tenant": tenant}
    asked = str(uuid.uuid4())
    with capture_logs() as lines:
        fleet.app.send_task("chat.cache_lookup", [job], queue="cache-lookup", task_id=asked)
        until(lambda: len(stages(lines)) >= STAGES)
    assert {line["job"] for line in stages(lines)} == {asked}


def test_an_argument_that_a_stranger_named_is_in_no_line(fleet: InProcess, tenant: str) -> None:
    job = {"messages": [{"role": "user", "content": "Do you sell rugs?"}], "tenant": tenant}
    asked = str(uuid.uuid4())
    with capture_logs() as lines:
        fleet.app.send_task("chat.cache_lookup", [job], {"hunter2": 1}, queue="cache-lookup", task_id=asked)
        with pytest.raises(JobInvalid, match="arguments"):
            fleet.client.result(asked, 30)
        until(lambda: stages(lines))
    assert "hunter2" not in repr(lines)
