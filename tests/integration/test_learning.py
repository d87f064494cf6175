"""The fleet learns: fresh answers find their entries, wrong ones teach, audits check, the boundary moves."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pipelines.cache import risk, verifier
from pipelines.cache.boundary import Policy
from pipelines.cache.entry import pack
from pipelines.cache.lessons import RawLesson
from pipelines.errors import ConfigurationInvalid
from pipelines.neighbourhood import Near, Neighbourhood
from tests.waiting import until
from workers.cache.risk_state import Boundaries
from workers.encoders import factory, verifiers
from workers.encoders.verifiers import Verifiers
from workers.evaluation import commands
from workers.fleet.embedded_redis import free_port
from workers.runtime import runtime
from workers.store import keys
from workers.store.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fleet import InProcess

RESET = ("How do I reset my password?", "I forgot my password", "I need to set a new password")
MEANINGS = {
    **dict.fromkeys(RESET, "reset"),
    "How can I change my password?": "change",
    "Where is the invoice of my last order?": "invoice",
}


@pytest.fixture
def taught(unjudged: InProcess) -> Iterator[InProcess]:
    """The fleet without a judge, and with a model that knows what these questions mean."""
    fleet = unjudged
    fleet.model.meanings.update(MEANINGS)
    yield fleet
    fleet.model.meanings.clear()


def home_of(fleet: InProcess, job_id: str | None) -> str | None:
    record = fleet.runtime.records.recall(str(job_id))
    return None if record is None else fleet.runtime.members.entry_of(record)


def standing(fleet: InProcess, tenant: str) -> dict[str, Any]:
    found: dict[str, Any] = fleet.runtime.boundaries.standing(tenant, "")
    return found


def test_a_fresh_answer_that_says_the_same_joins_its_entry(taught: InProcess, tenant: str) -> None:
    first = taught.settled(taught.ask(RESET[0], tenant=tenant))
    second = taught.settled(taught.ask(RESET[1], tenant=tenant))
    assert second.source == "model", "it was too far to be served"
    until(lambda: home_of(taught, second.job_id) == home_of(taught, first.job_id))
    again = taught.ask(RESET[1], tenant=tenant)
    assert (again.source, again.text) == ("exact", second.text), "a question is told again what it was told"
    assert standing(taught, tenant)["lessons"] >= 1


def test_a_fresh_answer_that_says_something_else_stays_apart(taught: InProcess, tenant: str) -> None:
    first = taught.settled(taught.ask(RESET[0], tenant=tenant))
    other = taught.settled(taught.ask("How can I change my password?", tenant=tenant, cache="refresh"))
    assert home_of(taught, other.job_id) != home_of(taught, first.job_id)


def test_a_semantic_hit_is_audited_off_its_callers_path(
    taught: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Policy, "audit", lambda *_, **__: 2.0)
    taught.model.meanings["How can I reset my password?"] = "reset"
    taught.settled(taught.ask(RESET[0], tenant=tenant))
    calls = len(taught.model.requests)
    hit = taught.ask("How can I reset my password?", tenant=tenant)
    assert hit.source == "semantic"
    until(lambda: standing(taught, tenant)["audits"] == 1)
    assert len(taught.model.requests) == calls + 1
    found = standing(taught, tenant)
    assert found["wrong_per_request"] < 0.05
    totals = next(iter(taught.runtime.accounts.totals(tenant, 1).values()))[tenant]
    assert (totals["jobs"], totals["audits"]) == (2, 1)
    assert totals["audit_nusd"] > 0
    until(lambda: taught.ask("How can I reset my password?", tenant=tenant).source == "exact")


def test_an_audit_that_contradicts_the_hit_is_counted_and_mended(
    taught: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Policy, "audit", lambda *_, **__: 1.0)
    question = "How can I reset my password?"
    taught.model.meanings[question] = "something else altogether"
    first = taught.settled(taught.ask(RESET[0], tenant=tenant))
    wrong = taught.ask(question, tenant=tenant)
    assert (wrong.source, wrong.text) == ("semantic", first.text)
    until(lambda: standing(taught, tenant)["audits"] == 1)
    taught.runtime.boundaries.flush()
    found = standing(taught, tenant)
    assert found["wrong_per_request"] > 0.1
    until(lambda: taught.ask(question, tenant=tenant).text != first.text)


def test_a_wrong_answer_in_a_right_entry_is_voted_out_by_one_audit(
    taught: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Policy, "audit", lambda *_, **__: 1.0)
    first = taught.settled(taught.ask(RESET[0], tenant=tenant))
    for question in RESET[1:]:
        joined = taught.settled(taught.ask(question, tenant=tenant))
        until(lambda job_id=joined.job_id: home_of(taught, job_id) == home_of(taught, first.job_id))
    record = taught.runtime.records.recall(str(first.job_id))
    assert record is not None
    scope, entry = str(record.scope), str(home_of(taught, first.job_id))
    served = taught.runtime.members.served(scope, entry)
    wrong = pack(replace(first, text="Parking is free on Sundays behind the house."))
    for name in (keys.entry(scope, entry), keys.phrasing(scope, str(served))):
        taught.runtime.cache_redis.hset(name, "answer", wrong)
    question = "How can I reset my password?"
    taught.model.meanings[question] = "reset"
    hit = taught.ask(question, tenant=tenant)
    assert (hit.source, hit.text[:7]) == ("semantic", "Parking")
    until(lambda: taught.ask(question, tenant=tenant).text[:7] != "Parking")
    assert home_of(taught, first.job_id) == entry
    assert taught.ask(RESET[1], tenant=tenant).text[:7] != "Parking", "what fits stays in the entry"


def seen(similarity: float, probability: float) -> Neighbourhood:
    features = [0.0] * verifier.COUNT
    features[0], features[2], features[13] = similarity, 1.0, 4.0
    return Neighbourhood((Near("k", "e", similarity),), "e", probability, tuple(features))


@pytest.fixture
def boundaries(client: Any) -> Boundaries:
    return Boundaries(client, lambda _: 0.01)


def test_what_lookups_note_and_lessons_teach_moves_the_boundary(boundaries: Boundaries) -> None:
    before = boundaries.policy("t", "")
    assert (before.at, before.hits) == (Policy().at, 0)
    dice = np.random.default_rng(1)
    for n in range(risk.COLD_LESSONS + 20):
        near = seen(float(dice.uniform(0.6, 0.99)), 0.9)
        boundaries.note("t", "", near, served=n % 2 == 0)
        boundaries.teach("t", "", RawLesson(near.features, float(near.similarity > 0.8)))
    boundaries.flush()
    found = boundaries.standing("t", "")
    assert (found["requests"], found["lessons"], found["state"]) == (220, 220, "open")
    assert found["semantic_hits"] == 110
    until(lambda: boundaries.policy("t", "").least_similarity < 0, within_s=10)
    after = boundaries.policy("t", "")
    assert not np.allclose(after.verifier.weights, before.verifier.weights)
    assert boundaries.buckets() == [("t", "")]
    assert boundaries.buckets("other") == []


def test_wrong_audits_close_a_tenant_and_no_other_category(boundaries: Boundaries) -> None:
    for n in range(300):
        near = seen(0.95, 0.95)
        boundaries.note("t", "bad", near, served=True)
        boundaries.teach("t", "bad", RawLesson(near.features, float(n % 3 > 0), 1.0, audited=True))
    boundaries.flush()
    boundaries.learn("t", "bad")
    found = boundaries.standing("t", "bad")
    assert found["state"] == "closed"
    low, high = found["interval"]
    assert low < 1 / 3 < high
    assert boundaries.standing("t", "")["state"] == "cold"


def test_what_was_learned_on_another_verifier_begins_anew(boundaries: Boundaries) -> None:
    for n in range(risk.COLD_LESSONS + 20):
        near = seen(0.6 + 0.001 * n, 0.9)
        boundaries.teach("t", "", RawLesson(near.features, float(near.similarity > 0.8)))
    assert boundaries.standing("t", "")["state"] == "open"
    own = replace(verifier.shipped(), weights=verifier.shipped().weights * 0.9, cold_similarity=0.8)
    others = Boundaries(boundaries._redis, lambda _: 0.01, Verifiers(own))
    begun = others.policy("t", "")
    assert (begun.at, begun.least_similarity) == (Policy().at, 0.8)
    assert np.array_equal(begun.verifier.weights, own.weights)
    others.learn("t", "")  # from the same lessons
    assert others.standing("t", "")["state"] == "open"


def test_a_tenants_own_lessons_become_weights_for_all_its_buckets(boundaries: Boundaries, tmp_path: Path) -> None:
    for n in range(risk.COLD_LESSONS):
        near = seen(0.6 + 0.001 * n, 0.9)
        boundaries.teach("t", ("", "billing")[n % 2], RawLesson(near.features, float(near.similarity > 0.7)))
    boundaries.teach("t", "/characters", RawLesson(seen(0.9, 0.9).features, 1.0))
    lessons = boundaries.lessons("t", verifier.SENTENCES)
    assert len(lessons) == risk.COLD_LESSONS
    encoder = factory.load("packaged", lambda _: pytest.fail("no provider"), runtime().settings.encoders)
    assert encoder is not None
    out = tmp_path / "own.json"
    commands.train_verify([], encoder, out, streams=False, learned_from=("t", lessons))
    own = verifiers.load(str(out))(verifier.SENTENCES)
    assert (own.cold_similarity, own.encoder) == (verifier.shipped().cold_similarity, encoder.fingerprint)
    near, far = (verifier.shipped().standardised(np.array(seen(c, 0.9).features)) for c in (0.78, 0.62))
    before, after = (float((near - far) @ one.weights) for one in (verifier.shipped(), own))
    assert after > before, "it tells them apart more clearly than before"
    with pytest.raises(ConfigurationInvalid, match="expected at least 200"):
        commands.train_verify([], encoder, out, streams=False, learned_from=("t", lessons[:9]))


def test_lessons_of_other_features_are_left_out(boundaries: Boundaries) -> None:
    boundaries._redis.rpush("farthing:risk:{t}::lessons", b"\x00" * 8)
    boundaries.teach("t", "", RawLesson(seen(0.9, 0.9).features, 1.0))
    boundaries.learn("t", "")
    assert boundaries.standing("t", "")["lessons"] == 1


def test_without_redis_lookups_go_on_with_what_they_knew() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}/0") as client:
        lonely = Boundaries(client, lambda _: 0.01)
        assert lonely.policy("t", "").at == Policy().at
        lonely.note("t", "", None, served=False)
        began = time.monotonic()
        lonely.flush()
        assert time.monotonic() - began < 5
