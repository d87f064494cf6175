"""How often a question was asked, and what becomes of near-exact twins whose phrasing is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from workers.cache import questions
from workers.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = "5c"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Sets day and hour."""
    told = [datetime(2026, 12, 1, tzinfo=UTC)]

    class Clock(datetime):
        @classmethod
        def now(cls, _: Any = None) -> Any:
            return told[0]

    def at(day: int, hour: int) -> None:
        told[0] = datetime(2026, 12, day, hour, tzinfo=UTC)

    monkeypatch.setattr(questions, "datetime", Clock)
    return at


def ask(client: Any, times: int, key: str = "abc") -> None:
    for _ in range(times):
        pipe = client.pipeline()
        questions.count(pipe, SCOPE, key)
        pipe.execute()


def asked(client: Any, key: str = "abc") -> int:
    pipe = client.pipeline()
    questions.look(pipe, SCOPE, key)
    return questions.asked(pipe.execute())


def test_it_is_counted_over_a_day_about(client: Any, clock: Callable[[int, int], None]) -> None:
    clock(1, 12)
    ask(client, 8)
    assert (asked(client), asked(client, "abd")) == (8, 0)
    clock(2, 6)
    ask(client, 1)
    assert asked(client) == 7, "three quarters of yesterday's are less than a day ago, and today's one"
    clock(2, 23)
    assert asked(client) == 1
    clock(3, 12)
    assert asked(client) <= 1
    clock(4, 0)
    assert asked(client) == 0
    counts = list(client.scan_iter(f"{keys.scope_prefix(SCOPE)}asked:*"))
    assert counts
    assert all(0 < client.ttl(name) <= questions.COUNTED_S for name in counts)


def test_a_twin_that_is_gone_is_nobodys_and_one_that_came_since_stays(client: Any) -> None:
    near = "a" * 24
    for own in ("old", "new"):
        client.hset(keys.near(SCOPE, near), near, own)
    questions.forget(client, SCOPE, [f"{near}old"])
    assert questions.twin(f"{near}mine", client.hget(keys.near(SCOPE, near), near)) == f"{near}new"
    questions.forget(client, SCOPE, [f"{near}new", f"{near}never"])
    assert questions.twin(f"{near}mine", client.hget(keys.near(SCOPE, near), near)) == ""
