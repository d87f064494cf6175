"""When a failed call is tried again."""

from __future__ import annotations

import pytest

from pipelines.errors import ProviderFailed
from pipelines.routing import retry


def failed(retryable: bool = True, after: float | None = None) -> ProviderFailed:
    return ProviderFailed("p", "x", 503, retryable, after)


@pytest.mark.parametrize(
    ("failure", "attempt", "remaining_s", "jitter", "wait_s"),
    [
        (failed(), 1, 60.0, 1.0, 0.5),
        (failed(), 1, 60.0, 0.0, 0.25),
        (failed(), 2, 60.0, 1.0, 1.0),
        (failed(), 3, 60.0, 1.0, None),  # three attempts are enough
        (failed(retryable=False), 1, 60.0, 1.0, None),
        (failed(after=4.0), 1, 60.0, 0.0, 4.0),  # as the provider asks
        (failed(after=4.0), 1, 4.2, 0.0, None),  # the deadline would pass meanwhile
        (failed(), 1, 0.6, 1.0, None),
        (failed(after=-5.0), 1, 60.0, 0.0, 0.0),
    ],
)
def test_when_to_try_again(
    failure: ProviderFailed, attempt: int, remaining_s: float, jitter: float, wait_s: float | None
) -> None:
    assert retry.retry(failure, attempt, remaining_s, jitter) == wait_s
