"""Patterns: operators' own, in RE2, in which none takes longer than its text; and tables with a row a language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

if TYPE_CHECKING:
    from collections.abc import Mapping

# Languages that part their words by no space: their patterns stand anywhere.
_UNSPACED = frozenset({"zh", "ja", "ko"})


@lru_cache(maxsize=1_000)
def compiled(pattern: str, *, any_case: bool = False) -> Any:
    """The pattern, compiled once; raises re2.error when it is none. ``any_case``: capitals do not matter."""
    options = re2.Options()
    options.case_sensitive = not any_case
    options.log_errors = False
    return re2.compile(pattern, options)


def any_of(rows: Mapping[str, str]) -> re.Pattern[str]:
    """One pattern of a table's rows, each matched as its script is written."""
    spaced = "|".join(f"(?:{row})" for name, row in rows.items() if name not in _UNSPACED)
    unspaced = "|".join(f"(?:{row})" for name, row in rows.items() if name in _UNSPACED)
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)" + (f"|{unspaced}" if unspaced else ""), re.IGNORECASE)
