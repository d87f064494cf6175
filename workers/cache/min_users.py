"""Who may be given an entry that others asked for: a tenant may want several different users to have asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cache.scope import exact_key, user_mark
from workers.observability import counters
from workers.store import keys, scripts
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from pipelines.cache.entry import Entry
    from pipelines.job import Job
    from pipelines.journey import Slot


ASKED_S = 30 * 86_400  # who asked is remembered longer than any answer is served


class Sharing:
    """``users`` says how many different users a tenant wants; 1 asks nobody. ``secret`` keys the users' marks."""

    def __init__(self, redis: redis.Redis, users: Callable[[str], int], secret: Callable[[], bytes]) -> None:
        self._users, self._secret = users, secret
        self._shared: Any = scripts.register(redis, "shared")

    def note(self, job: Job, slot: Slot) -> None:
        """A user asked what nothing answers exactly; raises StoreUnavailable."""
        if self._users(job.tenant) > 1 and not slot.own:
            self._asked(job, slot.scope, slot.key, 1)

    def allows(self, job: Job, slot: Slot, entry: Entry) -> bool:
        """Have enough asked, this job's user included? A person's correction, and what is one user's own, need nobody.

        Raises StoreUnavailable.
        """
        wanted = self._users(job.tenant)
        if wanted <= 1 or slot.own or entry.curated:
            return True
        key = exact_key(entry.scope, entry.question)  # of the phrasing whose answer it serves
        if self._asked(job, entry.scope, key, wanted):
            return True
        counters.count("cache.unshared")
        return False

    def _asked(self, job: Job, scope: str, key: str, users: int) -> bool:
        mark = user_mark(job.user, secret=self._secret())
        with failing_as("cache"):
            return bool(self._shared(keys=[keys.users(scope, key)], args=[mark, users, ASKED_S]))
