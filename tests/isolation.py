"""Mixed tenants, users, instructions and versions against one cache: does any lookup cross a scope?"""

from __future__ import annotations

import random
import time
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.answer import Answer
from pipelines.cache.entry import Entry
from pipelines.job import Job
from pipelines.routing.rules import RuleBook
from pipelines.text.asker import about_the_asker
from workers.cache.clusters import Membership
from workers.cache.entries import CacheStore
from workers.cache.lookup import Lookup
from workers.cache.min_users import Sharing
from workers.cache.replica import Replicas
from workers.cache.risk_state import Boundaries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.vectors.encoder import Vectors

D = 16
WORDS = ("reset", "change", "close", "open", "check", "pay")
THINGS = ("password", "account", "card", "order", "invoice")
ASKS = ("How do I {} my {}?", "How can I {} my {}?", "Please {} my {}", "I want to {} the {}")


class Blurred:
    """An encoder to which every question on one thing is nearly the same: what keeps scopes apart is not similarity."""

    fingerprint, dimensions, kind = "blurred-1", D, "sentences"

    def __init__(self) -> None:
        self._dice = np.random.default_rng(0)
        self._of = {thing: self._dice.normal(size=D) for thing in THINGS}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, 16) unit vectors."""
        found = [next((self._of[t] for t in THINGS if t in text), self._of[THINGS[0]]) for text in texts]
        blurred = np.array(found) + self._dice.normal(scale=0.02, size=(len(texts), D))
        return (blurred / np.linalg.norm(blurred, axis=1, keepdims=True)).astype(np.float32)

    def cost_usd(self, text: str) -> Decimal:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return Decimal(0)

    def reads(self, text: str) -> float:  # noqa: ARG002 - the protocol's
        """All of it."""
        return 1.0


def fuzz(redis: Any, lookups: int, seed: int) -> Counter[str]:
    """``lookups`` random jobs; every miss is stored. Counts hits and, above all, answers that crossed a scope."""
    dice = random.Random(seed)
    store, members = CacheStore(redis), Membership(redis)
    replicas = Replicas(store)
    lookup = Lookup(
        store,
        members,
        replicas,
        [Blurred()],
        Boundaries(redis, lambda _: 0.01),
        Sharing(redis, lambda _: 1, lambda: b"secret"),
        b"secret",
        RuleBook([]),
    )
    counts: Counter[str] = Counter()
    try:
        for number in range(lookups):
            job, owner = _job(dice)
            now = time.time()
            found = lookup.find(job, now)
            counts["lookups"] += 1
            if found.entry is not None:
                counts["hits"] += 1
                counts["crossed"] += found.entry.answer.text != owner
            elif found.slot is not None:
                slot = found.slot
                entry = Entry(
                    f"e{number}", slot.scope, job.question.text, Answer(text=owner, source="model"), now, now + 3600
                )
                store.put(slot.scope, slot.key, entry, vector=slot.vector, tenant=job.tenant)
                counts["stored"] += 1
    finally:
        replicas.close()
    return counts


def _job(dice: random.Random) -> tuple[Job, str]:
    """A job, and everything of it that an answer may not be shared across."""
    tenant, user = f"t{dice.randrange(12)}", f"u{dice.randrange(3)}"
    system = dice.choice(("Be brief.", "Be polite.", f"You serve t{dice.randrange(12)}."))
    knowledge = dice.choice((None, "v1", "v2"))
    temperature = dice.choice((0, 0.2))
    personal = dice.random() < 0.2
    question = dice.choice(ASKS).format(dice.choice(WORDS), dice.choice(THINGS))
    if personal:
        question += " My e-mail is jo@example.com"
    fields = {
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": question}],
        "tenant": tenant,
        "user": user,
        "knowledge": knowledge,
        "params": {"temperature": temperature},
    }
    own = personal or about_the_asker(question)
    owner = repr((tenant, user if own else None, system, knowledge, temperature))
    return Job.decode(fields), owner
