"""Celery's copies of tracebacks, without the columns of every instruction: they took 7 ms of each task that failed.

Celery copies each frame of what a task raised, also of one that hands its job on (`Ignore`), and with each frame's code
the position of every instruction in it. Files, lines and functions stay.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from billiard import einfo

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
_Code: Any = einfo._Code  # noqa: SLF001 - the class that billiard's frames name as theirs to be replaced


class Code(_Code):  # type: ignore[misc]  # not in the stubs
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


def without_columns() -> None:
    """From now on, in this process."""
    einfo.Traceback.Frame.Code = Code
