"""Public data sets, as published, into the two tables that ``farthing evaluate`` reads.

``python -m tests.datasets NAME PUBLISHED OUT`` converts one of `SETS`; ``python -m tests.datasets columns PUBLISHED OUT
--question text --intent label`` (or ``--a``, ``--b``, ``--same``) any other CSV, TSV or JSON-lines file. Nothing is
downloaded: the sets have licences of their own, and the pages that they are linked from say them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LABELLED = ("question", "intent")
PAIRS = ("question_a", "question_b", "same_meaning")


@dataclass(frozen=True, slots=True)
class Published:
    """A set as its makers publish it: the columns of a table, or ``splits`` of lists [question, intent] in JSON."""

    file: str
    link: str
    licence: str
    columns: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()


_CSTS = "https://github.com/zejunwang1/CSTS"
SETS = {
    "banking77": Published(
        "banking_data/train.csv",
        "https://github.com/PolyAI-LDN/task-specific-datasets",
        "CC BY 4.0",
        ("text", "category"),
    ),
    "clinc150": Published(
        "data/data_full.json",
        "https://github.com/clinc/oos-eval",
        "CC BY 3.0",
        splits=("train", "oos_train"),
    ),
    "quora": Published(
        "quora_duplicate_questions.tsv",
        "https://quoradata.quora.com/First-Quora-Dataset-Release-Question-Pairs",
        "Quora's terms",
        ("question1", "question2", "is_duplicate"),
    ),
    "afqmc": Published("AFQMC/train.txt", _CSTS, "research", ("0", "1", "2")),
    "lcqmc": Published("LCQMC/dev.txt", _CSTS, "research", ("0", "1", "2")),
    "bq": Published("BQ/dev.txt", _CSTS, "research", ("0", "1", "2")),
}


def rows(path: Path, columns: tuple[str, ...]) -> Iterator[list[str]]:
    """Those columns of a CSV, TSV or JSON-lines file, by name, or by number where the file has no header."""
    text = path.read_text(encoding="utf-8-sig")
    records: Iterable[dict[str, Any]]
    if text.lstrip().startswith("{"):
        records = map(json.loads, filter(None, text.splitlines()))
    else:
        tab = "\t" in text.partition("\n")[0]
        if all(name.isdecimal() for name in columns):
            fields = csv.reader(text.splitlines(), delimiter="\t" if tab else ",", quoting=csv.QUOTE_NONE)
            records = ({str(i): value for i, value in enumerate(row)} for row in fields)
        else:
            records = csv.DictReader(text.splitlines(keepends=True), delimiter="\t" if tab else ",")
    for number, record in enumerate(records, start=1):
        missing = [name for name in columns if record.get(name) is None]
        if missing:
            raise SystemExit(f"{path}: row {number} has no column {', '.join(missing)}: it has {', '.join(record)}")
        yield [str(record[name]).strip() for name in columns]


def convert(published: Published, path: Path) -> tuple[tuple[str, ...], list[list[str]]]:
    """The header and the rows of the table that is written."""
    if published.splits:
        held = json.loads(path.read_text(encoding="utf-8"))
        return LABELLED, [[text, intent] for split in published.splits for text, intent in held[split]]
    header = LABELLED if len(published.columns) == len(LABELLED) else PAIRS
    return header, list(rows(path, published.columns))


def write(out: Path, header: tuple[str, ...], table: Iterable[Iterable[str]]) -> None:
    """As CSV, gzipped where the name ends so."""
    opened = gzip.open if out.suffix == ".gz" else open
    with opened(out, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(table)


def main(arguments: list[str] | None = None) -> None:
    """Convert one file."""
    parser = argparse.ArgumentParser(prog="python -m tests.datasets", description=__doc__)
    parser.add_argument("name", choices=[*SETS, "columns"])
    parser.add_argument("published", type=Path)
    parser.add_argument("out", type=Path)
    for option in ("question", "intent", "a", "b", "same"):
        parser.add_argument(f"--{option}", help="the published column's name, or its number from 0")
    given = parser.parse_args(arguments)
    if given.name == "columns":
        named = (given.question, given.intent) if given.question else (given.a, given.b, given.same)
        if not all(named):
            parser.error("columns takes --question and --intent, or --a, --b and --same")
        published = Published(given.published.name, "", "", named)
    else:
        published = SETS[given.name]
    if given.out.resolve() == given.published.resolve():
        parser.error(f"{given.out}: would be written over what it is made from")
    try:
        header, table = convert(published, given.published)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SystemExit(f"{given.published}: not as {given.name} is published: {type(error).__name__}") from None
    if not table:
        raise SystemExit(f"{given.published}: no rows")
    if header == PAIRS and (odd := {row[2] for row in table} - {"0", "1"}):
        raise SystemExit(f"{given.published}: {header[2]}: expected 0 or 1, and there are others: {len(odd)}")
    try:
        write(given.out, header, table)
    except OSError as error:
        raise SystemExit(f"{given.out}: {error.strerror}") from None
    print(f"{given.out}: {len(table)} rows of {', '.join(header)}")


def as_table() -> str:
    """The manual's table of sets."""
    head = ["| name | file | from | licence |", "| --- | --- | --- | --- |"]
    return "\n".join(head + [f"| `{name}` | `{s.file}` | <{s.link}> | {s.licence} |" for name, s in SETS.items()])


if __name__ == "__main__":
    main()
