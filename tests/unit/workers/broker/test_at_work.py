"""What a worker is at: each message by itself, though several have one task id."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pytest

from workers.broker import worker


class Request:
    def __init__(self, task_id: str, field: str) -> None:
        self.id, self.message = task_id, SimpleNamespace(delivery_tag=field)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Any:
    made: Any = SimpleNamespace(
        requests={}, reserved_requests=WeakSet(), active_requests=WeakSet(), scheduled_requests=WeakSet()
    )
    monkeypatch.setattr(worker, "_state", made)
    return made


def test_messages_of_one_job_that_was_sent_twice_are_two(state: Any) -> None:
    kept = [Request("one", "1|q"), Request("one", "2|q"), Request("two", "3|q")]
    state.reserved_requests.update(kept[:2])
    state.active_requests.add(kept[0])
    state.scheduled_requests.add(kept[2])
    assert worker._at_work() == {"1|q", "2|q", "3|q"}


def test_what_runs_on_after_a_connection_broke_is_at_work(state: Any) -> None:
    state.requests["one"] = Request("one", "1|q")
    assert worker._at_work() == {"1|q"}


def test_a_set_that_grows_meanwhile_is_read_all_the_same(state: Any) -> None:
    kept: list[Request] = []
    stop = threading.Event()

    def adds() -> None:
        while not stop.is_set():
            kept.append(Request(str(len(kept)), f"{len(kept)}|q"))
            state.reserved_requests.add(kept[-1])
            if len(kept) > 2_000:
                del kept[:]

    thread = threading.Thread(target=adds)
    thread.start()
    try:
        for _ in range(300):
            assert isinstance(worker._at_work(), set)
    finally:
        stop.set()
        thread.join()
