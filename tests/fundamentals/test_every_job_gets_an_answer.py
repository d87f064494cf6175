"""Every job gets an answer, or an error that says why."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

import pytest

from pipelines.errors import DeadlineExceeded, JobInvalid, ProviderFailed
from workers.demo.standin import Fault
from workers.fleet.embedded_redis import EmbeddedRedis, free_port
from workers.store.connection import connect

if TYPE_CHECKING:
    from tests.fleet import InProcess


def test_a_model_that_fails_once_is_asked_again(fleet: InProcess, tenant: str) -> None:
    fleet.model.faults.append(Fault(status=503))
    assert fleet.ask("Do you sell chairs?", tenant=tenant).source == "model"


def test_a_failed_model_call_reaches_the_caller(fleet: InProcess, tenant: str) -> None:
    fleet.model.faults.append(Fault(status=401))
    with pytest.raises(ProviderFailed, match="refused the API key") as caught:
        fleet.ask("Do you sell tables?", tenant=tenant)
    assert (caught.value.status, caught.value.retryable) == (401, False)


def test_a_job_that_is_too_late_says_so(fleet: InProcess, tenant: str) -> None:
    with pytest.raises(DeadlineExceeded):
        fleet.ask("Do you sell beds?", tenant=tenant, deadline_s=0.001)


@pytest.mark.parametrize("part", ["routing", "contexts", "providers"])
@pytest.mark.parametrize("error", [DeadlineExceeded(5.0, "a stage"), KeyError("a fault of ours")])
def test_whichever_stage_fails_its_caller_is_told(fleet: InProcess, tenant: str, part: str, error: Exception) -> None:
    class Fails:
        def __getattr__(self, name: str) -> NoReturn:
            raise error

    with fleet.instead(**{part: Fails()}), pytest.raises(type(error)):
        fleet.ask(f"Do you sell lamps, {part}?", tenant=tenant)


def test_a_malformed_job_from_any_sender_gets_an_answer_that_names_the_field(fleet: InProcess) -> None:
    sent = fleet.app.send_task("chat.cache_lookup", [{"messages": [], "colour": 1}], queue="cache-lookup")
    with pytest.raises(JobInvalid, match="colour"):
        fleet.client.result(sent.id, 30)


def test_a_cache_that_was_never_reached_costs_no_job(fleet: InProcess, tenant: str) -> None:
    with fleet.instead(cache_redis=connect(f"redis://127.0.0.1:{free_port()}/0")):
        answer = fleet.ask("Do you sell clocks?", tenant=tenant)
        assert (answer.source, answer.degraded) == ("model", ("cache unavailable",))
    fleet.settled(fleet.ask("Do you sell clocks?", tenant=tenant))
    assert fleet.ask("Do you sell clocks?", tenant=tenant).source == "exact"


def test_a_cache_that_hangs_costs_no_job_its_deadline(fleet: InProcess, tenant: str) -> None:
    with EmbeddedRedis() as server, fleet.instead(cache_redis=connect(server.url, patience_s=0.5)):
        fleet.ask("Do you sell globes?", tenant=tenant)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            for question in ("Do you sell maps?", "Do you sell atlases?", "Do you sell compasses?"):
                answer = fleet.ask(question, tenant=tenant, deadline_s=6)
                assert (answer.source, answer.degraded) == ("model", ("cache unavailable",))
        finally:
            os.kill(server.pid, signal.SIGCONT)
