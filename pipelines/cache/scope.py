"""Scope and exact key: what must be equal for two jobs to share an answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from pipelines.text.normalise import normalise, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.job import Job

RECIPE = 4  # raised when the recipe changes: no old entry is read under a new meaning
NEAR_DIGITS = 24  # 96 bits: of a scope, so that nobody outside can search for two that are alike


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(around: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 (hex) of all that is sent beside the question's own words (see prompt): once for all scopes of a job."""
    return hashlib.sha256(canonical(around)).hexdigest()


def scope_of(job: Job, *, secret: bytes, encoder: str, around: str, user: str | None = None) -> str:
    """The job's scope: 32 hex digits of an HMAC-SHA256 under ``secret``, so that keys leak nothing.

    ``around`` is the :func:`digest` of what is sent beside the question; ``encoder`` is the encoder's fingerprint;
    ``user`` is given when the answer is this user's alone.
    """
    facts = {
        "recipe": RECIPE,
        "tenant": job.tenant,
        "user": user,
        "around": around,
        "model": job.model,
        "params": dict(job.params),
        "knowledge": job.knowledge,
        "encoder": encoder,
    }
    return hmac.new(secret, canonical(facts), hashlib.sha256).hexdigest()[:32]


def user_mark(user: str | None, *, secret: bytes) -> str:
    """A user as others are told apart, without the name; all who did not say who they are count as one."""
    return hmac.new(secret, canonical({"user": user}), hashlib.sha256).hexdigest()[:16]


def exact_key(scope: str, question: str) -> str:
    """The very question in a scope: 48 hex digits, of which the first 24 are its :func:`near_key`."""
    own = hashlib.sha256(canonical({"scope": scope, "question": plain(question)})).hexdigest()
    return near_key(scope, question) + own[:NEAR_DIGITS]


def near_key(scope: str, question: str) -> str:
    """24 hex digits of a SHA-256 of what is the same but for courtesy, particles and marks."""
    return hashlib.sha256(canonical({"scope": scope, "near": normalise(question)})).hexdigest()[:NEAR_DIGITS]
