"""The rules' databases: read only, in time, and silent about values."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import RuleFailed
from workers.providers.databases import TIME_LIMIT_S, Databases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fleet import InProcess


@pytest.fixture
def databases() -> Iterator[Databases]:
    made = Databases()
    yield made
    made.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as db, db:
        db.execute("CREATE TABLE orders (number TEXT, customer TEXT)")
        db.executemany("INSERT INTO orders VALUES (?, ?)", [("A1", "u-1"), ("A2", "u-2"), ("A3", "u-2")])
    return f"sqlite:///{tmp_path / 'shop.sqlite'}"


def test_rows_come_as_columns_by_name_two_at_the_most(databases: Databases, url: str) -> None:
    sql = "SELECT * FROM orders WHERE customer = :user"
    assert databases.rows(url, sql, {"user": "u-1", "unused": "x"}) == [{"number": "A1", "customer": "u-1"}]
    assert len(databases.rows(url, "SELECT * FROM orders", {})) == 2


def test_what_a_customer_writes_is_a_value_and_never_sql(databases: Databases, url: str) -> None:
    sql = "SELECT * FROM orders WHERE number = :order"
    assert databases.rows(url, sql, {"order": "A1' OR '1'='1"}) == []


@pytest.mark.parametrize("sql", ["DELETE FROM orders", "INSERT INTO orders VALUES ('x', 'y')", "DROP TABLE orders"])
def test_nothing_can_be_changed(databases: Databases, url: str, sql: str) -> None:
    with pytest.raises(RuleFailed, match="readonly"):
        databases.rows(url, sql, {})


def test_a_query_that_takes_too_long_is_ended(databases: Databases, url: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    began = time.monotonic()
    with pytest.raises(RuleFailed, match="interrupted"):
        databases.rows(url, endless, {})
    assert time.monotonic() - began < TIME_LIMIT_S + 5


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("sqlite:////nowhere/shop.sqlite", "unable to open database file"),
        ("not a url", "cannot be used"),
        ("mysql://h/d", "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_named(databases: Databases, bad: str, says: str) -> None:
    with pytest.raises(RuleFailed, match=says):
        databases.rows(bad, "SELECT 1", {}, rule="order")


def test_a_missing_table_is_told_without_the_values(databases: Databases, url: str) -> None:
    with pytest.raises(RuleFailed, match="no such table") as caught:
        databases.rows(url, "SELECT * FROM parcels WHERE number = :order", {"order": "A-secret"})
    assert "A-secret" not in str(caught.value)


def test_the_model_answers_when_a_rules_database_is_down(
    fleet: InProcess, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, rule: str) -> None:
        raise RuleFailed(rule, "its database is down")

    monkeypatch.setattr(fleet.runtime.databases, "rows", down)
    answer = fleet.ask("What is my balance?", tenant=tenant, user="u-1")
    assert (answer.source, answer.degraded) == ("model", ("rule balance failed",))
