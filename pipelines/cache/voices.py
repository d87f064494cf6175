"""Voices: what several users' verdicts on one cached answer do to it for all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipelines.text.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, repr=False)
class Voice:
    """One user said "wrong" of a cached answer: who, about which job, when (seconds since the epoch), what is right.

    ``user`` is None where nobody said who it was: all who did not are one voice.
    """

    user: str | None
    job_id: str
    at: float
    correction: str | None = None

    def encode(self) -> str:
        """JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def decode(cls, raw: str | bytes) -> Voice:
        """Read what :meth:`encode` wrote."""
        return cls(**json.loads(raw))


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of the answer for all: ``drop`` it; serve ``correction`` instead, if there is one."""

    drop: bool
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many different users must agree before something changes for all; 0: only an operator may change it.

    An answer dropped needlessly costs one call, so two may do that. A correction puts words into the operator's mouth,
    and accounts are cheap: unless the operator says otherwise, users' corrections wait for a person to approve them.
    """

    wrong_after_users: int = 2
    correct_after_users: int = 0


def effect(voices: Sequence[Voice], quorum: Quorum) -> Effect:
    """What these voices, of different users each, come to."""
    known = [voice for voice in voices if voice.user is not None]
    drop = 0 < quorum.wrong_after_users <= len(known)
    if quorum.correct_after_users == 0:
        return Effect(drop)
    said: dict[str, list[str]] = {}
    for voice in known:
        if voice.correction is not None:
            said.setdefault(normalise(voice.correction).casefold(), []).append(voice.correction)
    most = max(said.values(), key=len, default=[])
    return Effect(True, most[0]) if len(most) >= quorum.correct_after_users else Effect(drop)
