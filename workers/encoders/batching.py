"""Micro-batching: texts that arrive while one batch is encoded form the next, so that threads share an encoder."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np

from pipelines.errors import EncoderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from pipelines.vectors.encoder import Encoder, Vectors

MAX_BATCH_TEXTS = 32  # beyond it, a batch takes longer in proportion: nothing is won
CLOSE_S = 5.0

_Call = tuple[list[str], "Future[Vectors]"]


class MicroBatcher:
    """An encoder in front of another one. A lone caller waits for nobody: no batch is held back to grow."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    @property
    def fingerprint(self) -> str:
        """The inner encoder's."""
        return self._encoder.fingerprint

    @property
    def dimensions(self) -> int:
        """The inner encoder's."""
        return self._encoder.dimensions

    @property
    def kind(self) -> str:
        """The inner encoder's."""
        return self._encoder.kind

    def reads(self, text: str) -> float:
        """The inner encoder's answer."""
        return self._encoder.reads(text)

    def cost_usd(self, text: str) -> Decimal:
        """The inner encoder's answer."""
        return self._encoder.cost_usd(text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1; raises what the inner encoder raised, or EncoderUnavailable once closed."""
        if self._closed:
            raise EncoderUnavailable(self.fingerprint, "it was closed")
        future: Future[Vectors] = Future()
        self._calls.put((list(texts), future))
        return future.result()

    def close(self) -> None:
        """Finish what was asked, then stop."""
        self._closed = True
        self._calls.put(None)
        self._thread.join(CLOSE_S)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            batch = [call]
            last = False
            while sum(len(texts) for texts, _ in batch) < MAX_BATCH_TEXTS and not last:
                try:
                    following = self._calls.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                else:
                    batch.append(following)
            self._encode(batch)
            if last:
                return

    def _encode(self, batch: list[_Call]) -> None:
        try:
            vectors = self._encoder.encode([text for texts, _ in batch for text in texts])
        except BaseException as error:  # noqa: BLE001 - it belongs to the callers, who wait in other threads
            for _, future in batch:
                future.set_exception(error)
            return
        bounds = np.cumsum([len(texts) for texts, _ in batch])[:-1]
        for (_, future), rows in zip(batch, np.split(vectors, bounds), strict=True):
            future.set_result(rows)
