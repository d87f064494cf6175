"""Late: a job whose deadline passed while it waited to be looked up, told by its broker message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.job import DEFAULT_DEADLINE_S
from pipelines.journey import LOOKUP, SUBMITTED_AT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WAIT_FOR_IT = ("callbacks", "errbacks", "chain", "chord")  # of a message's body: what waits for its task


def missed(headers: Mapping[str, Any], args: Sequence[Any], embed: Mapping[str, Any], now: float) -> float | None:
    """The deadline in seconds that such a job has missed at ``now``; None where it has not, or where nobody can say so.

    ``args`` and ``embed`` are of the message's body. A job that was delivered before may have an answer that was kept,
    one for which another task waits, or that `expires`, ends as Celery ends tasks, and a sender's clock may be wrong:
    these are the stage's to judge.
    """
    if headers.get("task") != LOOKUP or any(embed.get(name) for name in WAIT_FOR_IT):
        return None
    if headers.get("redelivered") or headers.get("expires"):
        return None
    if len(args) != 1 or not isinstance(args[0], dict):
        return None
    job = args[0]
    since, within = _number(headers.get(SUBMITTED_AT)), _number(job.get("deadline_s"))
    if job.get("deadline_s") is None:
        within = DEFAULT_DEADLINE_S
    if since is None or within is None or within <= 0 or not 0 < since <= now:
        return None
    return within if now > since + within else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
