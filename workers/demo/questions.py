"""The demo's questions: traffic as a shop sees it, or a file of the user's own."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationInvalid, JobInvalid
from pipelines.job import Job
from pipelines.text.han import HAN
from workers.demo.shop import ORDERS, USERS, order_number
from workers.demo.standin_text import MODELS, answer_text
from workers.evaluation import datasets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Shares of a shop's traffic: most ask what others asked, some ask about their order, few need a careful answer, and as
# few come at the end of a long conversation.
SHARES = {"meanings": 0.66, "structured": 0.14, "followups": 0.08, "hard": 0.06, "conversations": 0.06}
ZIPF = 0.8  # the n-th most frequent meaning comes n^-0.8 times as often as the first
EARLIER = 60  # questions drawn that stand before a long conversation, each once
CARELESS = 0.35  # share of questions typed without capital or question mark, or with a greeting
SYSTEM = "You are the assistant of an online shop. Answer briefly, in the customer's language."

MOST_ROWS = 1_000_000  # of a file; they are held in memory
QUESTION_COLUMNS = ("question", "text", "prompt", "query", "utterance", "question_a")
MEANING_COLUMNS = ("intent", "label", "meaning", "category")


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the job's fields, and what it means where that is known (two of one meaning share an answer)."""

    fields: dict[str, Any]
    meaning: str | None = None


@dataclass(frozen=True, slots=True)
class _Book:
    meanings: list[dict[str, Any]] = field(default_factory=list)
    hard: list[dict[str, Any]] = field(default_factory=list)
    structured: list[dict[str, Any]] = field(default_factory=list)
    followups: list[dict[str, Any]] = field(default_factory=list)
    conversations: list[dict[str, Any]] = field(default_factory=list)


def traffic(count: int, seed: int) -> list[Question]:
    """``count`` questions of many customers in a random order that ``seed`` fixes."""
    book = _Book(**_read_toml("questions.toml"), **_read_toml("conversations.toml"))
    dice = random.Random(seed)  # noqa: S311 - an order that can be repeated, not a secret
    meanings = dice.sample(book.meanings, len(book.meanings))
    weights = [rank**-ZIPF for rank in range(1, len(meanings) + 1)]
    out = []
    for kind in dice.choices(list(SHARES), weights=list(SHARES.values()), k=count):
        user = dice.choice(USERS)
        found = dice.choices(meanings, weights=weights)[0] if kind == "meanings" else dice.choice(getattr(book, kind))
        turns = found["turns"] if kind == "followups" else [_typed(dice.choice(found["ask"]), dice)]
        name = found["name"]
        if kind == "conversations":
            asked = dice.randrange(len(found["ask"]))
            turns = [*_earlier(book, found, dice), *found["turns"], found["ask"][asked]]
            name = f"{name}-{asked}"
        elif kind == "structured":
            turns = [turns[0].replace("{order}", order_number(user, dice.randrange(ORDERS)))]
        out.append(Question(_fields(turns, user), name))
    return out


def _earlier(book: _Book, talk: dict[str, Any], dice: random.Random) -> list[str]:
    """What the customer asked in the same window before: a shop's chat is seldom closed."""
    han = bool(HAN.search(talk["ask"][0]))
    alike = [meaning for meaning in book.meanings if bool(HAN.search(meaning["ask"][0])) == han]
    asked = {meaning["ask"][0]: meaning["name"] for meaning in dice.choices(alike, k=EARLIER)}
    return [said for question in asked for said in (question, answer_text(MODELS[1], question, asked))]


def _read_toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("workers.demo").joinpath(name).read_text(encoding="utf-8"))


def from_file(path: Path, limit: int | None, seed: int) -> list[Question]:
    """Questions of a CSV (a column of questions, perhaps one of meanings), JSON or text file, also gzipped.

    In a random order that ``seed`` fixes, ``limit`` of them: labelled files are often sorted by their labels.
    Raises ConfigurationInvalid saying what could not be read.
    """
    found = list(islice(_read(path), MOST_ROWS))
    if not found:
        raise ConfigurationInvalid([f"--questions {path}: no question in it"])
    random.Random(seed).shuffle(found)  # noqa: S311 - an order that can be repeated, not a secret
    return found[:limit]


def _read(path: Path) -> Iterator[Question]:
    if datasets.kind(path) in (".csv", ".tsv", ".json", *datasets.JSON_LINES, *datasets.SPREADSHEETS):
        for number, row in datasets.numbered(path):
            where = f"--questions {path}:{number}"
            question = _row(where, row)
            try:
                Job.decode(question.fields)  # now, and not when a fleet has started
            except JobInvalid as error:
                raise ConfigurationInvalid([f"{where}: {error}"]) from None
            yield question
    else:
        for line in filter(str.strip, datasets.text_of(path).split("\n")):
            yield Question(_fields([line.strip()], None))


def _row(where: str, row: Any) -> Question:
    if isinstance(row, str):
        return Question(_fields([row], None))
    if not isinstance(row, dict):
        raise ConfigurationInvalid([f'{where}: got {type(row).__name__}, expected {{"question": …}}'])
    if "messages" in row:
        return Question({"messages": row["messages"]})
    named = {str(name).strip().lower(): value for name, value in row.items()}
    question = next((named[name] for name in QUESTION_COLUMNS if named.get(name)), None)
    if not isinstance(question, str):
        columns = f"a column of {', '.join(QUESTION_COLUMNS)}"
        raise ConfigurationInvalid([f"{where}: got {', '.join(named) or 'nothing'}, expected {columns}"])
    meaning = next((named[name] for name in MEANING_COLUMNS if named.get(name)), None)
    # Questions out of scope have nothing in common but that.
    return Question(_fields([question], None), question if meaning == "oos" else meaning)


def _fields(turns: list[str], user: str | None) -> dict[str, Any]:
    messages = [{"role": "system", "content": SYSTEM}]
    messages += [{"role": ("user", "assistant")[n % 2], "content": turn} for n, turn in enumerate(turns)]
    fields: dict[str, Any] = {"messages": messages, "tenant": "shop"}
    return fields if user is None else {**fields, "user": user}


def _typed(question: str, dice: random.Random) -> str:
    """As people type: some greet, some leave out the capital and the question mark."""
    if dice.random() > CARELESS:
        return question
    if HAN.search(question):
        return dice.choice(["你好，{}", "请问{}", "{}谢谢"]).format(question)
    lower = question[0].lower() + question[1:] if not question.startswith("I ") else question
    return dice.choice([lower, lower.rstrip("?"), f"Hi, {lower}", f"{question} Thanks!"])
