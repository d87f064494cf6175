"""Every benchmark that the manual names can be started: what it measures is not run here."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import BENCHES, LONG

PAGES = (Path("README.md"), *Path("docs").glob("*.md"))
NAMED = {
    name
    for page in PAGES
    for name in re.findall(r"python -m tests\.benchmarks (\w+)", page.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("name", [*BENCHES, *LONG])
def test_a_benchmark_can_be_started(name: str) -> None:
    assert callable(importlib.import_module(f"tests.benchmarks.{name}").run)


def test_what_the_manual_names_is_there() -> None:
    assert {*BENCHES, *LONG} >= NAMED
    assert "noise" in NAMED
