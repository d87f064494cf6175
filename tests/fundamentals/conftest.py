"""Fleets that the fundamentals run on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from workers.config.tenants import ContextRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.message import Message
    from tests.fleet import InProcess


@pytest.fixture
def parrot(fleet: InProcess) -> Iterator[InProcess]:
    """A fleet whose model repeats all that it was sent: whatever leaks is seen."""

    def repeat(messages: Sequence[Message]) -> str:
        return "You told me this, and I will act on it: " + " | ".join(m.text for m in messages) + ". That is all."

    fleet.model.voice = repeat
    yield fleet
    fleet.model.voice = None


@pytest.fixture
def budget(fleet: InProcess) -> Iterator[None]:
    """As with `[context] budget_tokens = 3000`."""
    with fleet.instead(configuration=replace(fleet.runtime.configuration, context=ContextRules(3_000))):
        yield
