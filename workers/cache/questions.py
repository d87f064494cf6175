"""What is known of a very question beside its answer: how often it was asked, and which phrasing is near-exactly so.

Both lie in a few hashes of the scope: a key of its own costs Redis more than what it holds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.cache import admission
from pipelines.cache.scope import NEAR_DIGITS
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTED_S = 2 * 86_400
CHUNK = 500  # questions looked at per round trip


def count(pipe: Any, scope: str, key: str) -> None:
    """A question was asked once more; of what the pipeline brings, :func:`asked` reads the first two."""
    today, yesterday = _days(scope, key)
    pipe.hincrby(today, key, 1)
    pipe.hget(yesterday, key)
    pipe.expire(today, COUNTED_S)


def look(pipe: Any, scope: str, key: str) -> None:
    """The same without counting it; two results."""
    for day in _days(scope, key):
        pipe.hget(day, key)


def asked(found: Sequence[Any]) -> int:
    """About how often it was asked in the last day; days are UTC's."""
    today, yesterday = (int(times or 0) for times in found)
    now = datetime.now(UTC)
    return admission.asked_in_a_day(today, yesterday, now.hour * 3600 + now.minute * 60 + now.second)


def split(key: str) -> tuple[str, str]:
    """An exact key's near-exact part, which its twins share, and its own."""
    return key[:NEAR_DIGITS], key[NEAR_DIGITS:]


def twin(key: str, own: bytes | None) -> str:
    """The exact key of the latest phrasing that is near-exactly so, by what the hash says; '' where it says none."""
    return "" if own is None else split(key)[0] + own.decode()


def forget(redis: Any, scope: str, phrasings: Sequence[str]) -> None:
    """These exact keys are gone: no question has them for a twin."""
    for start in range(0, len(phrasings), CHUNK):
        chunk = phrasings[start : start + CHUNK]
        pipe = redis.pipeline(transaction=False)
        for key in chunk:
            pipe.hget(keys.near(scope, key), split(key)[0])
        # Another that came since is not gone.
        gone = [key for key, own in zip(chunk, pipe.execute(), strict=True) if twin(key, own) == key]
        for key in gone:
            pipe.hdel(keys.near(scope, key), split(key)[0])
        pipe.execute()


def _days(scope: str, key: str) -> tuple[str, str]:
    now = datetime.now(UTC)
    today, yesterday = (keys.asked(scope, key, f"{day:%Y-%m-%d}") for day in (now, now - timedelta(days=1)))
    return today, yesterday
