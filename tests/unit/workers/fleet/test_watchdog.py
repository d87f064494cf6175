"""A consumer that hangs is told from one whose broker is away, and from one that never had a heart."""

from __future__ import annotations

from workers.fleet.watchdog import HANGS_S, Watchdog


class World:
    """A clock and a broker; ``looks`` asks the watchdog every five seconds and says when it first barked."""

    def __init__(self) -> None:
        self.now, self.answers = 0.0, True
        self.dog = Watchdog(lambda: self.answers, lambda: self.now)

    def looks(self, for_s: float, *, beats: bool) -> float | None:
        until = self.now + for_s
        while self.now < until:
            self.now += 5.0
            if beats:
                self.dog.beat()
            if self.dog.hangs():
                return self.now
        return None


def test_a_heart_that_beats_is_left_alone_and_one_that_stops_is_noticed() -> None:
    world = World()
    assert world.looks(600, beats=True) is None
    stopped = world.now
    barked = world.looks(600, beats=False)
    assert barked is not None
    assert HANGS_S < barked - stopped <= HANGS_S + 5


def test_while_the_broker_is_away_nobody_hangs_and_afterwards_there_is_time_to_come_back() -> None:
    world = World()
    world.looks(10, beats=True)
    world.answers = False
    assert world.looks(3_600, beats=False) is None
    world.answers = True
    assert world.looks(40, beats=False) is None, "Celery may wait for 30 s before it connects again"
    assert world.looks(10, beats=True) is None
    world.answers = False
    world.looks(10, beats=False)
    world.answers = True
    assert world.looks(100, beats=False) is not None


def test_a_worker_without_heartbeats_is_left_alone() -> None:
    assert World().looks(3_600, beats=False) is None


def test_a_process_that_was_stopped_and_goes_on_gets_time_for_its_next_heartbeat() -> None:
    world = World()
    world.looks(20, beats=True)
    world.now += 3_600
    assert world.looks(40, beats=False) is None
    assert world.looks(100, beats=True) is None
