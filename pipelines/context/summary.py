"""A summary instead of old turns: whether it pays, the request for it, and the context with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.answer import Usage
from pipelines.context.selection import Selected, groups
from pipelines.message import INSTRUCTIONS, Message, last_question
from pipelines.text.tokens import estimate_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from pipelines.job import Job

LAST_TURNS = 5  # user turns sent as they were, with the replies to them
SUMMARY_TOKENS = 90  # one sentence that may name a few things
LEAST_REMAINING_S = 10.0  # a summary is a model call before the model call: not for a caller in a hurry
_ASK = (
    "Summarise the conversation below in one sentence, in its own language. Keep names, numbers, dates, products and "
    "what was decided; leave out courtesies. Reply with the sentence alone."
)
_SAID = "Earlier in this conversation (summary): "


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """``older``, by ``numbers``, would be summarised; ``kept`` are sent as they are, instructions first. Tokens are
    estimates.
    """

    older: tuple[Message, ...]
    kept: tuple[Message, ...]
    older_tokens: int
    before_tokens: int
    numbers: tuple[int, ...]


def plan(messages: Sequence[Message], *, budget_tokens: int) -> Plan | None:
    """What a summary would replace; None when the last turns alone exceed the budget, or nothing is older."""
    turns = groups(messages, last_question(messages))
    older = {
        index for group in turns[: max(0, len(turns) + 1 - LAST_TURNS)] for index in group if not messages[index].pin
    }
    kept = tuple(message for index, message in enumerate(messages) if index not in older)
    if not older or estimate_messages(kept) + SUMMARY_TOKENS > budget_tokens:
        return None
    replaced = tuple(messages[index] for index in sorted(older))
    return Plan(replaced, kept, estimate_messages(replaced), estimate_messages(messages), tuple(sorted(older)))


def pays(plan: Plan, *, answering: Callable[[Usage], Decimal], summing_up: Callable[[Usage], Decimal]) -> bool:
    """Is the summary cheaper than sending the old turns? Both arguments price a usage: at the model that answers, and
    at the one that would sum up."""
    spent = summing_up(Usage(plan.older_tokens + SUMMARY_TOKENS, 0, SUMMARY_TOKENS)) + answering(Usage(SUMMARY_TOKENS))
    return spent < answering(Usage(plan.older_tokens))


def request(plan: Plan, job: Job) -> Job:
    """The job that asks for the summary; its messages are the request's."""
    said = "\n".join(f"{message.role}: {message.text}" for message in plan.older if message.text)
    asked = (Message("system", _ASK), Message("user", said))
    return replace(job, messages=asked, params={"temperature": 0, "max_tokens": SUMMARY_TOKENS}, model="economy")


def applied(plan: Plan, text: str) -> Selected:
    """The context with the summary behind the instructions."""
    position = next((i for i, m in enumerate(plan.kept) if m.role not in INSTRUCTIONS), len(plan.kept))
    said = Message("system", _SAID + text.strip())
    messages = (*plan.kept[:position], said, *plan.kept[position:])
    after = estimate_messages(messages)
    return Selected(
        messages, plan.before_tokens, after, dropped=plan.numbers, summarised=len(plan.older), why="summed up"
    )
