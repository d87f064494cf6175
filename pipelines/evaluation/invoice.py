"""The invoice: conversations replayed turn by turn, and what each way of sending context would have cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage
from pipelines.context import plan
from pipelines.context.prompt import closed
from pipelines.context.ways import PREFIX_TOKENS
from pipelines.job import Job
from pipelines.message import Message
from pipelines.text.tokens import estimate, estimate_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pipelines.context.passages import Passage
    from pipelines.context.selection import Selected
    from pipelines.context.thread import Thread

    Price = Callable[[Usage], Decimal]
    Scores = Callable[[Sequence[Message], Sequence[Passage]], NDArray[Any]]

ARTICLE_TURNS, SUMMARY_TOKENS = 5, 90  # the usual remedy: the last turns, and one sentence of what came before
WINDOW_TOKENS = 128_000
LONG_TURNS = 20  # messages from which on a conversation is long
DEARER = Decimal("1.01")
POLICIES = ("all", "summary", "ours")


@dataclass(slots=True)
class Provider:
    """What a provider remembers of one conversation: it discounts the longest beginning that it was sent before."""

    price: Price
    seen: list[tuple[Message, ...]] = field(default_factory=list)

    def usd(self, sent: tuple[Message, ...], completion_tokens: int) -> Decimal:
        """What sending these costs, with what it remembers; and it remembers these."""
        best = max((_shared(sent, before) for before in self.seen), default=0)
        prefix = estimate_messages(sent[:best])
        self.seen.append(sent)
        return self.price(Usage(estimate_messages(sent), prefix if prefix >= PREFIX_TOKENS else 0, completion_tokens))


@dataclass(slots=True)
class Bill:
    """Sums of one policy."""

    usd: Decimal = Decimal(0)
    prompt_tokens: int = 0


def invoice(
    conversations: Sequence[Sequence[Message]], *, price: Price, scores: Scores, reads: Callable[[str], bool]
) -> dict[str, Any]:
    """What every policy costs over all conversations, and how ours compares with sending everything.

    ``conversations`` alternate between user and assistant, instructions first where there are any; each turn of the
    user's is asked with all that came before it, and the answer is the one that was given. ``price`` is the model's,
    which is taken to remember every prompt of a conversation. The summary of the second policy is written by that model
    anew for each question, as is usual.
    """
    total = {name: Bill() for name in POLICIES}
    long = {name: Decimal(0) for name in POLICIES}
    asked = alone = cut = dearer = 0
    worst = Decimal(0)
    for conversation in conversations:
        providers = {name: Provider(price) for name in POLICIES}
        spent = {name: Decimal(0) for name in POLICIES}
        thread: Thread | None = None
        for messages, answered in _turns(conversation):
            asked += 1
            sent = {"all": messages, "summary": _article(messages)}
            prompt = closed(Job(messages))
            chosen = _ours(prompt.messages, scores, reads, price, thread)
            thread = chosen.thread or thread
            alone += prompt.alone and prompt.follows
            cut += bool(chosen.dropped or chosen.shortened)
            sent["ours"] = chosen.messages
            for name, some in sent.items():
                usd = providers[name].usd(tuple(some), answered)
                if name == "summary" and len(some) < len(messages):
                    usd += price(Usage(estimate_messages(messages), 0, SUMMARY_TOKENS))
                spent[name] += usd
                total[name].prompt_tokens += estimate_messages(some)
        for name in POLICIES:
            total[name].usd += spent[name]
            long[name] += spent[name] * (len(conversation) >= LONG_TURNS)
        if spent["all"]:
            worst = max(worst, spent["ours"] / spent["all"])
            dearer += spent["ours"] > DEARER * spent["all"]
    return {
        "conversations": len(conversations),
        "questions": asked,
        "asked_alone": alone,
        "cut": cut,
        "usd": {name: str(round(bill.usd, 6)) for name, bill in total.items()},
        "prompt_tokens": {name: bill.prompt_tokens for name, bill in total.items()},
        "saved": _saved(total["ours"].usd, total["all"].usd),
        "saved_long": _saved(long["ours"], long["all"]),
        "saved_by_summary": _saved(total["summary"].usd, total["all"].usd),
        "dearer_than_all": dearer,
        "worst_ratio": round(float(worst), 4),
    }


def _saved(spent: Decimal, whole: Decimal) -> float | None:
    return round(float(1 - spent / whole), 4) if whole else None


def _turns(conversation: Sequence[Message]) -> Iterator[tuple[tuple[Message, ...], int]]:
    """What was asked each time, with all before it, and the tokens of its answer."""
    for number, message in enumerate(conversation):
        follows = conversation[number + 1] if number + 1 < len(conversation) else None
        if message.role == "user" and follows is not None and follows.role == "assistant":
            yield tuple(conversation[: number + 1]), estimate(follows.text)


def _ours(
    messages: tuple[Message, ...],
    scores: Scores,
    reads: Callable[[str], bool],
    price: Price,
    thread: Thread | None,
) -> Selected:
    return plan.choose(
        messages,
        lambda found: scores(messages, found),
        reads=reads,
        mode="auto",
        window_tokens=WINDOW_TOKENS,
        price=price,
        before=thread,
    )


def _article(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    users = [number for number, message in enumerate(messages) if message.role == "user"]
    if len(users) <= ARTICLE_TURNS:
        return messages
    first = users[-ARTICLE_TURNS]
    # What a summary says changes with every question; its length is what counts here.
    summary = Message("system", f"{len(messages)} " + "word " * SUMMARY_TOKENS)
    instructions = tuple(m for m in messages[:first] if m.role in ("system", "developer"))
    return (*instructions, summary, *messages[first:])


def _shared(sent: tuple[Message, ...], before: tuple[Message, ...]) -> int:
    """How many messages at the beginning are the same."""
    same = 0
    for ours, theirs in zip(sent, before, strict=False):
        if ours != theirs:
            break
        same += 1
    return same
