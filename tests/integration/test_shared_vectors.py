"""A conversation's turns are encoded once by the fleet, not once by each worker, and by nobody for another tenant."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.context import selection
from pipelines.message import Message
from workers.cli.evaluate import readers
from workers.encoders.shared_vectors import SharedVectors
from workers.encoders.turns import Turns
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.vectors.encoder import Encoder, Vectors

TALK = [
    *(Message("user" if n % 2 else "assistant", f"Drawer {n} holds {n} spoons and a ladle.") for n in range(30)),
    Message("user", "Which drawer holds nine spoons?"),
]


class Counting:
    """A packaged encoder that counts what it is given."""

    def __init__(self) -> None:
        self._own: Encoder = readers("packaged")[0]
        self.given: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.given.extend(texts)
        return self._own.encode(texts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def worker(shared: SharedVectors | None) -> tuple[Turns, Counting]:
    encoder = Counting()
    return Turns(lambda: [encoder], shared=shared), encoder  # type: ignore[list-item]


@pytest.fixture
def shared(client: Any, tenant: str) -> SharedVectors:
    return SharedVectors(client, tenant.encode)


def test_what_one_worker_encoded_another_need_not(shared: SharedVectors) -> None:
    found = selection.cut(TALK)
    (first, by_first), (second, by_second), (alone, _) = worker(shared), worker(shared), worker(None)
    scores = first.scores(TALK, found, tenant="a")
    assert len(by_first.given) == len(TALK)
    assert np.allclose(second.scores(TALK, found, tenant="a"), scores, atol=0.05)
    assert by_second.given == []
    assert np.allclose(alone.scores(TALK, found), scores, atol=0.05)
    longer = [*TALK, Message("assistant", "Drawer 9."), Message("user", "And which one holds eleven?")]
    second.scores(longer, selection.cut(longer), tenant="a")
    assert by_second.given == ["Drawer 9.", "And which one holds eleven?"]


def test_another_tenants_turns_are_encoded_for_it(shared: SharedVectors) -> None:
    found = selection.cut(TALK)
    (first, _), (second, by_second) = worker(shared), worker(shared)
    first.scores(TALK, found, tenant="a")
    second.scores(TALK, found, tenant="b")
    assert len(by_second.given) == len(TALK)


def test_they_go_after_an_hour_and_their_names_tell_nothing(shared: SharedVectors, client: Any) -> None:
    worker(shared)[0].scores(TALK, selection.cut(TALK), tenant="here")
    kept = list(client.scan_iter("farthing:turn:{here}:*"))
    assert len(kept) >= len(TALK)
    assert all(0 < client.ttl(key) <= 3_600 for key in kept)
    assert all(len(client.get(key)) < 400 for key in kept)
    other = SharedVectors(client, lambda: b"another secret")
    assert worker(other)[0]._shared is other
    assert other.get("here", [b"x"]) == {}


@pytest.mark.parametrize("kept", [b"x", b"not a vector", b"\x00" * 9])
def test_what_is_no_vector_is_encoded_afresh(shared: SharedVectors, client: Any, kept: bytes) -> None:
    found = selection.cut(TALK)
    scores = worker(shared)[0].scores(TALK, found, tenant="rubbish")
    for key in client.scan_iter("farthing:turn:{rubbish}:*"):
        client.set(key, kept)
    turns, encoder = worker(shared)
    assert np.allclose(turns.scores(TALK, found, tenant="rubbish"), scores, atol=0.05)
    assert len(encoder.given) == len(TALK)


def test_a_redis_that_is_away_costs_one_try() -> None:
    away = SharedVectors(connect("redis://127.0.0.1:9/0"), lambda: b"secret")
    turns, encoder = worker(away)
    began = time.monotonic()
    for _ in range(3):
        turns.scores(TALK, selection.cut(TALK), tenant="a")
    assert len(encoder.given) == len(TALK)
    assert away._away_until > began
