"""The bare install: the wheel and what it requires, outside the repository, are all that a web backend needs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

pytestmark = [pytest.mark.acceptance]

BACKEND = """
import sys
from workers.client import Farthing
farthing = Farthing("redis://127.0.0.1:1/0", environ={})
from pipelines.errors import JobInvalid
try:
    farthing.submit("")
except JobInvalid as error:
    assert error.field == "messages", error
else:
    raise SystemExit("an empty question was taken")
heavy = {"torch", "faiss", "numpy", "sentence_transformers", "openai", "flower", "sqlalchemy"} & set(sys.modules)
raise SystemExit(f"imported {heavy}" if heavy else 0)
"""


def required(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Names of the distributions that ``name`` needs, itself included."""
    found, waiting = set(), [(name, extras)]
    while waiting:
        wanted, of = waiting.pop()
        try:
            needs = distribution(wanted).requires or []
        except PackageNotFoundError:
            continue  # for another platform
        found.add(wanted)
        for line in needs:
            need = Requirement(line)
            applies = need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *of))
            if applies and need.name not in found:
                waiting.append((need.name, frozenset(need.extras)))
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    (made,) = out.glob("farthing-*.whl")
    return made


def put_together(wheel: Path, site: Path, needed: set[str]) -> None:
    """A folder of packages: the wheel, and links to what is needed of what is installed here."""
    site.mkdir()
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    for name in needed - {"farthing"}:
        for top in {file.parts[0] for file in distribution(name).files or () if ".." not in file.parts}:
            there = Path(str(distribution(name).locate_file(top)))
            if there.exists() and not (site / top).exists():
                (site / top).symlink_to(there)


def run(site: Path, program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """-S: the interpreter's own packages are out of sight; only what was put together is there."""
    return subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=site.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site), **environ},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_web_backend_needs_the_wheel_celery_and_redis_alone(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    carried = (
        "workers/demo/demo.toml",
        "workers/demo/questions.toml",
        "workers/store/lua/put.lua",
        "pipelines/py.typed",
    )
    assert names.issuperset(carried)
    assert not [name for name in names if name.startswith(("tests/", "deploy/"))]
    needed = required("farthing")
    assert needed >= {"celery", "redis", "kombu"}
    put_together(wheel, tmp_path / "site", needed)
    done = run(tmp_path / "site", BACKEND)
    assert done.returncode == 0, done.stdout + done.stderr


SERVING = """
import sys
from workers.runtime import runtime
found = runtime().encoder.encode(["How do I reset my password?"])
assert found.shape == (1, 384), found.shape
for module in ("torch", "transformers", "sentence_transformers", "onnx"):
    try:
        __import__(module)
    except ImportError:
        continue
    raise SystemExit(f"{module} is there")
"""


def test_a_worker_whose_encoder_was_exported_elsewhere_needs_no_torch(wheel: Path, tmp_path: Path) -> None:
    exported = str(tmp_path / "encoders")
    make = [sys.executable, "-c", "from workers.runtime import runtime; runtime().encoder"]
    subprocess.run(make, env={**os.environ, "FARTHING_ENCODER_DIR": exported}, check=True, timeout=100)
    needed = required("farthing", frozenset({"serve"}))
    assert not needed & {"torch", "transformers", "sentence-transformers", "onnx"}
    put_together(wheel, tmp_path / "site", needed)
    done = run(tmp_path / "site", SERVING, FARTHING_ENCODER_DIR=exported)
    assert done.returncode == 0, done.stdout + done.stderr
