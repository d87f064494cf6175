"""Counters of this process, one per event, until they are handed over."""

from __future__ import annotations

import threading
from collections import Counter

# What is counted, for the manual; a test finds a name that is not here. <…> stands for one of several.
EVENTS = {
    "answered.<source>": "jobs answered, by `source`",
    "failed.<error>": "tasks that failed, by error",
    "feedback.<rating>": "what people said of answers",
    "semantic.<decision>": "what the semantic tier decided: `hit`, `gray`, `miss`",
    "key.<kind>_in_instructions": "instructions with a `clock` or an `id` in them (see `leave_out`)",
    "cache.unavailable": "jobs that went on without the cache",
    "cache.apart": "jobs of users who said that what others are given is wrong",
    "cache.nobodys": "jobs that concern their asker and name no `user`: kept for nobody",
    "cache.unshared": "hits withheld until enough users asked (`share_after_users`)",
    "cache.evicted": "entries that made room",
    "encoder.characters": "questions that only the characters' encoder reads: see how-to, *Serve Chinese*",
    "encoder.unread": "questions that no encoder reads: the exact tiers alone answer them",
    "encoder.unavailable": "jobs whose question could not be encoded",
    "judge.asked": "calls to the judge",
    "judge.served": "hits that a judge let pass",
    "judge.failed": "calls to the judge that no provider answered",
    "judge.unreadable": "calls to the judge whose answer was no list of verdicts, or contradicted itself",
    "judge.addressed": "questions, or phrasings beside them, that tell a judge what to say: it was not asked",
    "judge.unavailable": "jobs that the judge left, for want of the cache",
    "context.same": "answers to a shorter context that were asked again with the whole conversation, and were no worse",
    "context.worse": "answers to a shorter context that were asked again with the whole conversation, and were worse",
    "context.unclear": "answers to a shorter context that were asked again, of which nobody said which is better",
    "context.stopped": "jobs sent whole, because shorter contexts made too many answers of their tenant's worse",
    "quality.same": "questions that both tiers answered, and premium no better",
    "quality.worse": "questions that both tiers answered, and premium better",
    "quality.unclear": "questions that both tiers answered, and nobody said which is better",
    "budget.warned": "budgets that came near their end, each once a day",
    "budget.economy": "jobs that economy answered in place of premium, for a budget's sake",
    "budget.spent": "jobs that a spent budget refused",
    "cascade.escalated": "economy answers after which premium was asked, for what their checks found",
    "cascade.better": "of these, those in which premium did better by the same checks",
    "cascade.no_better": "of these, those in which it did not",
    "cascade.failed": "answers that could not be checked, and were given as they came",
    "cascade.not_asked": "economy answers given though premium was to be asked: no time was left, or nobody answered",
    "flight.waits": "jobs that waited for another which asked the same at that moment",
    "audit.answered": "hits answered afresh",
    "audit.compared": "of these, those that taught something",
    "audit.unsent": "audits that the broker did not take",
    "audit.<event>": "what an audit came to: `elected`, `wrong`, `unclear`, `twin_wrong`, `outdated`",
    "write_back.<event>": "what became of a fresh answer: `stored`, `joined`, `merged`, `elected`, `expelled`, …",
    "write_back.refused": "answers that are not kept",
    "write_back.unsent": "answers that the broker did not take to write-back",
    "ledger.unavailable": "times that the ledger did not answer a worker",
    "ledger.late": "amounts that came onto the bill later, as the ledger answered again",
    "ledger.lost": "amounts that are on no bill: the ledger was away for too long",
    "model_call.ambiguous": "calls asked again because their worker died under way: they may have been paid for twice",
    "batch.parked": "jobs with hours to wait that were kept for a provider's Batch API",
    "batch.<event>": "what became of them: `sent`, `answered`, `unanswered` and `asked_at_once` (their time was short)",
    "batch.unreadable": "lines of a batch's answers that are none",
    "batch.unreachable": "times that a batch could not be made, looked at or fetched",
    "provider.<kind>": "failed calls, by kind",
    "provider.hedged": "calls to a second provider beside one whose first word was late",
    "provider.late_unbilled": "answers that came after another's and could not be put on the bill",
    "provider.left_alone": "times that a provider was left alone, for failing in a row or for asking to",
    "provider.param_refused": "parameters that a model refused, and is not sent again",
    "risk.learned": "boundaries that moved",
    "risk.unavailable": "decisions on the boundary of before",
    "risk.unnoted": "requests that no boundary heard of",
    "broker.parked": "messages put aside, that no worker could take or that ended theirs",
    "worker.died": "workers whose messages went to other hands",
    "queue.full": "jobs refused because too many waited",
    "stage.again": "stages done again, because the broker could not take what they handed on",
    "stage.postponed": "model calls put off, because no provider may be asked yet",
    "rule.failed": "rules whose database did not answer",
    "canary.stopped": "trials of another router that ended: its answers were surely worse, or dearer",
    "canary.unreadable": "jobs of a tenant whose canary_router cannot be read: the fleet's own decided",
    "summary.made": "summaries of what had to be left out of a conversation",
    "summary.failed": "summaries that said what nobody had said, or did not come to an end: not kept",
    "replica.loaded": "scopes that a lookup worker read whole",
    "replica.preloaded": "of them, before its first job",
    "replica.reloaded": "scopes read again after falling behind",
    "replica.unloaded": "scopes that made room in a worker's memory",
    "replica.unavailable": "times that a replica could not follow",
    "cache.unreadable": "answers in the cache that nobody can read: the model was asked",
    "replica.bad_vector": "phrasings whose vector cannot be read",
    "replica.graph_built": "search graphs built",
    "vectors.built": "scopes handed to Redis's vector sets",
    "vectors.unforgotten": "vectors that could not leave their set, and do at the next search",
}

