"""Dead letters are listed without their text, sent again as they were, or dropped."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.journey import SUBMITTED_AT
from tests.integration.broker.taker import QUEUE, Taker, ids
from tests.unit.workers.broker.test_envelope import EMBED, SECRET, raw
from workers.broker import envelope, parking
from workers.broker.envelope import DEATHS
from workers.cli import main
from workers.store import lists

Run = Any


@pytest.fixture
def run(broker: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FARTHING_BROKER_URL", redis_url)
    for job, reason in (("j-1", "its worker died of it"), ("j-2", "no such task here")):
        message = raw(id=job, **{DEATHS: 2, "farthing_tenant": "acme"})
        broker.rpush(lists.DEAD, parking.letter(message, QUEUE, reason, deaths=3))
    broker.rpush(lists.DEAD, parking.letter(b"\xff not JSON", QUEUE, "the message: not JSON"))

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["jobs", *words])

    return run


def test_what_was_put_aside_is_listed_and_none_of_its_text(run: Run) -> None:
    found = json.loads(run("stuck", "--json").output)
    assert [(one["job_id"], one["reason"], one["deaths"]) for one in found] == [
        ("j-1", "its worker died of it", 3),
        ("j-2", "no such task here", 3),
        (None, "the message: not JSON", 0),
    ]
    for words in (("stuck",), ("stuck", "--json"), ("show", "j-1"), ("show", "j-1", "--json")):
        said = run(*words).output
        assert "j-1" in said
        assert SECRET not in said
    assert "farthing jobs retry j-1" in run("show", "j-1").output


def test_one_is_sent_again_with_its_deaths_forgotten(run: Run, broker: Any) -> None:
    assert run("retry", "j-1").output == "sent again: 1\n"
    ((_, message),) = Taker(broker, "one").fetch(9)[2]
    headers = json.loads(message)["headers"]
    assert (headers["id"], headers[DEATHS], headers["farthing_tenant"]) == ("j-1", 0, "acme")
    assert broker.llen(lists.DEAD) == 2


def test_its_clock_starts_again_or_it_would_be_late_at_once(run: Run, broker: Any) -> None:
    broker.delete(lists.DEAD)
    progress = {"job": {}, "started_at": 5.0, "submitted_at": 4.0}
    for number, body in enumerate(([[progress], {}, EMBED], [[{"messages": []}], {}, EMBED])):
        message = raw(body, id=f"j-{number}", **{SUBMITTED_AT: 4.0})
        broker.rpush(lists.DEAD, parking.letter(message, QUEUE, "its worker died of it"))
    before = time.time()
    run("retry", "--all")
    found = {one.task_id: one for _, message in Taker(broker, "one").fetch(9)[2] for one in [envelope.read(message)]}
    assert found["j-0"].body[0][0]["started_at"] >= before
    assert found["j-0"].body[0][0]["submitted_at"] >= before
    assert found["j-1"].body[0] == [{"messages": []}]
    assert all(one.message["headers"][SUBMITTED_AT] >= before for one in found.values())
    assert all(one.message["properties"]["delivery_info"]["redelivered"] for one in found.values())


def test_all_are_sent_again_but_what_is_no_message(run: Run, broker: Any) -> None:
    assert json.loads(run("retry", "--all", "--json").output) == {"sent_again": 2, "left": 1}
    assert sorted(ids(Taker(broker, "one").fetch(9)[2])) == ["j-1", "j-2"]
    assert json.loads(run("drop", "--all", "--json").output) == {"dropped": 1, "left": 0}
    assert run("stuck").output == "nothing was put aside\n"


def test_who_names_no_job_or_an_unknown_one_is_told(run: Run) -> None:
    assert run("drop").exit_code == 2
    assert run("drop", "j-1", "--all").exit_code == 2
    unknown = run("retry", "j-9")
    assert unknown.exit_code == 1
    assert "nothing of job j-9 was put aside" in unknown.output
