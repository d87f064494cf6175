"""The manual names what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pipelines.answer import Answer
from pipelines.job import Job
from tests import reference
from workers.config import configuration, manual
from workers.config.settings import Settings
from workers.observability import counters

DOCS = sorted(Path("docs").glob("*.md"))
HOUSES = ("pipelines", "workers", "tests", "deploy", "docs")


@pytest.mark.parametrize("page", [*DOCS, Path("README.md")], ids=str)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:pipelines|workers|tests|deploy|docs)/[\w./-]+?)/?`", text)
    linked = [link for link in re.findall(r"\]\(([^)#]+)", text) if not link.startswith("http")]
    assert not [name for name in named if not Path(name).exists()]
    assert not [link for link in linked if not (page.parent / link).exists()]


def test_the_reference_is_what_the_code_says() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    assert reference.written(page) == page, "python -m tests.reference"
    assert reference.SCHEMA.read_text(encoding="utf-8") == manual.json_schema(), "python -m tests.reference"


def test_every_field_of_job_and_answer_is_in_the_reference() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    job = Job.decode({"messages": [{"role": "user", "content": "x"}], "priority": "batch", "context": "all"})
    for title, fields in (("The job", job.encode()), ("The answer", Answer("x", "model").encode())):
        section = page.partition(f"## {title}\n")[2].partition("\n## ")[0]
        named = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", section, re.MULTILINE)))
        assert sorted(named) == sorted(fields), title


def test_every_counter_is_in_the_reference() -> None:
    listed = [re.sub(r"<\w+>", "x", name) for name in counters.EVENTS]
    for path in Path("workers").rglob("*.py"):
        for name in re.findall(r"counters\.count\(f?\"([^\"]+)\"", path.read_text(encoding="utf-8")):
            pattern = r"[^.]+".join(map(re.escape, re.split(r"\{[^}]*\}", name)))
            assert any(re.fullmatch(pattern, one) for one in listed), name


def test_the_first_page_is_short() -> None:
    assert len(Path("README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_room_is_in_the_architecture() -> None:
    said = Path("docs/architecture.md").read_text(encoding="utf-8")
    rooms = [room.parent.name for house in ("pipelines", "workers") for room in Path(house).glob("*/__init__.py")]
    assert not [room for room in rooms if f"| `{room}` |" not in said]


def test_the_glossary_has_each_word_once() -> None:
    words = re.findall(r"\*\*([\w-]+)\*\*", Path("docs/glossary.md").read_text(encoding="utf-8"))
    assert len(words) == len(set(words)) >= 40


def test_no_name_of_the_code_is_a_word_that_was_given_up() -> None:
    page = Path("docs/glossary.md").read_text(encoding="utf-8").partition("## Not")[2]
    given_up = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", page, re.MULTILINE))))
    assert {"Found", "settling"} <= given_up
    for path in (file for house in ("pipelines", "workers") for file in Path(house).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {getattr(node, key) for node in ast.walk(tree) for key in ("name", "id", "arg") if hasattr(node, key)}
        assert sorted(given_up & (names | {path.stem})) == [], path


BLOCKS = re.findall(r"```toml\n(.*?)```", Path("docs/how-to.md").read_text(encoding="utf-8"), re.DOTALL)
BASE = """
[[providers]]
name = "openai"
[[providers.models]]
name = "gpt-4o-mini"
tier = "economy"
[[providers.models]]
name = "gpt-4o"
tier = "premium"
"""


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_configuration_of_the_how_to_is_right(tmp_path: Path, block: str) -> None:
    path = tmp_path / "farthing.toml"
    path.write_text(BASE + block, encoding="utf-8")
    environ = {"FARTHING_CONFIG": str(path)}
    assert configuration.load(Settings.from_env(environ), environ).catalog.models()
