"""Whether a failed model call is tried again, and how long to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.errors import ProviderFailed

MAX_ATTEMPTS = 3  # per offer; a provider that failed three times in a row is down for this job
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
MIN_ATTEMPT_S = 0.5  # an attempt that starts with less time than this before the deadline only costs money


def retry(failure: ProviderFailed, attempt: int, remaining_s: float, jitter: float) -> float | None:
    """Seconds to wait before the next attempt, or None to give up on this provider.

    ``attempt`` counts from 1, ``remaining_s`` is the time to the job's deadline, ``jitter`` in [0, 1] spreads
    the fleet's retries. A provider that asks for longer than the deadline allows is given up at once.
    """
    if not failure.retryable or attempt >= MAX_ATTEMPTS:
        return None
    backoff = min(FIRST_WAIT_S * 2 ** (attempt - 1), LONGEST_WAIT_S) * (0.5 + jitter / 2)
    wait = backoff if failure.retry_after_s is None else max(failure.retry_after_s, 0.0) + backoff * jitter
    return wait if wait + MIN_ATTEMPT_S <= remaining_s else None
