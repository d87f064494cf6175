"""`farthing evaluate context`: reads conversations with questions and what these need, and measures selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationInvalid
from pipelines.evaluation import context
from pipelines.evaluation.context import Asked, Conversation
from workers.encoders.turns import Turns
from workers.evaluation import datasets

if TYPE_CHECKING:
    from collections.abc import Sequence
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
