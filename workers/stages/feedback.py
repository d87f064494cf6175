"""Feedback: a user's word moves what that user is given; enough users, or an operator, move it for all."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.cache.scope import user_mark
from pipelines.cache.voices import Voice, effect
from pipelines.errors import JobInvalid
from workers.cache.clusters import KEPT_APART
from workers.jobs.reviews import KEPT_S, About
from workers.observability import counters

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.cache.clusters import Membership
    from workers.cache.entries import CacheStore
    from workers.cache.rows import Phrasing
    from workers.config.tenants import CacheRules
    from workers.jobs.ledger import Accounts
    from workers.jobs.records import Record, Records
    from workers.jobs.reviews import Reviews

RATINGS = ("right", "wrong")


def _check(rating: str, correction: str | None) -> None:
    if rating not in RATINGS:
        raise JobInvalid("rating", f"{rating!r:.20}", " or ".join(RATINGS))
    if correction is not None and (not isinstance(correction, str) or not correction.strip()):
        raise JobInvalid("correction", type(correction).__name__, "text, or nothing")


class Feedback:
    """Applies what people say of answers."""

    def __init__(
        self,
        records: Records,
        members: Membership,
        store: CacheStore,
        reviews: Reviews,
        accounts: Accounts,
        rules_of: Callable[[str], CacheRules],
        secret: Callable[[], bytes],
    ) -> None:
        self._records, self._members, self._store, self._reviews = records, members, store, reviews
        self._accounts, self._rules_of, self._secret = accounts, rules_of, secret

    def give(
        self,
        job_id: str,
        rating: str,
        correction: str | None,
        *,
        tenant: str,
        user: str | None = None,
        approve: bool = False,
    ) -> dict[str, Any]:
        """Apply one verdict and say what it changed.

        Another tenant's job, or another user's, is unknown. ``approve``: an operator speaks; without a correction of
        its own, the one that this job's user gave holds. Raises JobInvalid for what is malformed.
        """
        _check(rating, correction)
        record = self._records.of_tenant(job_id, tenant)
        counters.count(f"feedback.{rating}")
        done: dict[str, Any] = {"known": False, "dropped": False, "corrected": False, "own": False, "waits": False}
        if record is None or (user is not None and record.user not in (None, user)):
            return done
        done["known"] = True
        found = self._members.entry_of(record)
        if rating == "right":
            if found is not None and user is not None and user == record.user:
                self._reviews.withdraw(tenant, found, user_mark(user, secret=self._secret()))
            return done
        if record.scope is None or record.key is None or found is None:
            return done
        # Who speaks must be who asked: another name, or none, is one voice among the nameless, and moves nothing alone.
        voice = Voice(user if user == record.user else None, job_id, time.time(), correction)
        if approve:
            correction, wrong = self._approved(tenant, found, voice)
            for_all = self._for_all(record, found, correction, wrong)
            # Whom the wrong answer was given: jobs of other users, so for operators alone.
            return {**done, **for_all, "served": self._accounts.served(found)}
        if record.scope == record.mine and voice.user is not None:
            return {**done, **self._for_all(record, found, correction), "own": True}
        return {**done, **self._counted(record, found, voice)}

    def _counted(self, record: Record, found: str, voice: Voice) -> dict[str, Any]:
        """One user's word: for that user at once, for all when enough say so; until then it waits for an operator."""
        scope, key = str(record.scope), str(record.key)
        entry, asked = self._store.get(scope, found), self._store.phrasing(scope, key)
        mark = user_mark(voice.user, secret=self._secret())
        own = voice.user is not None and record.mine is not None and record.mine_key is not None
        if own:
            self._store.set_apart(scope, mark, [key, found], ttl_s=KEPT_S)
            if voice.correction is not None and entry is not None:
                self._correct(record, str(record.mine), str(record.mine_key), entry.answer, asked, voice.correction)
        # Of a rewording that was never stored only what it was matched with is known.
        question = asked.question if asked is not None else "" if entry is None else f"≈ {entry.question}"
        about = About(found, scope, question, "" if entry is None else entry.answer.text)
        case = self._reviews.hear(record.tenant, about, mark, voice)
        come_to = effect(case.voices, self._rules_of(record.tenant).quorum)
        done = {"own": own, "waits": True}
        # What a person approved is a person's to take back.
        if come_to.drop and entry is not None and not entry.curated:
            done |= self._for_all(record, found, come_to.correction)
        if come_to.correction is not None:
            self._reviews.close(record.tenant, found)
            done["waits"] = False
        return done

    def _approved(self, tenant: str, found: str, voice: Voice) -> tuple[str | None, Answer | None]:
        """The correction that an operator approves: its own, else what this job's user gave; and what was answered.

        Nothing waits any more. The answer may be gone by now, and another in its place: enough users dropped it.
        """
        held = self._reviews.case(tenant, found) or self._reviews.of_job(tenant, voice.job_id)
        if held is None:
            return voice.correction, None
        said = {one.job_id: one.correction for one in held.voices}
        self._reviews.close(tenant, held.about.entry)
        return voice.correction or said.get(voice.job_id), Answer(text=held.about.answer, source="model")

    def _for_all(
        self, record: Record, found: str, correction: str | None, wrong: Answer | None = None
    ) -> dict[str, Any]:
        """The entry leaves every replica; ``correction`` takes its place for the question that was asked.

        ``wrong`` is what the entry answered, where it may be gone already.
        """
        scope, key = str(record.scope), str(record.key)
        entry, asked = self._store.get(scope, found), self._store.phrasing(scope, key)
        if key != self._members.served(scope, found):
            # The answer was made for another question: the two are never matched again.
            self._members.cannot_match(scope, key, self._members.more(scope, found, KEPT_APART, [key]))
        # The other phrasings go too: each is asked afresh, and finds its place again by what is answered then.
        dropped = self._store.drop(scope, found)
        answer = wrong if entry is None else entry.answer
        if correction is None or answer is None:
            return {"dropped": dropped, "corrected": False, "waits": False}
        self._correct(record, scope, key, answer, asked, correction)
        return {"dropped": dropped, "corrected": True, "waits": False}

    def _correct(
        self, record: Record, scope: str, key: str, answer: Answer, asked: Phrasing | None, correction: str
    ) -> None:
        """Store the correction under the question that was asked; no model's answer takes its place while it lives.

        A question that was never stored itself has no vector here: its correction answers these very words alone.
        """
        now = time.time()
        fresh = Entry(
            id=uuid4().hex,
            scope=scope,
            question="" if asked is None else asked.question,
            answer=replace(answer, text=correction, message=None, finish_reason="stop"),
            created_at=now,
            expires_at=now + self._rules_of(record.tenant).retention.curated_s,
            curated=True,
        )
        vector = None if asked is None else asked.vector
        self._store.put(scope, key, fresh, vector=vector, tenant=record.tenant)
