"""What holds for a tenant's cache: `[cache]` of the configuration, overridden by `[tenants.<name>]`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from pipelines import judging, risk
from pipelines.freshness import Keeping

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.toml_reader import Reader


@dataclass(frozen=True, slots=True)
class CacheRules:
    """``target``: wrong hits per request; ``judge_share``: of jobs that may be judged; ``share_after_users``: different
    users who must have asked before an entry answers others; ``capacity``: entries of a tenant.
    """

    target: float = risk.TARGET
    judge_share: float = judging.SHARE
    share_after_users: int = 1
    capacity: int = 500_000
    keeping: Keeping = field(default_factory=Keeping)


# Each setting's type, what is right, and how to say it.
_SETTINGS: dict[str, tuple[type[Any], Callable[[Any], bool], str]] = {
    "target": (float, lambda v: 0 < v < 0.5, "wrong hits per request, a share above 0, e.g. 0.01"),
    "judge_share": (float, lambda v: 0 <= v <= 1, "a share of jobs from 0 (no judge) to 1"),
    "share_after_users": (int, lambda v: v >= 1, "a number of users, at least 1"),
    "capacity": (int, lambda v: v >= 1, "a number of entries, at least 1"),
    "ttl_s": (float, lambda v: v >= 1, "seconds, at least 1"),
    "frequent_ttl_s": (float, lambda v: v >= 1, "seconds, at least 1"),
    "frequent_asks": (int, lambda v: v >= 1, "at least 1"),
    "max_temperature": (float, lambda v: 0 <= v <= 2, "a temperature from 0 to 2"),
}
_OF_ALL = ("judge_share",)  # one worker's budget serves all tenants
_KEEPING = {f.name for f in fields(Keeping)}


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
    said = {}
    for name in known:
        kind, ok, expected = _SETTINGS[name]
        standard = getattr(rules.keeping if name in _KEEPING else rules, name)
        said[name] = reader.take(row, path, name, kind, standard, ok=ok, expected=expected)
    keeping = replace(rules.keeping, **{name: value for name, value in said.items() if name in _KEEPING})
    return replace(rules, keeping=keeping, **{name: value for name, value in said.items() if name not in _KEEPING})
