"""A broker message alone says whether its job's deadline passed."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.delivery.late import missed
from pipelines.job import DEFAULT_DEADLINE_S

HEADERS = {"task": "chat.cache_lookup", "farthing_submitted_at": 1_000.0}
EMBED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


@pytest.mark.parametrize(
    ("deadline_s", "waited_s", "says"),
    [
        (5.0, 4.9, None),
        (5.0, -1.0, None),
        (5.0, 5.1, 5.0),
        (5, 6, 5.0),
        (None, DEFAULT_DEADLINE_S - 1, None),
        (None, DEFAULT_DEADLINE_S + 1, DEFAULT_DEADLINE_S),
        (float("nan"), 1e9, None),
        (float("inf"), 1e9, None),
        (-1, 1e9, None),  # no deadline: whoever takes it says what is wrong with it
        (True, 1e9, None),
        ("5", 1e9, None),
    ],
)
def test_it_is_late_when_its_deadline_passed(deadline_s: object, waited_s: float, says: float | None) -> None:
    job = {} if deadline_s is None else {"deadline_s": deadline_s}
    assert missed(HEADERS, [job], EMBED, 1_000.0 + waited_s) == says


@pytest.mark.parametrize(
    ("headers", "args", "embed"),
    [
        ({"task": "chat.classify"}, [{}], {}),
        ({"redelivered": True}, [{}], {}),
        ({"farthing_submitted_at": None}, [{}], {}),
        ({"farthing_submitted_at": 0}, [{}], {}),
        ({"farthing_submitted_at": -5.0}, [{}], {}),
        ({"farthing_submitted_at": 2e9}, [{}], {}),
        ({"expires": "2026-01-01T00:00:00"}, [{}], {}),
        ({"farthing_submitted_at": "1000"}, [{}], {}),
        ({}, [], {}),
        ({}, [{}, {}], {}),
        ({}, ["job"], {}),
        ({}, [{}], {"errbacks": [{"task": "theirs"}]}),
        ({}, [{}], {"chord": {"task": "theirs"}}),
        ({}, [{}], {"chain": [{"task": "theirs"}]}),
    ],
)
def test_what_a_stage_must_judge_is_left_to_it(headers: dict[str, Any], args: list[Any], embed: dict[str, Any]) -> None:
    assert missed(HEADERS, [{}], EMBED, 1e9) is not None
    assert missed({**HEADERS, **headers}, args, {**EMBED, **embed}, 1e9) is None