# What an operator should see without looking for it: something was not as it should be.
TROUBLE = (
    "failed.<error>", "cache.unavailable", "cache.nobodys", "cache.unreadable", "encoder.unread",
    "encoder.unavailable", "judge.failed", "judge.unreadable",
    "judge.unavailable", "audit.unsent", "write_back.unsent", "ledger.unavailable", "ledger.lost",
    "model_call.ambiguous",
    "provider.<kind>", "batch.unreachable",
    "provider.left_alone", "provider.late_unbilled", "provider.param_refused",
    "risk.unavailable", "risk.unnoted", "broker.parked", "worker.died",
    "stage.again", "stage.postponed", "queue.full", "budget.warned", "budget.spent", "context.stopped",
    "cascade.not_asked", "cascade.failed", "canary.stopped", "canary.unreadable", "rule.failed",
    "summary.failed", "replica.reloaded", "replica.unloaded", "replica.unavailable", "replica.bad_vector",
    "vectors.unforgotten",
)  # fmt: skip


def meaning(event: str) -> str:
    """What an event means, for people; '' where none of these names is its."""
    family = event.partition(".")[0]
    return EVENTS.get(event) or next(
        (says for name, says in EVENTS.items() if "<" in name and name.partition(".")[0] == family), ""
    )


def is_trouble(event: str) -> bool:
    """Is it one of those that say that something was wrong?"""
    if event in EVENTS:
        return event in TROUBLE
    return any("<" in name and name.partition(".")[0] == event.partition(".")[0] for name in TROUBLE)


_counts: Counter[str] = Counter()
_lock = threading.Lock()


def count(event: str, amount: int = 1) -> None:
    """Count an event of this process, e.g. ``cache.unavailable``."""
    with _lock:
        _counts[event] += amount


def table() -> str:
    """The manual's table of counters."""
    return "\n".join(
        ["| counter | counts |", "| --- | --- |", *(f"| `{name}` | {says} |" for name, says in EVENTS.items())]
    )


def take_counts() -> dict[str, int]:
    """The counts since the last call, which start again at nothing."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    return taken


def put_back(counts: dict[str, int]) -> None:
    """Return counts that could not be delivered."""
    with _lock:
        _counts.update(counts)
