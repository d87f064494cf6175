"""Every command of the README and the manual runs, in order, page by page, beside a fleet of stand-ins."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import datasets
from tests.acceptance.up import Up

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
# What a test cannot run, each with what looks at it instead.
ELSEWHERE = {
    "make": "a target of the Makefile",
    "docker": "tests/acceptance/test_compose.py",
    "pip": "what it installs is in .[dev]",
    "export": "an environment of the reader's",
    "farthing up": "the fleet that the commands run beside",
}
JOB = re.compile(r"job\s+([0-9a-f-]{36})")


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = re.findall(r"^\$ (.+(?:\\\n.+)*)", "\n".join(blocks), re.MULTILINE)
    return [re.sub(r"\s{2,}#.*", "", line) for line in lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: the checkout's files, and under the sets' names small ones in their shape."""
    home = tmp_path_factory.mktemp("reader")
    for name in ("deploy", "tests", "workers", "pipelines"):
        (home / name).symlink_to(Path(name).resolve())
    with Path("deploy/examples/questions.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["question"], row["intent"]) for row in csv.DictReader(file)]
    for name, table in (("train.csv", rows[:90]), ("clinc150.csv", rows[90:150])):
        with (home / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "category"), *table])
    datasets.main(["banking77", str(home / "train.csv"), str(home / "banking77-train.csv.gz")])
    datasets.main(["banking77", str(home / "clinc150.csv"), str(home / "clinc150-train.csv.gz")])
    return home


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("manual")) as started:
        yield started


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.stem)
def test_the_commands_of_a_page_run(page: Path, folder: Path, up: Up) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    job = ""
    for command in commands(page):
        if re.match(rf"(?:{'|'.join(ELSEWHERE)})(?: |$)", command):
            continue
        status, said = _run(command, folder, {**up.environ, "PATH": path, "JOB": job})
        if command == "farthing doctor":  # the stand-in has no key, and the doctor says so
            assert "Traceback" not in said
        else:
            assert status == 0, f"{command}\n{said}"
        found = JOB.search(said)
        job = found[1] if found else job


def _run(command: str, folder: Path, environ: dict[str, str]) -> tuple[int, str]:
    """Status and all that a person sees."""
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done: Any = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environ, text=True, timeout=120, check=False, **both
    )
    return done.returncode, done.stdout


def test_every_target_that_the_manual_names_is_there() -> None:
    made = set(re.findall(r"^([\w-]+):", Path("Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"\bmake ([a-z]+)\b", _code(page))}
    assert named <= made
    assert {"demo", "test"} <= named


def _code(page: Path) -> str:
    """What stands in backticks and in blocks."""
    return "\n".join(re.findall(r"`[^`]+`|```.*?```", page.read_text(encoding="utf-8"), re.DOTALL))


def test_the_programs_of_the_manual_are_python() -> None:
    for page in PAGES:
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            compile(block, str(page), "exec", flags=0, dont_inherit=True)


def test_the_labelled_questions_are_the_demos() -> None:
    book = tomllib.loads(Path("workers/demo/questions.toml").read_text(encoding="utf-8"))
    with Path("deploy/examples/questions.csv").open(encoding="utf-8", newline="") as file:
        held = [(row["question"], row["intent"]) for row in csv.DictReader(file)]
    assert held == [(question, one["name"]) for one in book["meanings"] for question in one["ask"]]
    assert shutil.which("bash"), "the commands of the manual are bash's"
