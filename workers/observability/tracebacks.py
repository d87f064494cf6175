"""Celery's copies of tracebacks: none of what says by itself what it is, and of others no columns of instructions.

Celery copies each frame of what a task raised, also of one that hands its job on (`Ignore`), and with each frame's code
the position of every instruction in it; that took 7 ms of each task. An error that we name carries its sentence alone:
a caller has no use for the files and lines of a worker. Of others, files, lines and functions stay.
"""

from __future__ import annotations

import sys
import traceback
from itertools import repeat
from typing import TYPE_CHECKING, Any

from billiard import einfo
from celery.app import trace
from celery.exceptions import Ignore

from pipelines.errors import FarthingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

COPIED = (
    "co_filename",
    "co_name",
    "co_argcount",
    "co_firstlineno",
    "co_flags",
    "co_names",
    "co_nlocals",
    "co_qualname",
)
# The stubs leave out most of it.
_Code: Any = einfo._Code  # noqa: SLF001 - the class that billiard's frames name as theirs to be replaced
_ExceptionInfo: Any = einfo.ExceptionInfo
_trace: Any = trace


class Code(_Code):  # type: ignore[misc]  # Any, see above
    """A frame's code: where it is, and no column."""

    def __init__(self, code: CodeType) -> None:
        for name in COPIED:
            setattr(self, name, getattr(code, name))
        self.co_cellvars = self.co_freevars = self.co_varnames = ()
        self.co_code = self.co_lnotab = b""
        self.co_stacksize = code.co_stacksize

    def co_positions(self) -> Iterator[tuple[None, None, None, None]]:
        """Unknown, of any instruction: a traceback says its lines by itself."""
        return repeat((None, None, None, None))

    def __reduce__(self) -> Any:
        """It is pickled as what it is; billiard's would be pickled as billiard's."""
        return Code.__new__, (Code,), self.__dict__


class Told(_ExceptionInfo):  # type: ignore[misc]  # Any, see above
    """As Celery's; what is expected is told by its sentence alone."""

    def __init__(self, exc_info: Any = None, internal: bool = False) -> None:
        kind, error, _ = found = exc_info or sys.exc_info()
        if not isinstance(error, (Ignore, FarthingError)):
            super().__init__(found, internal)
            return
        self.type, self.tb, self.internal = kind, None, internal
        self.traceback = "".join(traceback.format_exception_only(kind, error)).rstrip()
        self.exception = _trace.ExceptionWithTraceback(error, self.traceback)


def lean() -> None:
    """From now on, in this process."""
    einfo.Traceback.Frame.Code = Code
    _trace.ExceptionInfo = Told
