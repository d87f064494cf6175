"""What holds for a tenant's cache: `[cache]` of the configuration, overridden by `[tenants.<name>]`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import re2

from pipelines.cache import judge, risk
from pipelines.cache.admission import Keeping
from pipelines.cache.voices import Quorum
from pipelines.text.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.config.toml_reader import Reader


@dataclass(frozen=True, slots=True)
class CacheRules:
    """``target``: wrong hits per request; ``judge_share``: verdicts for each job that no hit answered;
    ``share_after_users``: different users who must have asked before an entry answers others; ``share_about_asker``:
    may users be given each other's answers to questions about their own affairs; ``leave_out``: RE2 patterns of what
    is sent and is no part of the key; ``capacity``: entries of a tenant.
    """

    target: float = risk.TARGET
    judge_share: float = judge.SHARE
    share_after_users: int = 1
    share_about_asker: bool = False
    leave_out: tuple[str, ...] = ()
    capacity: int = 500_000
    keeping: Keeping = field(default_factory=Keeping)
    quorum: Quorum = field(default_factory=Quorum)


def _are_patterns(value: Any) -> bool:
    try:
        return all(isinstance(pattern, str) and compiled(pattern) for pattern in value)
    except re2.error:
        return False


# Each setting's type, what is right, and how to say it.
_SETTINGS: dict[str, tuple[type[Any], Callable[[Any], bool], str]] = {
    "target": (float, lambda v: 0 < v < 0.5, "wrong hits per request, a share above 0, e.g. 0.01"),
    "judge_share": (float, lambda v: 0 <= v <= 1, "verdicts a job from 0 (no judge) to 1"),
    "share_after_users": (int, lambda v: v >= 1, "a number of users, at least 1"),
    "share_about_asker": (bool, lambda _: True, "true or false"),
    "capacity": (int, lambda v: v >= 1, "a number of entries, at least 1"),
    "wrong_after_users": (int, lambda v: v >= 0, "a number of users, 0 for operators alone"),
    "correct_after_users": (int, lambda v: v >= 0, "a number of users, 0 for operators alone"),
    "ttl_s": (float, lambda v: v >= 1, "seconds, at least 1"),
    "frequent_ttl_s": (float, lambda v: v >= 1, "seconds, at least 1"),
    "frequent_asks": (int, lambda v: v >= 1, "at least 1"),
    "leave_out": (list, _are_patterns, "a list of RE2 patterns of what the key leaves out, a clock for one"),
    "passing": (list, _are_patterns, "a list of RE2 patterns of questions about this moment"),
    "lasting": (list, _are_patterns, "a list of RE2 patterns of questions that are none"),
    "max_temperature": (float, lambda v: 0 <= v <= 2, "a temperature from 0 to 2"),
}
_OF_ALL = ("judge_share",)  # one worker's budget serves all tenants
_KEEPING = {f.name for f in fields(Keeping)}
_QUORUM = {f.name for f in fields(Quorum)}


def read(reader: Reader) -> tuple[CacheRules, dict[str, CacheRules]]:
    """The rules for all, and those of the tenants that have some of their own."""
    table = reader.take(reader.raw, "", "cache", dict, {})
    common = _over(CacheRules(), reader, table, "cache", tuple(_SETTINGS))
    tenants = reader.take(reader.raw, "", "tenants", dict, {}, expected="a table for each tenant, e.g. [tenants.acme]")
    own = tuple(name for name in _SETTINGS if name not in _OF_ALL)
    found = {}
    for name in tenants:
        row = reader.take(tenants, "tenants", name, dict, {}, expected="a table")
        found[name] = _over(common, reader, row, f"tenants.{name}", own)
    return common, found


def _over(rules: CacheRules, reader: Reader, row: dict[str, Any], path: str, known: tuple[str, ...]) -> CacheRules:
    """``rules`` with what the table says otherwise."""
    reader.only(row, path, known)
    said: dict[str, Any] = {}
    for name in known:
        kind, ok, expected = _SETTINGS[name]
        within = rules.keeping if name in _KEEPING else rules.quorum if name in _QUORUM else rules
        standard = getattr(within, name)
        found = reader.take(
            row, path, name, kind, list(standard) if kind is list else standard, ok=ok, expected=expected
        )
        said[name] = tuple(found) if kind is list else found
    keeping = replace(rules.keeping, **{name: value for name, value in said.items() if name in _KEEPING})
    quorum = replace(rules.quorum, **{name: value for name, value in said.items() if name in _QUORUM})
    rest: dict[str, Any] = {name: value for name, value in said.items() if name not in _KEEPING | _QUORUM}
    return replace(rules, keeping=keeping, quorum=quorum, **rest)
