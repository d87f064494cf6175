"""`farthing prices check`: by what the fleet counts, and which prices should be looked at."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from workers.cli import main

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
[[providers]]
name = "mine"
price_provider = "openai"
api_key_env = ""
models = [{{name = "gpt-4o-mini", tier = "economy"}}, {{name = "gpt-4o", tier = "premium"}}]
{more}
"""
OWN = """
[[prices]]
provider = "openai"
model = "gpt-4o"
input_per_mtok = "{price}"
output_per_mtok = "10"
cached_input_per_mtok = "1.25"
as_of = "{day}"
"""


def check(path: Path, monkeypatch: pytest.MonkeyPatch, more: str, *args: str) -> Any:
    file = path / "farthing.toml"
    file.write_text(FILE.format(more=more), encoding="utf-8")
    monkeypatch.setenv("FARTHING_CONFIG", str(file))
    monkeypatch.chdir(path)
    return CliRunner().invoke(main, ["prices", "check", *args])


def day(back: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=back)).isoformat()


@pytest.mark.parametrize(
    ("more", "state", "code"),
    [
        ("", "ok", 0),
        (OWN.format(price="2.5", day=day(5)), "ok", 0),
        (OWN.format(price="2", day=day(5)), "differs", 0),
        (OWN.format(price="2.5", day=day(200)), "old", 1),
        (OWN.format(price="2.5", day=""), "undated", 1),
    ],
)
def test_what_should_be_looked_at_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, state: str, code: int
) -> None:
    done = check(tmp_path, monkeypatch, more, "--json")
    rows = {row["model"]: row for row in json.loads(done.output)["prices"]}
    assert (rows["gpt-4o"]["state"], done.exit_code) == (state, code), done.output
    assert rows["gpt-4o-mini"]["input_usd_per_mtok"] == "0.15"
    assert rows["gpt-4o-mini"]["source"] == "genai-prices"
    assert rows["gpt-4o"]["source"] == ("overlay" if more else "genai-prices")
    text = check(tmp_path, monkeypatch, more).output
    assert "mine/gpt-4o-mini (economy): 0.15 / 0.075 / 0.6" in text


def test_a_model_that_nobody_has_a_price_for_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = '[[providers]]\nname = "other"\napi_key_env = ""\nmodels = [{name = "made-up-9", tier = "economy"}]'
    done = check(tmp_path, monkeypatch, more)
    assert done.exit_code == 1
    assert "no price is known" in done.output
