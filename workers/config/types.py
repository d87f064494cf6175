"""The types of settings: what a text of the configuration file may be, and what is said where it is not."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import re2
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from pipelines.text.patterns import compiled

Info = ValidationInfo[dict[str, Any]]
MOST_AMOUNT = 1_000_000
_PLAIN, _NAME = re.compile(r"[0-9]+(?:\.[0-9]+)?"), re.compile(r"[A-Z][A-Z0-9_]*")
AMOUNT = 'an amount as text, e.g. "0.15"'


def fault(says: str) -> PydanticCustomError:
    """A fault in the file's own words: pydantic shows these as they are."""
    return PydanticCustomError("fault", "{says}", {"says": says})


def _amount(value: Any) -> Decimal:
    # TOML's numbers are binary floats: money is text, so that 0.1 is a tenth.
    try:
        amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not isinstance(value, str) or not _PLAIN.fullmatch(value) or not amount.is_finite() or amount > MOST_AMOUNT:
        raise fault(f"expected {AMOUNT}")
    return amount


def _expanded(value: str, info: Info) -> str:
    if not value.startswith("$"):
        return value
    found: str = info.context["environ"].get(value[1:], "")
    if not found:
        # A name is shown, and nothing that may be more than one.
        raise fault(f"the variable {value[1:]} is not set" if _NAME.fullmatch(value[1:]) else "not a $VARIABLE")
    return found


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat() if value else value
    except ValueError:
        raise fault("expected a day, YYYY-MM-DD") from None


def _url(value: str) -> str:
    if value and not re.match(r"https?://[^/\s]+", value):
        raise fault("expected a URL, https://… or http://…")
    return value


def _said(value: str) -> str:
    if not value.strip():
        raise fault("expected text")
    return value


def _currency(value: str, info: Info) -> str:
    known = ("USD", *info.context["currencies"])
    if value not in known:
        raise fault(f"expected one of {', '.join(known)}")
    return value


def _patterns(value: list[str]) -> list[str]:
    for pattern in value:
        if not pattern:
            raise fault("expected RE2 patterns, and one of these is empty: it would match everything")
        try:
            compiled(pattern)
        except re2.error:
            raise fault("expected RE2 patterns, and one of these is none") from None
    return value


def _part(amount: Decimal) -> Decimal:
    if not 0 < amount < 1:
        raise fault('expected a part of the price as text, e.g. "0.5"')
    return amount


_AMOUNT_SCHEMA = {"type": "string", "pattern": f"^{_PLAIN.pattern}$", "examples": ["0.15"]}
Amount = Annotated[Decimal, BeforeValidator(_amount), WithJsonSchema(_AMOUNT_SCHEMA)]
PartOfPrice = Annotated[Amount, AfterValidator(_part)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_said)]
Expanded = Annotated[str, AfterValidator(_expanded)]
Url = Annotated[Expanded, AfterValidator(_url)]
Day = Annotated[str, AfterValidator(_day)]
Variable = Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
Currency = Annotated[str, AfterValidator(_currency)]
Patterns = Annotated[list[str], AfterValidator(_patterns)]
Positive = Annotated[int, Field(gt=0)]
Capability = Literal["tools", "json_schema", "vision"]
Refusable = Literal["max_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty"]
