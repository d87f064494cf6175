"""The house keeps its own rules: who may import whom, how large a file may grow, and names that are contracts."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml

from pipelines import journey
from workers import queues

PIPELINES, WORKERS = (sorted(Path(house).rglob("*.py")) for house in ("pipelines", "workers"))
# What an import contract cannot see: a clock or a file that is reached through an innocent module or a builtin.
IMPURE = {"now", "today", "utcnow", "open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "glob"}
READS_ITS_OWN_DATA = {"verifier.py"}  # the shipped weights, once


def linted(root: Path) -> subprocess.CompletedProcess[str]:
    """What the import contracts of pyproject.toml say of the tree under ``root``."""
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-P", "-c", program, "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two houses alone, to plant faults in."""
    root = tmp_path_factory.mktemp("house")
    for house in ("pipelines", "workers"):
        shutil.copytree(house, root / house, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy("pyproject.toml", root)
    return root


def test_the_import_contracts_hold(copy: Path) -> None:
    done = linted(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("planted", "contract"),
    [
        ({"pipelines/deep/room/clock.py": "import time\n"}, "Decisions are pure"),
        ({"pipelines/deep/room/queue.py": "from celery import Celery\n"}, "Decisions are pure"),
        ({"pipelines/deep/up.py": "from workers import keys\n"}, "Workers act on what pipelines decide"),
        ({"workers/deep/door.py": "import openai\n"}, "One file speaks to providers"),
        (
            {
                "workers/deep/one.py": "from workers.deep import other\n",
                "workers/deep/other.py": "from workers.deep import one\n",
            },
            "No circle",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else next(iter(given)),
)
def test_a_fault_that_is_planted_in_a_deep_room_is_seen(copy: Path, planted: dict[str, str], contract: str) -> None:
    made: list[Path] = []
    try:
        for name, text in planted.items():
            path = copy / name
            for folder in reversed([*path.relative_to(copy).parents][:-2]):
                (copy / folder).mkdir(exist_ok=True)
                (copy / folder / "__init__.py").touch()
            path.write_text(text, encoding="utf-8")
            made.append(path)
        done = linted(copy)
    finally:
        for path in made:
            path.unlink()
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"{contract}(?:(?!KEPT).)*? BROKEN", done.stdout, re.DOTALL), done.stdout


@pytest.mark.parametrize("path", PIPELINES, ids=str)
def test_decisions_reach_for_no_file_and_no_clock(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    called = {getattr(call, "attr", None) or getattr(call, "id", None) for call in calls}
    assert path.name in READS_ITS_OWN_DATA or not called & IMPURE


@pytest.mark.parametrize("path", [*PIPELINES, *WORKERS], ids=str)
def test_a_file_says_its_job_in_line_one_and_stays_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"""'), "line 1 says the file's one job"
    assert len(lines) <= 300


def test_a_test_file_stays_readable_too() -> None:
    assert [str(p) for p in Path("tests").rglob("*.py") if len(p.read_text(encoding="utf-8").splitlines()) > 300] == []


@pytest.mark.usefixtures("home")  # the app reads its settings when it is imported
def test_the_queues_and_tasks_of_the_contract() -> None:
    assert {queue.name: set(queue.tasks) for queue in queues.QUEUES} == {
        "cache-lookup": {"chat.cache_lookup"},
        "classify": {"chat.classify"},
        "compress-context": {"chat.compress_context"},
        "model-call": {"chat.model_call"},
        "write-back": {"cache.write_back"},
        "maintenance": {"cache.maintain", "cache.feedback"},
    }
    from workers.tasks import app

    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == set(queues.QUEUE_OF)
    assert ours >= set(journey.AFTER_A_MISS)


def test_every_redis_key_is_in_the_one_table() -> None:
    for path in WORKERS:
        if path.name not in ("keys.py", "lists.py", "doctor.py"):
            assert not re.search(r"""["']farthing:(?! )""", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("path", sorted(Path("workers/store/lua").glob("*.lua")), ids=lambda path: path.stem)
def test_a_script_makes_no_key_of_its_own(path: Path) -> None:
    code = "\n".join(line.partition("--")[0] for line in path.read_text(encoding="utf-8").splitlines())
    # Which lanes there are stands in the broker's Redis alone, and that is no cluster.
    assert path.stem == "lanes" or not re.search(r"(?<!\.)\.\.(?!\.)", code), (
        "every key comes in KEYS: ACLs, Redis Cluster and the table of keys see no other"
    )
    assert path.stem in ("note", "lanes") or "KEYS" in code


def test_no_other_distribution_owns_our_packages() -> None:
    ours = {"workers", "pipelines"}
    owners = {d.name for d in distributions() if any(file.parts[0] in ours for file in d.files or ())}
    assert owners <= {"farthing"}


def test_composes_services_are_the_queue_table() -> None:
    services = yaml.safe_load(Path("compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {queue.name for queue in queues.QUEUES} | {"broker", "cache", "beat", "flower"}
    for queue in queues.QUEUES:
        assert services[queue.name]["command"] == ["celery", *queue.command()]
        assert services[queue.name]["healthcheck"]
    for name, service in services.items():
        assert service["read_only"], name
        assert service["restart"] == "unless-stopped", name
        assert service["cap_drop"] == ["ALL"], name
        # Nothing is published but Flower, and that on loopback.
        assert service.get("ports", []) == (["127.0.0.1:5555:5555"] if name == "flower" else [])


def test_no_secret_is_written_down() -> None:
    text = Path("compose.yaml").read_text(encoding="utf-8")
    for name in re.findall(r"(\w*(?:PASSWORD|SECRET|API_KEY)): (.+)", text):
        assert "${" in name[1], name
    example = Path("deploy/example.env").read_text(encoding="utf-8")
    assert not re.search(r"^\w*(?:PASSWORD|SECRET|KEY)=\S", example, re.MULTILINE)
