"""Celery's copy of a traceback says where something failed, and can be pickled and printed."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING

import pytest
from billiard import einfo
from billiard.einfo import ExceptionInfo

from workers.observability import tracebacks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def without_columns() -> Iterator[None]:
    before = einfo.Traceback.Frame.Code
    tracebacks.without_columns()
    yield
    einfo.Traceback.Frame.Code = before


def fails() -> None:
    raise ValueError("x")


@pytest.mark.usefixtures("without_columns")
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
