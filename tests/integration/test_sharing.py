"""Where a tenant wants several users to have asked before an entry is shared, it answers nobody sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fleet import InProcess

ASKED = "How do I reset my password?"
NEAR = "How can I reset my password?"


@pytest.fixture
def careful(unjudged: InProcess, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """The fleet of a tenant that shares after three users; no judge, no audits."""
    monkeypatch.setattr("pipelines.cache.boundary.Policy.audit", lambda *_, **__: None)
    monkeypatch.setattr(unjudged.runtime.sharing, "_users", lambda _: 3)
    return unjudged


def test_an_entry_is_shared_once_enough_users_asked(careful: InProcess, tenant: str) -> None:
    sources = []
    for user in ("ada", "ada", "bo", "cy", "ada", None):
        answer = careful.ask(ASKED, tenant=tenant, user=user)
        sources.append(answer.source)
        if answer.source == "model":
            careful.settled(answer)
    assert sources == ["model", "model", "model", "exact", "exact", "exact"]


def test_rewordings_count_too_and_users_without_a_name_are_one(careful: InProcess, tenant: str) -> None:
    careful.settled(careful.ask(ASKED, tenant=tenant, user="ada"))
    for _ in range(3):
        assert careful.ask(NEAR, tenant=tenant, cache="refresh").source == "model"
        assert careful.ask(ASKED, tenant=tenant).source == "model"
    assert careful.ask(ASKED, tenant=tenant, user="bo").source == "exact"


def test_a_persons_correction_needs_nobody_else(careful: InProcess, tenant: str) -> None:
    first = careful.settled(careful.ask(ASKED, tenant=tenant, user="ada"))
    careful.client.feedback(str(first.job_id), rating="wrong", correction="Ask the desk.", approve=True, wait_s=30.0)
    assert careful.ask(ASKED, tenant=tenant, user="bo").text == "Ask the desk."


def test_what_is_one_users_own_needs_nobody_else(careful: InProcess, tenant: str) -> None:
    own = "Is there a refund for order 4471823?"
    careful.settled(careful.ask(own, tenant=tenant, user="ada"))
    assert careful.ask(own, tenant=tenant, user="ada").source == "exact"
    assert careful.ask(own, tenant=tenant, user="bo").source != "exact"
