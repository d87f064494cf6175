"""The configuration as the manual has it: tables in Markdown, and a JSON schema for editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import PydanticUndefined

from workers.config.schema import File, ModelTable, PriceTable, ProviderTable, RuleTable
from workers.config.tenant_tables import (
    BudgetTable,
    CacheTable,
    ContextTable,
    RoutingTable,
    Table,
    TenantBudgetTable,
    TenantContextTable,
    TenantRoutingTable,
    TenantTable,
)

_ORDER: tuple[type[Table], ...] = (
    ProviderTable, ModelTable, PriceTable, CacheTable, RoutingTable, BudgetTable, TenantTable, TenantRoutingTable,
    TenantBudgetTable, ContextTable, TenantContextTable, RuleTable,
)  # fmt: skip


def tables() -> str:
    """Every table of the file, with its settings."""
    return "\n\n".join([_section(File, "The whole file."), *(_section(table, "") for table in _ORDER)])


def json_schema() -> str:
    """The JSON schema of the file (draft 2020-12), for editors and checks."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **File.model_json_schema()}
    schema["title"] = "Farthing's configuration"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _section(table: type[Table], says: str) -> str:
    rows = [says or " ".join((table.__doc__ or "").split()), "", "| setting | default | |", "| --- | --- | --- |"]
    inherited = set(TenantTable.model_fields) if table is CacheTable else set()
    bounds = table.model_json_schema()["properties"]
    for name, one in table.model_fields.items():
        if name not in inherited:
            says = f"{one.description}{_bounds(bounds[name])}"
            rows.append(f"| `{name}` | {_default(one.default)} | {says} |")
    if inherited:
        rows[0] += " Beside what a tenant's table has:"
    return "\n".join(rows)


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, Table) or value in (None, "", [], {}):
        return ""
    return f"`{json.dumps(value)}`"


def _bounds(schema: dict[str, Any]) -> str:
    words = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}
    kinds = [schema, *schema.get("anyOf", [])]
    said = [f"{word} {kind[name]:g}" for kind in kinds for name, word in words.items() if name in kind]
    said += [" or ".join(f"`{one}`" for one in kind["enum"]) for kind in kinds if "enum" in kind]
    return f" ({', '.join(said)})" if said else ""
