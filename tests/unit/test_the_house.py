"""The house keeps its own rules: who may import whom, how large a file may grow, and names that are contracts."""

from __future__ import annotations

import ast
import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml

from pipelines import journey
from workers import queues, settings

PIPELINES, WORKERS = (sorted(Path(room).glob("*.py")) for room in ("pipelines", "workers"))
PURE = {"celery", "kombu", "redis", "openai", "os", "time", "workers", "socket", "threading", "subprocess"}
FRAMEWORKS = {"celery", "kombu"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, its type-checking block included, in full."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", PIPELINES, ids=str)
def test_decisions_are_pure(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & PURE


@pytest.mark.parametrize("path", [*PIPELINES, *WORKERS], ids=str)
def test_a_file_says_its_job_in_line_one_and_stays_readable(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"""'), "line 1 says the file's one job"
    assert len(lines) <= 300


@pytest.mark.parametrize("room", ["pipelines", "workers"])
def test_imports_run_one_way(room: str) -> None:
    files = {f"{room}.{path.stem}": path for path in Path(room).glob("*.py")}
    graph = {name: imports(path) & set(files) - {name} for name, path in files.items()}
    while leaves := {name for name, wanted in graph.items() if not wanted & set(graph)}:
        graph = {name: wanted for name, wanted in graph.items() if name not in leaves}
    assert not graph, f"a circle among {sorted(graph)}"


def test_only_providers_imports_openai() -> None:
    assert [path.name for path in WORKERS if any(name.split(".")[0] == "openai" for name in imports(path))] == [
        "providers.py"
    ]


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
        if path.name not in ("keys.py", "doctor.py"):
            assert not re.search(r"""["']farthing:(?! )""", path.read_text(encoding="utf-8")), path


def test_the_readmes_settings_are_the_codes() -> None:
    assert settings.table() in Path("README.md").read_text(encoding="utf-8"), (
        "paste what workers.settings.table() returns"
    )


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
