"""The commands that measure and train, on small files: what they print, and what they say of a bad file."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from pipelines.cache.verifier import Weights
from workers.cli.verbs import main

if TYPE_CHECKING:
    from pathlib import Path

TOPICS = {
    "password": "reset my password",
    "card": "order a new bank card",
    "hours": "visit you on a holiday",
    "refund": "get my money back",
}
OPENINGS = ("How do I", "How can I", "I want to", "Tell me how to", "What must I do to", "Is it hard to")


def run(*arguments: object, status: int = 0) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == status, done.output
    return done.output


def figures(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json"))


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.csv.gz"
    rows = [f"{opening} {asked}?,{intent}" for intent, asked in TOPICS.items() for opening in OPENINGS]
    rows += [f"a remark of no kind number {word},oos" for word in ("one", "two")]
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.write("question,intent\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text(
        "question_a,question_b,same_meaning\n"
        "How do I reset my password?,How can I reset my password?,1\n"
        "How do I upgrade my plan?,How do I downgrade my plan?,0\n"
        'Do you ship to Norway?,"Please, do you ship to Norway?",1\n'
        "怎么退款？,如何申请退款？,1\n"
        "What is a bond?,Who paints the fence?,0\n",
        encoding="utf-8",
    )
    return path


def test_a_stream_prints_the_contracts_figures_and_can_be_repeated(questions: Path) -> None:
    found = figures("evaluate", "stream", questions, "--seed", 3)
    assert found == figures("evaluate", "stream", questions, "--seed", 3)
    assert (found["requests"], found["target"], found["judge_calls"]) == (26, 0.01, 0)
    assert found["hit_rate"] == pytest.approx(found["hits"] / 26, abs=1e-4)
    assert found["wrong_per_request"] == pytest.approx(found["wrong_hits"] / 26, abs=1e-4)
    assert {"probability", "hit_rate", "wrong_per_request"} == set(found["curve"][0])
    assert figures("evaluate", "stream", questions, "--limit", 10)["requests"] == 10
    assert "hit_rate" in run("evaluate", "stream", questions, "--judge-error", 0.05)


def test_pairs_are_decided_as_a_new_tenants_would_be(pairs: Path) -> None:
    found = figures("evaluate", "pairs", pairs)
    assert (found["pairs"], found["same"], found["served"], found["wrong"]) == (5, 3, 2, 0)
    assert (found["precision"], found["recall"]) == (1.0, pytest.approx(2 / 3, abs=1e-4))
    assert found["refused_by"] == {"not probable enough": 2, "opposite": 1}
    judged = figures("evaluate", "pairs", pairs, "--judge-error", 0.0)
    assert (judged["wrong"], judged["judge_calls"] > 0) == (0, True)


def test_followups_are_told_from_turns_that_stand_alone(tmp_path: Path) -> None:
    path = tmp_path / "turns.jsonl"
    rows = [
        ("Do you sell lamps?", "And for the other one?", "Do you sell the other lamp?"),
        ("Do you sell lamps?", "How do I reset my password?", "How do I reset my password?"),
        ("Do you sell lamps?", "How do I change my password?", "How do I change my password in your shop?"),
    ]
    said = [
        {"user_turns": [first, last], "last_turn": last, "standalone_rewrite": alone} for first, last, alone in rows
    ]
    said.append({"user_turns": ["Hello"], "last_turn": "Hello", "standalone_rewrite": "Hello"})  # nothing before it
    path.write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    assert figures("evaluate", "followups", path) == {
        "turns": 3,
        "dependent": 2,
        "dependent_recall": 0.5,
        "standalone": 1,
        "standalone_kept": 1.0,
    }


def test_privacy_is_measured_by_type(tmp_path: Path) -> None:
    path = tmp_path / "pii.jsonl"
    text = "I am Ann Miller, ann@example.org"
    spans = [
        {"type": "name", "start": 5, "end": 15},
        {"entity_type": "email", "start_position": 17, "end_position": 32},
    ]
    path.write_text(json.dumps({"text": text, "spans": spans}), encoding="utf-8")
    found = figures("evaluate", "privacy", path)
    assert found == {"texts": 1, "found": 1, "recall": {"email": 1.0, "name": 0.0}, "precision": 1.0}


def test_training_writes_weights_that_can_be_loaded(questions: Path, pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "verify.json"
    found = figures("train", "verify", questions, pairs, "--out", out)
    assert found["files"] == 2
    made = Weights.decode(json.loads(out.read_text(encoding="utf-8")))
    assert (made.kind, made.encoder) == ("sentences", "st-65a115d45a5c177b-1")
    assert figures("evaluate", "stream", questions, "--verifier", out)["requests"] == 26
    assert figures("evaluate", "pairs", pairs, "--verifier", out)["wrong"] == 0
    assert "cannot be written" in run("train", "verify", pairs, "--out", tmp_path / "no" / "x.json", status=1)


def test_weights_of_another_encoder_are_refused(questions: Path, pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "verify.json"
    run("train", "verify", pairs, "--out", out, "--encoder", "int8:packaged")
    assert "was trained for st-65a115d45a5c177b-1-int8" in run("evaluate", "pairs", pairs, "--verifier", out, status=1)
    assert figures("evaluate", "pairs", pairs, "--verifier", out, "--encoder", "int8:packaged")["pairs"] == 5
    assert "expected a file of" in run("evaluate", "stream", questions, "--verifier", questions, status=1)
    assert "cannot read" in run("evaluate", "stream", questions, "--verifier", tmp_path / "none.json", status=1)
    assert "name files" in run("train", "verify", "--out", out, status=2)


@pytest.mark.parametrize(
    ("command", "text", "says"),
    [
        ("stream", None, "cannot be read: No such file"),
        ("stream", "question,intent\n", "got no rows"),
        ("stream", "words,kind\na,b\n", "got columns words, kind, expected question or text"),
        ("stream", "question,intent\nonly a question\n", "row 1: intent: missing"),
        ("pairs", "question_a,question_b,same_meaning\na,b,maybe\n", "row 1: got 'maybe', expected 1 or 0"),
    ],
)
def test_a_bad_csv_file_is_named_with_what_was_expected(
    tmp_path: Path, command: str, text: str | None, says: str
) -> None:
    path = tmp_path / "bad.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert says in run("evaluate", command, path, status=1)


@pytest.mark.parametrize(
    ("command", "text", "says"),
    [
        ("privacy", "{", "bad.jsonl:1: not JSON"),
        ("privacy", "[1]", "bad.jsonl:1: got list, expected an object"),
        ("privacy", '{"text": "a", "spans": "x"}', "row 1: spans:"),
        ("privacy", '{"text": "a", "spans": [{"start": 0}]}', "row 1: spans: 'end'"),
        ("followups", '{"last_turn": "a"}', "expected standalone_rewrite"),
    ],
)
def test_a_bad_json_file_is_named_with_its_line(tmp_path: Path, command: str, text: str, says: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    assert says in run("evaluate", command, path, status=1)


def test_an_encoder_that_cannot_measure_is_refused(pairs: Path) -> None:
    assert "would pay for every row" in run("evaluate", "pairs", pairs, "--encoder", "openai:m", status=1)
    assert "nothing to measure" in run("evaluate", "pairs", pairs, "--encoder", "none", status=1)


def test_what_conversations_cost_and_what_selection_keeps_of_them(tmp_path: Path) -> None:
    turns = [
        {"id": n, "speaker": "ab"[n % 2], "text": f"On day {n} I saw a {'heron' if n == 7 else 'crow'} by the river."}
        for n in range(40)
    ]
    asked = {"question": "On which day was there a heron?", "evidence": [7]}
    row = json.dumps({"turns": turns, "questions": [asked]})
    path = tmp_path / "talks.jsonl"
    path.write_text(row + "\n", encoding="utf-8")
    kept = figures("evaluate", "context", path)
    assert kept["evidence_kept"] == {"0.05": 1.0, "0.10": 1.0, "0.25": 1.0}
    assert kept["baselines"]["last_turns"]["0.25"] == 0.0
    bill = figures("evaluate", "invoice", path, "--model", "openai/gpt-4o-mini")["models"]["openai/gpt-4o-mini"]
    assert (bill["conversations"], bill["questions"], bill["dearer_than_all"]) == (1, 20, 0)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"turns": [{"id": 1}], "questions": []}, "expected turns (id, text, speaker)"),
        ({"turns": [{"id": 1, "text": "x"}], "questions": [{"question": "?"}]}, "names no evidence"),
        ({"turns": [{"id": 1, "text": "x"}], "questions": []}, "no question names the turns"),
    ],
)
def test_conversations_that_are_wrong_are_named(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert says in run("evaluate", "context", path, status=1)
    assert "price" in run("evaluate", "invoice", path, "--model", "openai/none", status=1)
