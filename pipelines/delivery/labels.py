"""Labels: what a broker message must say of its job for a fleet to be fair, and what is missing in a stranger's.

Our client says whose a job is and when it was sent. Who sends with Celery alone says neither: whose it is stands in the
job itself, and when it was first seen waiting is as near as anybody can know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.journey import LOOKUP, SUBMITTED_AT, TENANT
from pipelines.validation import MAX_NAME_CHARS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNLABELLED = "farthing_unlabelled"  # header: seconds since the epoch when it was first seen, without a label
URGENCY = {"interactive": 0, "batch": 6}  # a job's priority, and kombu's


def missing(headers: Mapping[str, Any], args: Sequence[Any]) -> tuple[dict[str, Any], int] | None:
    """Headers that a waiting message gets, and the priority that its job asks for; None where nothing is missing.

    ``args`` are the task's. A job that nobody can read is labelled too: it fails where its caller learns why.
    """
    seen_at = headers.get(UNLABELLED)
    if seen_at is None or TENANT in headers or headers.get("task") != LOOKUP:
        return None
    job = args[0] if args and isinstance(args[0], dict) else {}
    said = job.get("tenant")
    tenant = said if isinstance(said, str) and 0 < len(said) <= MAX_NAME_CHARS else "default"
    known = {} if SUBMITTED_AT in headers or not isinstance(seen_at, int | float) else {SUBMITTED_AT: seen_at}
    return {TENANT: tenant, **known}, urgency(job.get("priority"))


def urgency(priority: object) -> int:
    """Kombu's priority for a job's; that of `interactive` where it says nothing that is known."""
    return URGENCY.get(priority, 0) if isinstance(priority, str) else 0
