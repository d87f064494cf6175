"""What audits of economy's answers came to, in the ledger's Redis: what a router of the tenant's own learns from."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.routing import surface
from pipelines.vectors.encoder import unpack
from workers.store import keys
from workers.store.connection import failing_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis
    from numpy.typing import NDArray

MOST = 8_000  # of a tenant, as many as a router keeps
KEPT_S = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question's vector (float16 bytes, None without one) and surface, by what encoder, and whether economy's answer
    was worse than premium's.
    """

    worse: bool
    surface: tuple[float, ...]
    vector: bytes | None
    encoder: str

    def encode(self) -> str:
        """JSON, the vector in base64."""
        vector = None if self.vector is None else base64.b64encode(self.vector).decode("ascii")
        return json.dumps([int(self.worse), [round(one, 5) for one in self.surface], vector, self.encoder])

    @classmethod
    def decode(cls, raw: bytes) -> Outcome:
        """Read what :meth:`encode` wrote."""
        worse, seen, vector, encoder = json.loads(raw)
        return cls(bool(worse), tuple(seen), None if vector is None else base64.b64decode(vector), encoder)


def arrays(
    outcomes: Sequence[Outcome], encoder: str
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.bool_]]:
    """Surfaces (n, 17), vectors (n, d) by that encoder (zeros where there is none of it), and where economy's answer
    was worse (n,).
    """
    given = [one.vector if encoder and one.encoder == encoder else None for one in outcomes]
    wide = max((len(vector) // 2 for vector in given if vector is not None), default=0)
    vectors = np.zeros((len(outcomes), wide), dtype=np.float32)
    for row, vector in enumerate(given):
        if vector is not None:
            vectors[row] = unpack(vector, wide)
    features = np.array([one.surface for one in outcomes]).reshape(len(outcomes), len(surface.NAMES))
    return features, vectors, np.array([one.worse for one in outcomes], dtype=bool)


class Outcomes:
    """All errors are StoreUnavailable."""

    def __init__(self, redis: redis.Redis) -> None:
        self._redis: Any = redis

    def keep(self, tenant: str, outcome: Outcome) -> None:
        """The latest one; the oldest of too many goes."""
        name = keys.outcomes(tenant)
        with failing_as("ledger"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.lpush(name, outcome.encode())
            pipe.ltrim(name, 0, MOST - 1)
            pipe.expire(name, KEPT_S)
            pipe.execute()

    def of(self, tenant: str, most: int = MOST) -> Sequence[Outcome]:
        """What is kept, the latest first, without what another release wrote that knew other features."""
        with failing_as("ledger"):
            found = self._redis.lrange(keys.outcomes(tenant), 0, most - 1)
        return [one for raw in found if (one := _read(raw)) is not None]


def _read(raw: bytes) -> Outcome | None:
    try:
        one = Outcome.decode(raw)
    except (ValueError, TypeError):
        return None
    return one if len(one.surface) == len(surface.NAMES) else None
