"""The ways to send a conversation, what each costs now and is expected to cost later, and which is the cheapest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

from pipelines.answer import Usage, usd
from pipelines.context import latest, selection
from pipelines.context.thread import Thread
from pipelines.message import after_instructions, last_question
from pipelines.text.tokens import estimate_message, estimate_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected
    from pipelines.message import Message

LEAST_SAVING = Decimal("0.1")  # of what all would cost: for less nothing is left out
PREFIX_TOKENS = 1_024  # the shortest prompt of which a provider discounts what it saw before (OpenAI, Anthropic)
MOST_TURNS = 8  # that are expected to follow: as many as there were, up to so many
WHY = "the rest matters less to the question"


@dataclass(frozen=True, slots=True)
class Way:
    """What is sent, what it costs now, and in all with the turns that are expected to follow, in dollars of prompt."""

    sent: Selected
    thread: Thread
    now_usd: Decimal
    expected_usd: Decimal


class Ways:
    """A conversation, ``found`` being its passages, at a ``price``; ``before`` is how it was sent last, None where
    nobody knows: then all of it up to the last answer is believed to have been; ``warm``: the provider remembers that.

    A provider charges less for the beginning of a prompt that it saw shortly before (OpenAI, Anthropic, Google and
    DeepSeek by a half to nine tenths). So the price of sending less now is the discount on all that is lost by it.
    """

    def __init__(
        self,
        messages: Sequence[Message],
        found: Sequence[Passage],
        price: Callable[[Usage], Decimal],
        before: Thread | None,
        *,
        warm: bool,
    ) -> None:
        self._messages, self._found, self._price, self._warm = messages, found, price, warm
        self._last = last_question(messages)
        self._first = after_instructions(messages)
        self._before = Thread(self._last) if before is None else before
        self._end = self._last + 1
        # Tokens before each message, and of all.
        self._tokens = [0, *accumulate(map(estimate_message, messages))]
        self._whole = self._tokens[-1]
        self._turns = min(sum(message.role == "user" for message in messages), MOST_TURNS)
        self._parts = Counter(passage.message for passage in found)
        self._seen = self._tokens[min(self._before.end, len(messages))] if warm else 0
        # What sending all would cost had it always been sent.
        self._always_usd = self._cost(self._whole, self._seen)

    def everything(self, why: str) -> Selected:
        """All of it, whatever it costs."""
        way = self.all(why)
        return replace(way.sent, thread=self._kept(way))

    def all(self, why: str) -> Way:
        """Send all of it."""
        seen = 0 if self._before.start else self._seen
        return self._way(selection.everything(self._messages, why), Thread(self._end), seen)

    def on(self, scores: NDArray[np.float64], least: float) -> Way | None:
        """Go on as it was sent before, with what this question needs of the rest; None where all was."""
        return self._from(self._before.start, scores, least) if self._before.start else None

    def anew(self, scores: NDArray[np.float64], least: float) -> Way | None:
        """Send the latest exchanges, and what this question needs of the rest; None where that is no less, or where
        what is sent whole has not grown long since it began.
        """
        grown = self._tokens[self._last] - self._tokens[min(self._before.start, self._last)]
        if self._before.start and self._warm and grown < latest.MOST_TOKENS:
            return None
        start = latest.begins(self._messages)
        return self._from(start, scores, least) if start > max(self._before.start, self._first) else None

    def _from(self, start: int, scores: NDArray[np.float64], least: float) -> Way | None:
        if not isinstance(self._messages[self._last].content, str):
            return None  # what stands beside a picture is not moved
        always = set(latest.always(self._messages, start))
        needs = latest.needs(self._found, scores, always, least=least)
        sent = latest.sent(self._messages, self._found, start, needs)
        there = {self._found[n].message for n in needs} | always
        parts = Counter(self._found[n].message for n in needs)
        chosen = selection.Selected(
            sent,
            self._whole,
            estimate_messages(sent),
            dropped=tuple(n for n in range(len(self._messages)) if n not in there),
            shortened=tuple(sorted(number for number, count in parts.items() if count < self._parts[number])),
            why=WHY,
            excerpts=len(parts),
        )
        seen = 0
        if self._warm and self._before.end:
            # What was put before the last question is not sent again: alike is what came before that question.
            asked = last_question(self._messages[: self._before.end])
            alike = [n for n in always if n < asked] if start == self._before.start else []
            seen = estimate_messages(self._messages[n] for n in alike)
        moves = sum(self._found[n].tokens for n in needs)
        return self._way(chosen, Thread(self._end, start), seen, moves, latest.room_for(self._found, always))

    def cheapest(self, ways: Sequence[Way | None]) -> Selected:
        """The way that costs least, with the turns that are expected to follow, all of it (the first) where none saves
        enough. None may cost more now than what sending all would have, beyond what was saved before; where a
        conversation was cut already and none keeps to that, the cheapest is taken all the same.
        """
        everything, *others = [way for way in ways if way is not None]
        bound = self._always_usd + max(self._before.saved_usd, Decimal(0))
        going_on = self._before.start > 0
        able = [way for way in others if way.now_usd <= bound]
        enough = everything.expected_usd if going_on else (1 - LEAST_SAVING) * everything.expected_usd
        able = [way for way in able if way.expected_usd <= enough]
        best = min(able, key=lambda way: way.expected_usd, default=everything)
        if best is everything and going_on and others:
            best = min([everything, *others], key=lambda way: way.expected_usd)
        return replace(best.sent, thread=self._kept(best), forced=False, details=self._details(best))

    def _details(self, way: Way) -> dict[str, str]:
        if not way.thread.start:
            return {}
        return {"expected_saving_usd": usd(max(self._always_usd - way.now_usd, Decimal(0)))}

    def _kept(self, way: Way) -> Thread:
        return replace(way.thread, saved_usd=self._before.saved_usd + self._always_usd - way.now_usd)

    def _way(self, sent: Selected, thread: Thread, seen: int, moves: int = 0, may_move: int = 0) -> Way:
        """``moves``: tokens that were chosen for this question, and that no provider has seen; each of the next ones
        is expected to need as many as it may.
        """
        now, stays = self._cost(sent.tokens_after, seen), sent.tokens_after - moves
        return Way(sent, thread, now, now + self._turns * self._cost(stays + may_move, stays))

    def _cost(self, tokens: int, seen: int) -> Decimal:
        return self._price(Usage(tokens, min(seen, tokens) if seen >= PREFIX_TOKENS else 0))
