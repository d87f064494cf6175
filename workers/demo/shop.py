"""The demo's shop: customers, their orders and balances in a small SQLite database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

USERS = tuple(f"u-{number}" for number in range(1, 41))
ORDERS = 3  # of each customer
STATES = (
    ("is being packed", "正在打包"),
    ("was handed to the carrier", "已交给快递"),
    ("is out for delivery", "正在派送"),
    ("was delivered", "已签收"),
)


def order_number(user: str, which: int) -> str:
    """Number of a customer's first, second or third order."""
    return f"A{USERS.index(user) * ORDERS + which + 10_001}"


def seed(path: Path) -> str:
    """Make the database and return its SQLAlchemy URL."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE orders (number TEXT PRIMARY KEY, customer TEXT, status_en TEXT, status_zh TEXT)")
        db.execute("CREATE TABLE accounts (customer TEXT PRIMARY KEY, balance TEXT)")
        for index, user in enumerate(USERS):
            db.execute("INSERT INTO accounts VALUES (?, ?)", (user, f"{index * 7.35:.2f}"))
            for which in range(ORDERS):
                state = STATES[(index + which) % len(STATES)]
                db.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", (order_number(user, which), user, *state))
    return f"sqlite:///{path}"
