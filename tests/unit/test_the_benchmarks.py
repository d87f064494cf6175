"""Every benchmark that the manual names can be started: what it measures is not run here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.__main__ import BENCHES, LONG

PAGES = (Path("README.md"), *Path("docs").glob("*.md"))
NAMED = {
    name
    for page in PAGES
    for name in re.findall(r"python -m tests\.benchmarks (\w+)", page.read_text(encoding="utf-8"))
}


# In a process of its own: some import the Celery app, which reads its settings then and there.
STARTS = """
import importlib, sys
for name in sys.argv[1:]:
    assert callable(importlib.import_module(f"tests.benchmarks.{name}").run), name
"""


def test_every_benchmark_can_be_started() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTS, *BENCHES, *LONG], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_the_manual_names_is_there() -> None:
    assert {*BENCHES, *LONG} >= NAMED
    assert "noise" in NAMED
