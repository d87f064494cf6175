"""Operators' own patterns: RE2, in which no pattern takes longer than its text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2


@lru_cache(maxsize=1_000)
def compiled(pattern: str, *, any_case: bool = False) -> Any:
    """The pattern, compiled once; raises re2.error when it is none. ``any_case``: capitals do not matter."""
    options = re2.Options()
    options.case_sensitive = not any_case
    options.log_errors = False
    return re2.compile(pattern, options)
