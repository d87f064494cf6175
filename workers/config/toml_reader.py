"""Reads checked values out of raw TOML and keeps every fault with its line."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MISSING = object()


class Reader:
    """Takes checked values out of raw TOML and keeps every fault with its line."""

    def __init__(self, raw: dict[str, Any], at: dict[str, int], source: str, environ: Mapping[str, str]) -> None:
        self.raw, self.environ = raw, environ
        self._at, self._source = at, source
        self.faults: list[str] = []

    def fault(self, path: str, says: str) -> None:
        """Note a fault at a dotted path."""
        line = self._at.get(path) or self._at.get(path.rpartition(".")[0])
        where = f"{self._source}:{line}" if line else self._source
        self.faults.append(f"{where}: {path}: {says}")

    def only(self, table: Mapping[str, Any], path: str, known: tuple[str, ...]) -> None:
        """Every other name in the table is a fault."""
        for name in table:
            if name not in known:
                where = f"{path}.{name}" if path else name
                self.fault(where, f"no such setting, expected one of {', '.join(known)}")

    def take(
        self,
        table: Mapping[str, Any],
        path: str,
        name: str,
        kind: type[Any],
        default: Any = _MISSING,
        *,
        ok: Callable[[Any], bool] = lambda _: True,
        expected: str = "",
    ) -> Any:
        """A value of ``kind`` for which ``ok`` holds; a fault, and ``default`` or an empty one, when it is not."""
        value = table.get(name, _MISSING)
        where = f"{path}.{name}" if path else name
        expected = expected or {str: "text", int: "a whole number", float: "a number"}.get(kind, kind.__name__)
        if value is _MISSING:
            if default is _MISSING:
                self.fault(where, f"missing, expected {expected}")
                return kind()
            return default
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool) or not ok(value):
            self.fault(where, f"got {value!r:.80}, expected {expected}")
            return kind() if default is _MISSING else default
        return value

    def expanded(self, table: Mapping[str, Any], path: str, name: str, expected: str, default: Any = _MISSING) -> str:
        """Text, or the value of the variable that ``$NAME`` names: for addresses that differ between installations."""
        text: str = self.take(
            table, path, name, str, default, ok=bool if default is _MISSING else lambda _: True, expected=expected
        )
        if not text.startswith("$"):
            return text
        value = self.environ.get(text[1:], "")
        if not value:
            self.fault(f"{path}.{name}", f"the variable {text[1:]} is not set")
        return value

    def tables(self, table: Mapping[str, Any], path: str, name: str) -> list[tuple[str, dict[str, Any]]]:
        """An array of tables, each with its path."""
        rows = self.take(table, path, name, list, [], expected="[[" + name + "]] tables")
        prefix = f"{path}.{name}" if path else name
        good = [(f"{prefix}[{i}]", row) for i, row in enumerate(rows) if isinstance(row, dict)]
        if len(good) < len(rows):
            self.fault(prefix, f"expected [[{prefix}]] tables")
        return good

    def money(self, row: dict[str, Any], path: str, name: str, default: Any = _MISSING) -> Any:
        """An amount of money as Decimal; None when it is absent and ``default`` is."""
        text = self.take(row, path, name, str, default, expected='an amount as text, e.g. "0.15"')
        if text is None:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            if text:
                self.fault(f"{path}.{name}", f'got {text!r:.40}, expected an amount as text, e.g. "0.15"')
            return Decimal(0)
        return amount
