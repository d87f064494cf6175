"""A file of the user's own questions, however a spreadsheet or a script wrote it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ConfigurationInvalid
from workers.demo.questions import from_file

if TYPE_CHECKING:
    from pathlib import Path

ZH = "怎么退款？"


def asked(path: Path) -> set[str]:
    return {one.fields["messages"][-1]["content"] for one in from_file(path, None, 1)}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("q.csv", f"question,intent\n{ZH},refund\n".encode()),
        ("q.csv", b"\xef\xbb\xbf" + f"question\n{ZH}\n".encode()),
        ("q.csv", f"Question;Intent\r\n{ZH};refund\r\n".encode()),
        ("q.csv", f"text\n{ZH}\n".encode("gb18030")),
        ("q.csv", f"question\tintent\n{ZH}\trefund\n".encode("utf-16")),
        ("q.tsv", f"query\tintent\n{ZH}\trefund\n".encode()),
        ("q.csv.gz", gzip.compress(f"question\n{ZH}\n".encode(), mtime=0)),
        ("q.jsonl", json.dumps({"question": ZH}).encode() + b"\n\n"),
        ("q.json", json.dumps([{"prompt": ZH}], indent=1).encode()),
        ("q.json", json.dumps([ZH]).encode()),
        ("q.jsonl", json.dumps({"messages": [{"role": "user", "content": ZH}]}).encode()),
        ("q.txt", f"{ZH}\n\n".encode()),
    ],
)
def test_a_file_is_read_however_it_was_written(tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    assert asked(path) == {ZH}


def test_a_line_break_within_quotes_is_part_of_the_question(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text('question,intent\n"How do I\nlog in?",login\n', encoding="utf-8")
    assert asked(path) == {"How do I\nlog in?"}


@pytest.mark.parametrize(
    ("name", "raw", "says"),
    [
        ("q.xlsx", b"PK", "save it as CSV"),
        ("q.csv", b"id,frage\n1,x\n", r"q\.csv:2: got id, frage, expected a column of question, text"),
        ("q.csv", b"question\n", "no question in it"),
        ("q.jsonl", b'{"question": "x"}\n{oops\n', r"q\.jsonl:2: not JSON"),
        ("q.jsonl", b"[1]\n", r"q\.jsonl:1: got list, expected"),
        ("q.csv.gz", b"no gzip", "cannot be read"),
        ("q.csv", b"\xff\xff\xff\xff", "neither UTF-8 nor GB 18030"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, raw: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(ConfigurationInvalid, match=says):
        from_file(path, None, 1)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"nowhere\.csv: cannot be read: No such file"):
        from_file(tmp_path / "nowhere.csv", None, 1)
