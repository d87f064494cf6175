"""Feedback: a user's word moves what that user is given; enough users, or an operator, move it for all."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipelines.cache.scope import user_mark
from pipelines.cache.voices import Voice, effect
from pipelines.errors import JobInvalid
from workers.cache.clusters import KEPT_APART
from workers.jobs.reviews import KEPT_S, About
from workers.observability import counters
from workers.runtime import resources

if TYPE_CHECKING:
    from pipelines.cache.entry import Entry
    from workers.cache.rows import Phrasing
    from workers.jobs.records import Record

RATINGS = ("right", "wrong")


def give(
    job_id: str,
    rating: str,
    correction: str | None,
    *,
    tenant: str,
    user: str | None = None,
    approve: bool = False,
) -> dict[str, Any]:
    """Apply one verdict and say what it changed.

    Another tenant's job, or another user's, is unknown. ``approve``: an operator speaks; without a correction of its
    own, the one that this job's user gave holds. Raises JobInvalid for what is malformed.
    """
    _check(rating, correction)
    record = resources().records.of_tenant(job_id, tenant)
    counters.count(f"feedback.{rating}")
    done: dict[str, Any] = {"known": False, "dropped": False, "corrected": False, "own": False, "waits": False}
    if record is None or (user is not None and record.user not in (None, user)):
        return done
    done["known"] = True
    found = resources().members.entry_of(record)
    if rating == "right":
        if found is not None and user is not None and user == record.user:
            resources().reviews.withdraw(tenant, found, user_mark(user, secret=resources().secret))
        return done
    if record.scope is None or record.key is None or found is None:
        return done
    # Who speaks must be who asked: another name, or none, is one voice among the nameless, and moves nothing by itself.
    voice = Voice(user if user == record.user else None, job_id, time.time(), correction)
    if approve:
        for_all = _for_all(record, found, _approved(tenant, found, voice))
        # Whom the wrong answer was given: jobs of other users, so for operators alone.
        return {**done, **for_all, "served": resources().accounts.served(found)}
    if record.scope == record.mine and voice.user is not None:
        return {**done, **_for_all(record, found, correction), "own": True}
    return {**done, **_heard(record, found, voice)}


def _check(rating: str, correction: str | None) -> None:
    if rating not in RATINGS:
        raise JobInvalid("rating", f"{rating!r:.20}", " or ".join(RATINGS))
    if correction is not None and (not isinstance(correction, str) or not correction.strip()):
        raise JobInvalid("correction", type(correction).__name__, "text, or nothing")


def _heard(record: Record, found: str, voice: Voice) -> dict[str, Any]:
    """One user's word: for that user at once, for all when enough say so; until then it waits for an operator."""
    held, scope, key = resources(), str(record.scope), str(record.key)
    entry, asked = held.store.get(scope, found), held.store.phrasing(scope, key)
    mark = user_mark(voice.user, secret=held.secret)
    own = voice.user is not None and record.mine is not None and record.mine_key is not None
    if own:
        held.store.set_apart(scope, mark, [key, found], ttl_s=KEPT_S)
        if voice.correction is not None and entry is not None:
            _correct(record, str(record.mine), str(record.mine_key), entry, asked, voice.correction)
    # Of a rewording that was never stored only what it was matched with is known.
    question = asked.question if asked is not None else "" if entry is None else f"≈ {entry.question}"
    about = About(found, scope, question, "" if entry is None else entry.answer.text)
    case = held.reviews.hear(record.tenant, about, mark, voice)
    come_to = effect(case.voices, held.configuration.cache_of(record.tenant).quorum)
    done = {"own": own, "waits": True}
    if come_to.drop and entry is not None and not entry.curated:  # what a person approved is a person's to take back
        done |= _for_all(record, found, come_to.correction)
    if come_to.correction is not None:
        held.reviews.close(record.tenant, found)
        done["waits"] = False
    return done


def _approved(tenant: str, found: str, voice: Voice) -> str | None:
    """The correction that an operator approves: its own, else what this job's user gave; nothing waits any more."""
    held = resources()
    case = held.reviews.case(tenant, found)
    said = {one.job_id: one.correction for one in case.voices} if case is not None else {}
    held.reviews.close(tenant, found)
    return voice.correction or said.get(voice.job_id)


def _for_all(record: Record, found: str, correction: str | None) -> dict[str, Any]:
    """The entry leaves every replica; ``correction`` takes its place for the question that was asked."""
    held, scope, key = resources(), str(record.scope), str(record.key)
    entry, asked = held.store.get(scope, found), held.store.phrasing(scope, key)
    if key != held.members.served(scope, found):
        # The answer was made for another question: the two are never matched again.
        held.members.cannot_match(scope, key, held.members.more(scope, found, KEPT_APART, [key]))
    # The other phrasings go too: each is asked afresh, and finds its place again by what is answered then.
    dropped = held.store.drop(scope, found)
    if correction is None or entry is None:
        return {"dropped": dropped, "corrected": False, "waits": False}
    _correct(record, scope, key, entry, asked, correction)
    return {"dropped": dropped, "corrected": True, "waits": False}


def _correct(record: Record, scope: str, key: str, entry: Entry, asked: Phrasing | None, correction: str) -> None:
    """Store the correction under the question that was asked; no model's answer takes its place while it lives.

    A question that was never stored itself has no vector here: its correction answers these very words alone.
    """
    now = time.time()
    answer = replace(entry.answer, text=correction, message=None, finish_reason="stop")
    until = now + resources().configuration.cache_of(record.tenant).keeping.curated_s
    question = "" if asked is None else asked.question
    fresh = replace(
        entry,
        id=uuid4().hex,
        scope=scope,
        question=question,
        answer=answer,
        created_at=now,
        expires_at=until,
        curated=True,
    )
    vector = None if asked is None else asked.vector
    resources().store.put(scope, key, fresh, vector=vector, tenant=record.tenant)
