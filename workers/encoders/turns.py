"""How much each turn matters to a question, by the encoder that reads the question; each turn is encoded once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from pipelines.cache.verifier import CHARACTERS
from pipelines.context import plan
from pipelines.errors import FarthingError
from pipelines.message import last_question
from pipelines.vectors import encoder as encoders
from workers.observability import counters, logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.message import Message
    from pipelines.vectors.encoder import Encoder, Vectors
    from workers.encoders.shared_vectors import SharedVectors

MOST_VECTORS = 20_000  # some 15 MB: a conversation's turns come again with its next question
LEAST_ASKED = 4  # encoding fewer takes no longer than asking whether somebody did
MOST_NEW = 400  # passages encoded for one job, the latest; some three seconds of one core


class Turns:
    """Scores passages. ``readers`` are the encoders, in the order in which they are asked what they can read; one that
    a provider is paid for is not asked. ``shared``: what other workers encoded.
    """

    def __init__(
        self, readers: Callable[[], Sequence[Encoder]], *, most_new: int = MOST_NEW, shared: SharedVectors | None = None
    ) -> None:
        self._readers, self._most_new, self._shared = readers, most_new, shared
        self._held: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def reads(self, asked: str) -> bool:
        """Is there an encoder that reads this question?"""
        try:
            return self._reader(asked) is not None
        except FarthingError:
            return False

    def _reader(self, asked: str) -> Encoder | None:
        return next((r for r in self._readers() if encoders.mostly_readable(r, asked) and not r.cost_usd(asked)), None)

    def scores(self, messages: Sequence[Message], passages: Sequence[Passage], tenant: str = "") -> NDArray[np.float64]:
        """How much each passage matters to the conversation's question, (n,); by words alone where nobody reads it."""
        asked = messages[last_question(messages)].text
        try:
            reader = self._reader(asked)
            if reader is None or not passages:
                return plan.score(messages, passages, None)
            cosines = self._cosines(reader, asked, [passage.whole for passage in passages], tenant)
        except FarthingError as error:
            counters.count("encoder.unavailable")
            logs.log().warning("turns are ranked by their words alone", said=str(error))
            return plan.score(messages, passages, None)
        return plan.score(messages, passages, cosines, characters=reader.kind == CHARACTERS)

    def _cosines(self, reader: Encoder, asked: str, texts: Sequence[str], tenant: str) -> NDArray[np.float32]:
        """(n,) float32 of each text and the question, NaN where the encoder does not read one."""
        vectors = self._vectors(reader, [*texts, asked], tenant)
        return np.where(vectors.any(axis=1), vectors @ vectors[-1], np.nan)[:-1].astype(np.float32)

    def _vectors(self, reader: Encoder, texts: Sequence[str], tenant: str) -> Vectors:
        """(n, d) float32 rows of length 1; zeros where the encoder does not read a text, or too many are new.

        What is kept is named by a digest: no text.
        """
        of_reader = reader.fingerprint.encode()[:64]
        names = [hashlib.blake2b(text.encode(), digest_size=16, key=of_reader).digest() for text in texts]
        with self._lock:
            known = {name: self._held[name] for name in names if name in self._held}
        new = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
        if self._shared is not None and len(new) >= LEAST_ASKED:
            packed_bytes = 2 * reader.dimensions  # what is no vector of this encoder's is encoded afresh
            held = self._shared.get(tenant, list(new))
            known |= {name: vector for name, vector in held.items() if len(vector) == packed_bytes}
            new = {name: text for name, text in new.items() if name not in known}
        read = dict([item for item in new.items() if encoders.mostly_readable(reader, item[1])][-self._most_new :])
        if read:
            made = reader.encode(list(read.values()))
            packed = {name: encoders.pack(vector) for name, vector in zip(read, made, strict=True)}
            known |= packed
            if self._shared is not None:
                self._shared.put(tenant, packed)
        with self._lock:
            for name in filter(known.__contains__, names):
                self._held[name] = known[name]
                self._held.move_to_end(name)
            while len(self._held) > MOST_VECTORS:
                self._held.popitem(last=False)
        found = np.zeros((len(names), reader.dimensions), dtype=np.float32)
        there = [number for number, name in enumerate(names) if name in known]
        if there:
            found[there] = encoders.unpack_all([known[names[number]] for number in there], reader.dimensions)
        return found
