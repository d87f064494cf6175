"""Celery's copy of a traceback says where something failed, and can be pickled and printed."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING

import pytest
from billiard import einfo
from billiard.einfo import ExceptionInfo
from celery import Celery
from celery.app import trace
from celery.exceptions import Ignore

from pipelines.errors import JobInvalid
from workers.observability import tracebacks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lean() -> Iterator[None]:
    before = einfo.Traceback.Frame.Code, trace.ExceptionInfo
    tracebacks.lean()
    yield
    einfo.Traceback.Frame.Code, trace.ExceptionInfo = before


def fails() -> None:
    raise ValueError("x")


@pytest.mark.usefixtures("lean")
def test_files_lines_and_functions_stay() -> None:
    try:
        fails()
    except ValueError as error:
        found, said = ExceptionInfo(), "".join(traceback.format_exception(error))
    line = f'File "{__file__}", line {fails.__code__.co_firstlineno + 1}, in fails'
    assert line in said
    assert line in found.traceback
    copied = "".join(traceback.format_tb(found.tb))
    assert line in copied
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    assert line in again.traceback
    assert "".join(traceback.format_tb(again.tb)) == copied


@pytest.mark.usefixtures("lean")
def test_what_is_named_is_told_by_its_sentence_alone() -> None:
    said = JobInvalid("tenant", "3", "a name")
    try:
        raise said
    except JobInvalid:
        found = trace.ExceptionInfo()
    assert str(said) in found.traceback
    assert __file__ not in found.traceback
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    assert again.traceback == found.traceback
    assert str(again.exception) == str(said)


@pytest.mark.usefixtures("lean")
@pytest.mark.parametrize("error", [Ignore(), JobInvalid("tenant", "3", "a name"), ValueError("x")])
def test_celery_traces_a_task_that_raises(error: Exception) -> None:
    app = Celery("t", backend="cache+memory://", set_as_current=False)
    told = []

    @app.task(bind=True, name=f"raises-{type(error).__name__}", shared=False)
    def raises(_: object) -> None:
        raise error

    raises.on_failure = lambda exc, *_: told.append(exc)
    found = trace.build_tracer(raises.name, raises, app=app)("an-id", (), {}, {"id": "an-id", "delivery_info": {}})
    failed = not isinstance(error, Ignore)
    assert bool(told) == failed
    assert found.info.state == ("FAILURE" if failed else "IGNORED")
    if failed:
        assert (__file__ in app.backend.get_traceback("an-id")) == (type(error) is ValueError)
