"""`farthing evaluate context` and `invoice`: conversations in, what selection keeps of them and what it saves out."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pipelines.answer import Usage
from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import context
from pipelines.evaluation import invoice as bill
from pipelines.evaluation.context import Asked, Conversation
from pipelines.message import Message
from pipelines.money.pricing import PriceBook
from workers.encoders.turns import Turns
from workers.evaluation import datasets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from pathlib import Path

    from pipelines.vectors.encoder import Encoder

EVIDENCE = ("evidence", "target_step_id", "turn_spans", "answers")


def evidence_kept(path: Path, encoders: Sequence[Encoder], *, limit: int | None, joined: int) -> dict[str, Any]:
    """What the fleet's selection keeps of the evidence. ``joined`` conversations in a row are one, those of one
    ``user`` where the file names users.
    """
    rows = datasets.rows(path)
    try:
        found = [_conversation(some) for some in _joined(rows, joined)]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationInvalid(
            [
                f"{path}: {type(error).__name__}: {error}: expected turns (id, text, speaker) and questions (question,"
                f" and one of {', '.join(EVIDENCE)})"
            ]
        ) from error
    kept = [one for one in datasets.part(found, limit) if one.asked]
    if not kept:
        raise ConfigurationInvalid([f"{path}: no question names the turns that it needs"])
    return context.evidence_kept(kept, Turns(lambda: encoders, most_new=sum(len(one.turns) for one in kept)).scores)


def _joined(rows: list[dict[str, Any]], joined: int) -> list[list[dict[str, Any]]]:
    """Conversations that are one, in the file's order."""
    of_user: dict[Any, list[dict[str, Any]]] = {}
    for number, row in enumerate(rows):
        of_user.setdefault(row.get("user") if joined > 1 else number, []).append(row)
    return [some[i : i + joined] for some in of_user.values() for i in range(0, len(some), joined)]


def _conversation(rows: list[dict[str, Any]]) -> Conversation:
    turns: list[tuple[str, str]] = []
    asked: list[Asked] = []
    for row in rows:
        number_of = {turn["id"]: len(turns) + number for number, turn in enumerate(row["turns"])}
        turns += [(str(turn.get("speaker") or ""), str(turn["text"])) for turn in row["turns"]]
        asked += [one for question in row["questions"] if (one := _asked(question, number_of)).evidence]
    return Conversation(tuple(turns), tuple(asked))


def _asked(row: dict[str, Any], number_of: dict[Any, int]) -> Asked:
    kind = next((name for name in EVIDENCE if name in row), None)
    if kind is None:
        raise ValueError(f"question {str(row.get('question'))[:40]!r} names no evidence")
    if kind == "answers":  # any of the turns in which the answer stands
        said = [answer["turn"] for answer in row["answers"]]
    elif kind == "turn_spans":
        said = [number for first, last in row["turn_spans"] for number in range(first, last + 1)]
    else:
        said = list(row[kind])
    numbers = sorted({number_of[one] for one in said if one in number_of})
    return Asked(str(row["question"]), tuple(numbers), any_of=kind == "answers", in_tokens=kind == "turn_spans")


def invoice(path: Path, encoders: Sequence[Encoder], *, models: Sequence[str], limit: int | None) -> dict[str, Any]:
    """What conversations would cost at each of ``models`` (``provider/model``), by each way of sending context."""
    at, prices = datetime.now(UTC), PriceBook()
    price_of = {name: partial(_cost, prices, *name.partition("/")[::2], at) for name in models}
    for price in price_of.values():
        price(Usage(1, 0, 1))  # a model without a price is refused before any turn is read
    found = datasets.part([_dialogue(path, number, row) for number, row in enumerate(datasets.rows(path), 1)], limit)
    turns = Turns(lambda: encoders, most_new=sum(map(len, found)))
    bills = {
        name: bill.invoice(found, price=price, scores=turns.scores, reads=turns.reads)
        for name, price in price_of.items()
    }
    return {"price_version": prices.version, "models": bills}


def _cost(prices: PriceBook, provider: str, model: str, at: datetime, usage: Usage) -> Decimal:
    return prices.cost(provider, model, usage, at)


def _dialogue(path: Path, number: int, row: dict[str, Any]) -> list[Message]:
    """The turns of a conversation as messages; who speaks first is the user where no role is said."""
    said: list[Message] = []
    first = None
    turns = row.get("messages") or row.get("turns")
    if not isinstance(turns, list) or not turns:
        raise ConfigurationInvalid([f"{path}: row {number}: expected messages (role, content) or turns"])
    for turn in turns:
        text, role = turn, None
        if isinstance(turn, dict):
            text = turn.get("content", turn.get("text"))
            role = {"agent": "assistant", "sys": "assistant"}.get(str(turn.get("role")), turn.get("role"))
            if role is None and turn.get("speaker") is not None:
                first = turn["speaker"] if first is None else first
                role = "user" if turn["speaker"] == first else "assistant"
        if not isinstance(text, str):
            raise ConfigurationInvalid([f"{path}: row {number}: expected turns of text"])
        role = role or ("user" if not said or said[-1].role == "assistant" else "assistant")
        if said and said[-1].role == role:  # two messages in a row are one turn
            said[-1] = Message(str(role), f"{said[-1].text}\n{text}")
        else:
            said.append(Message(str(role), text))
    return said
