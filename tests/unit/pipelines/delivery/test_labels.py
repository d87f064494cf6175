"""What is missing in a stranger's message is found in its job."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.delivery import labels
from pipelines.journey import CLASSIFY, LOOKUP, SUBMITTED_AT, TENANT

SEEN = {"task": LOOKUP, labels.UNLABELLED: 12.5}


def test_whose_it_is_stands_in_the_job_and_when_it_was_seen_is_when_it_was_sent() -> None:
    assert labels.missing(SEEN, [{"tenant": "acme"}]) == ({TENANT: "acme", SUBMITTED_AT: 12.5}, 0)
    assert labels.missing(SEEN, [{"tenant": "acme", "priority": "batch"}]) == ({TENANT: "acme", SUBMITTED_AT: 12.5}, 6)
    assert labels.missing({**SEEN, SUBMITTED_AT: 3.0}, [{}]) == ({TENANT: "default"}, 0)


@pytest.mark.parametrize(
    "headers",
    [{"task": LOOKUP}, {**SEEN, TENANT: "acme"}, {**SEEN, "task": CLASSIFY}, {**SEEN, "task": "another"}],
    ids=["taken at once", "labelled", "a stage's", "a stranger's task"],
)
def test_nothing_is_missing(headers: dict[str, Any]) -> None:
    assert labels.missing(headers, [{"tenant": "acme"}]) is None


@pytest.mark.parametrize(
    "args", [[], [None], ["x"], [{"tenant": 7}], [{"tenant": ""}], [{"tenant": "x" * 257}]], ids=repr
)
def test_a_job_that_nobody_can_read_is_the_default_tenants(args: list[Any]) -> None:
    assert labels.missing(SEEN, args) == ({TENANT: "default", SUBMITTED_AT: 12.5}, 0)


@pytest.mark.parametrize("seen", ["x", None, [1]], ids=repr)
def test_a_time_that_is_none_is_left_out(seen: object) -> None:
    found = labels.missing({**SEEN, labels.UNLABELLED: seen}, [{}])
    assert found == (None if seen is None else ({TENANT: "default"}, 0))


@pytest.mark.parametrize("priority", [None, "urgent", 3, ["batch"]], ids=repr)
def test_an_unknown_priority_is_the_usual_one(priority: object) -> None:
    assert labels.urgency(priority) == 0
