"""Rules: which structured question a text is, and the answer that a database's row, or a template, gives to it."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any

import re2

from pipelines.errors import RuleFailed
from pipelines.text.normalise import without_courtesy
from pipelines.text.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_QUESTION_CHARS = 300  # a structured question is one sentence; longer text says more than a rule can answer


@dataclass(frozen=True, slots=True)
class Rule:
    """One structured question.

    ``patterns`` maps a language to RE2 patterns for the whole question; named groups become the query's bound
    parameters beside ``:user`` and ``:tenant``. ``answers`` maps a language to a template over the row's columns.
    ``user_column`` names the column that must equal the job's user: without that no row is shown. Without a database
    the template is over the groups: what is asked for is filled in, and nothing else is looked up. ``tenants``: whose
    questions it claims; of all where there are none.
    """

    name: str
    patterns: Mapping[str, Sequence[str]]
    database: str | None
    sql: str | None
    answers: Mapping[str, str]
    user_column: str | None = None
    tenants: tuple[str, ...] = ()

    def of(self, tenant: str) -> bool:
        """Does it claim this tenant's questions?"""
        return not self.tenants or tenant in self.tenants


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that the question matches, in which language, and what its groups caught."""

    rule: Rule
    language: str
    bindings: Mapping[str, str | None]


class RuleBook:
    """All rules, compiled. RE2 matches in linear time, so no pattern or question can hang a worker."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Compile; raises ValueError naming the rule and what is wrong with it."""
        self.rules = tuple(rules)
        self._compiled = [
            (rule, language, _compiled(rule, pattern))
            for rule in rules
            for language, patterns in rule.patterns.items()
            for pattern in patterns
        ]

    def claims(self, question: str, tenant: str) -> bool:
        """Does any rule's pattern match the whole question? Then it is not the cache's, whichever rule answers."""
        text = without_courtesy(question).rstrip("?")
        return any(rule.of(tenant) and pattern.fullmatch(text) is not None for rule, _, pattern in self._compiled)

    def match(self, question: str, tenant: str) -> Match | None:
        """The only rule that matches the tenant's whole question; None also when two rules claim it."""
        if len(question) > LONGEST_QUESTION_CHARS:
            return None
        text = without_courtesy(question).rstrip("?")
        found: dict[str, Match] = {}
        for rule, language, pattern in self._compiled:
            caught = pattern.fullmatch(text) if rule.of(tenant) else None
            if caught is not None and rule.name not in found:
                found[rule.name] = Match(rule, language, _as_written(caught.groupdict(), question))
        return next(iter(found.values())) if len(found) == 1 else None


def _as_written(caught: Mapping[str, str | None], question: str) -> dict[str, str | None]:
    """What the groups caught, in the question's own capitals."""
    found, lowered = dict(caught), question.lower()
    if len(lowered) != len(question):  # a letter that is two in small: places are not the same
        return found
    for name, value in caught.items():
        if value and (at := lowered.find(value.lower())) >= 0:
            found[name] = question[at : at + len(value)]
    return found


def _compiled(rule: Rule, pattern: str) -> Any:
    try:
        return compiled(pattern, any_case=True)
    except re2.error as error:
        reason = error.args[0] if error.args else "not a pattern"
        shown = reason.decode() if isinstance(reason, bytes) else str(reason)
        # RE2 quotes the pattern behind its own words.
        raise ValueError(f"rule {rule.name!r}: a pattern is none: {shown.partition(':')[0]}") from None


def faults(rule: Rule) -> list[str]:
    """What is inconsistent in a rule: a language without a template, a template that is not one."""
    found = [
        f"answers.{language}: missing, patterns in this language need it"
        for language in rule.patterns
        if language not in rule.answers
    ]
    if not all(pattern for patterns in rule.patterns.values() for pattern in patterns):
        found.append("patterns: one of them is empty, and matches nothing that anybody asks")
    if (rule.database is None) != (rule.sql is None):
        found.append("database, sql: expected both, or neither: then `answers` are over the patterns' groups")
    if rule.database is None and rule.user_column is not None:
        found.append("user_column: expected a database, which has columns")
    for language, template in rule.answers.items():
        try:
            fields = [field for field in Formatter().parse(template) if field[1] is not None]
        except ValueError:
            found.append(f"answers.{language}: not a template: a brace stands alone")
            continue
        # Attribute access in a template, or in a format, could reach anything that a row's value holds.
        if not all(str(name).isidentifier() and not spec and not how for _, name, spec, how in fields):
            found.append(f"answers.{language}: in braces, expected a column's name and nothing else")
        elif rule.database is None:
            found += _unfilled(rule, language, {str(name) for _, name, _, _ in fields})
    return found


def _unfilled(rule: Rule, language: str, names: set[str]) -> list[str]:
    """Of a template without a database: what a pattern of its language has no group for."""
    missing = set()
    for pattern in rule.patterns.get(language, ()):
        try:
            missing |= names - set(compiled(pattern, any_case=True).groupindex)
        except re2.error:
            continue  # said where it is compiled
    return [f"answers.{language}: {{{name}}}: not each pattern has a group of this name" for name in sorted(missing)]


def filled(match: Match) -> str | None:
    """The answer's text of a rule without a database; None where a group that it names caught nothing."""
    template = match.rule.answers[match.language]
    named = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    if not all(match.bindings.get(name) for name in named):
        return None
    return template.format_map({name: match.bindings[name] for name in named})


def answer(match: Match, rows: Sequence[Mapping[str, Any]], *, user: str | None) -> str | None:
    """The answer's text; None unless exactly one row came back and it is this user's own.

    Raises RuleFailed when the template names a column that the query does not return.
    """
    rule = match.rule
    if len(rows) != 1:
        return None
    row = rows[0]
    if rule.user_column is not None and (user is None or str(row.get(rule.user_column)) != user):
        return None
    try:
        return rule.answers[match.language].format_map({key: str(value) for key, value in row.items()})
    except KeyError as error:
        raise RuleFailed(rule.name, f"its query returns no column {error}") from None
    except (ValueError, LookupError, AttributeError, TypeError):
        raise RuleFailed(rule.name, "its template cannot be filled") from None
