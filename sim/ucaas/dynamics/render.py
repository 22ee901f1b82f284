"""Rows as JSON: values in wire form, keys and etags always, annotations when asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sim.ucaas.dynamics.lexer import Value, instant_text
from sim.ucaas.dynamics.prefer import Preferences
from sim.ucaas.dynamics.schema import Column, label
from sim.ucaas.dynamics.tables import Row, Store, Table

_CRM = "Microsoft.Dynamics.CRM"
_FORMATTED = "OData.Community.Display.V1.FormattedValue"


def render(
    store: Store, table: Table, row: Row, select: tuple[str, ...], prefer: Preferences
) -> dict[str, Any]:
    """One row; an empty `select` means every column."""
    out: dict[str, Any] = {"@odata.etag": etag(row)}
    for name in dict.fromkeys((*(select or table.schema.columns), table.schema.key)):
        column = table.schema.columns[name]
        value = row[name]
        if value is not None and prefer.annotations:
            out |= _annotations(store, table, column, value, prefer)
        out[name] = wire(column, value)
    return out


def etag(row: Row) -> str:
    """The weak tag made of the row's version."""
    return f'W/"{row["versionnumber"]}"'


def wire(column: Column, value: Value) -> Value:
    """A value as it travels."""
    return instant_text(value) if column.kind == "datetime" and isinstance(value, int) else value


def _annotations(
    store: Store, table: Table, column: Column, value: Value, prefer: Preferences
) -> dict[str, str]:
    name, out = column.name, dict[str, str]()
    if column.kind == "lookup":
        logical = column.target
        if column.target in store.schemas:
            found = store.table(column.target).get(str(value))
            title = None if found is None else found[store.table(column.target).schema.title]
            if title is not None and prefer.wants(_FORMATTED):
                out[f"{name}@{_FORMATTED}"] = str(title)
        if logical and prefer.wants(f"{_CRM}.lookuplogicalname"):
            out[f"{name}@{_CRM}.lookuplogicalname"] = logical
        for navigation, lookup in table.schema.lookups.items():
            if lookup == name and prefer.wants(f"{_CRM}.associatednavigationproperty"):
                out[f"{name}@{_CRM}.associatednavigationproperty"] = navigation
        return out
    text = _formatted(table, column, value)
    if text is not None and prefer.wants(_FORMATTED):
        out[f"{name}@{_FORMATTED}"] = text
    return out


def _formatted(table: Table, column: Column, value: Value) -> str | None:
    """What a person would read; dates in the caller's form, which nobody should parse."""
    match column.kind:
        case "choice":
            return label(table.schema.logical, column.name, int(str(value)))
        case "multi":
            parts = str(value).split(",")
            return "; ".join(label(table.schema.logical, column.name, int(part)) for part in parts)
        case "bool":
            return "Yes" if value else "No"
        case "int":
            return f"{value:,}"
        case "datetime":
            instant = datetime.fromtimestamp(int(str(value)) // 1_000_000, UTC)
            return instant.strftime("%m/%d/%Y %I:%M %p")
        case _:
            return None
