"""The rules' databases through SQLAlchemy: read-only, with a time limit, a few rows at the most."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, ProgrammingError, SQLAlchemyError

from pipelines.errors import RuleFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

TIME_LIMIT_S = 2.0  # a structured question is a lookup by key; what takes longer lacks an index
MOST_ROWS = 2  # one is the answer, two mean that the question is ambiguous
SQLITE_STEPS = 10_000  # virtual machine steps between two looks at the clock


class Databases:
    """An engine per URL, made on first use and shared by all threads."""

    def __init__(self) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._lock = threading.Lock()

    def rows(self, url: str, sql: str, bindings: Mapping[str, Any], *, rule: str = "") -> list[dict[str, Any]]:
        """At most two rows; raises RuleFailed. Errors name no value: bindings hold what a customer wrote."""
        try:
            engine = self._engine(url)
            query = sqlalchemy.text(sql)
            wanted = {name: bindings[name] for name in query.compile().params if name in bindings}
            with engine.connect() as connection:
                _limit(connection)
                return [dict(row) for row in connection.execute(query, wanted).mappings().fetchmany(MOST_ROWS)]
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise RuleFailed(rule, f"its database URL cannot be used ({type(error).__name__})") from None
        except SQLAlchemyError as error:
            raise RuleFailed(rule, f"its database said {_failure(error)}") from None

    def close(self) -> None:
        """Close every pool."""
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()

    def _engine(self, url: str) -> sqlalchemy.Engine:
        with self._lock:
            if url not in self._engines:
                self._engines[url] = _read_only(sqlalchemy.make_url(url))
            return self._engines[url]


def _read_only(url: sqlalchemy.URL) -> sqlalchemy.Engine:
    common: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        # mode=ro neither writes nor, when the path is mistyped, makes an empty database there.
        if url.database and not url.database.startswith("file:"):
            url = url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
        return sqlalchemy.create_engine(url, **common)
    if dialect == "postgresql":
        options = f"-c default_transaction_read_only=on -c statement_timeout={int(TIME_LIMIT_S * 1000)}"
        return sqlalchemy.create_engine(
            url, connect_args={"options": options, "connect_timeout": int(TIME_LIMIT_S)}, **common
        )
    raise ArgumentError(f"{dialect}: neither sqlite nor postgresql")  # no read-only mode that we could vouch for


def _limit(connection: sqlalchemy.Connection) -> None:
    """SQLite has no statement timeout: a handler looks at the clock and interrupts."""
    if connection.dialect.name != "sqlite":
        return
    until = time.monotonic() + TIME_LIMIT_S
    raw: Any = connection.connection.dbapi_connection
    raw.set_progress_handler(lambda: time.monotonic() > until, SQLITE_STEPS)


def _failure(error: SQLAlchemyError) -> str:
    """What went wrong. Only errors of connection and schema are quoted: others may repeat a value."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).splitlines() if isinstance(error, OperationalError | ProgrammingError) else []
    return f"{type(cause).__name__}: {lines[0][:200]}" if lines else type(cause).__name__
