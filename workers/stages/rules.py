"""Answers a structured question by its rule: from its database, or by its template alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.answer import Answer, Route
from pipelines.errors import RuleFailed
from pipelines.routing.rules import answer as answered_by_row
from pipelines.routing.rules import filled
from pipelines.text import tokens
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.job import Job
    from pipelines.journey import Progress
    from pipelines.routing.market import Market
    from pipelines.routing.rules import Match, RuleBook
    from workers.providers.databases import Databases


class Rules:
    """Answers what a rule may from its database."""

    def __init__(self, book: RuleBook, databases: Databases, market: Callable[[], Market]) -> None:
        self._book, self._databases, self._market = book, databases, market

    def match(self, job: Job) -> Match | None:
        """The rule that may answer this job, without looking into its database."""
        # A row answers a bare question: not a picture, not a tool's result, not one that wants JSON.
        bare = job.messages[-1] is job.question and not job.question.has_parts and "response_format" not in job.params
        return self._book.match(job.question.text, job.tenant) if bare and job.model == "auto" else None

    def by_rule(self, progress: Progress) -> tuple[Answer | None, tuple[str, ...]]:
        """The answer of the rule that matches, if one does and its database gives exactly one row of this user's."""
        job = progress.job
        match = self.match(job)
        if match is None:
            return None, ()
        try:
            text = self._text(match, job)
        except RuleFailed as error:
            counters.count("rule.failed")
            logs.log().error("the model answers instead of a rule", said=str(error))
            return None, (f"rule {match.rule.name} failed",)
        if text is None:
            return None, ()
        route = Route(tier="rule", score=0.0, reason=f"rule {match.rule.name}")
        baseline = self._market().baseline_usd(
            job, prompt_tokens=None, completion_tokens=tokens.estimate(text), provider=None
        )
        return Answer(text=text, source="rule", route=route, baseline_usd=baseline), ()

    def _text(self, match: Match, job: Job) -> str | None:
        rule = match.rule
        if rule.database is None or rule.sql is None:
            return filled(match)
        bindings = {**match.bindings, "user": job.user, "tenant": job.tenant}
        return answered_by_row(
            match, self._databases.rows(rule.database, rule.sql, bindings, rule=rule.name), user=job.user
        )
