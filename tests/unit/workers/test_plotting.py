"""What the commands measured is drawn, to a picture of the kind that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import ConfigurationInvalid
from workers.evaluation import plotting

if TYPE_CHECKING:
    from pathlib import Path

KEPT = {"0.05": 0.9, "0.10": 0.95, "0.25": 0.97}
EVIDENCE = {"evidence_kept": KEPT, "baselines": {"last_turns": KEPT, "bm25": KEPT, "random": KEPT}}
INVOICE = {"models": {f"p/{n}": {"usd": {"all": "1.5", "summary": "3", "ours": "0"}} for n in range(3)}}


@pytest.mark.parametrize(("kind", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
@pytest.mark.parametrize(("draws", "found"), [("evidence", EVIDENCE), ("invoice", INVOICE)])
def test_it_is_drawn(tmp_path: Path, kind: str, begins: bytes, draws: str, found: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / f"found{kind}"
    plotting.check(path)
    getattr(plotting, draws)(path, found, "a title")
    assert path.read_bytes().startswith(begins)


@pytest.mark.parametrize("name", ["found", "found.pdf", "no-such-folder/found.png"])
def test_what_cannot_be_drawn_is_said_before_minutes_are_spent(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="--plot"):
        plotting.check(tmp_path / name)
