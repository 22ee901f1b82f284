"""What SQLite and PostgreSQL say differently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from recorder.adapters.contact_db.columns import CleanText, clean

POSTGRES = "postgresql"
Upsert: TypeAlias = postgresql.Insert | sqlite.Insert


def insert(dialect: str, table: Table) -> Upsert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if dialect == POSTGRES else sqlite.insert(table)


def among(dialect: str, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """`column` is one of the texts given as parameter `name`, made by `texts`.

    One parameter whatever the number of texts: no limit on parameters, and one cached statement.
    """
    if dialect == POSTGRES:
        return column == func.any(bindparam(name, type_=ARRAY(Text)))
    each = func.json_each(bindparam(name, type_=String)).table_valued("value")
    values: Select[Any] = select(each.c.value)
    return column.in_(values)


def each(dialect: str, name: str) -> TableValuedAlias:
    """Each of the texts given as parameter `name`, made by `texts`, as the column `value` of a table."""
    if dialect == POSTGRES:
        given = func.unnest(bindparam(name, type_=ARRAY(Text)))
        return given.table_valued(column("value", CleanText)).render_derived()
    return func.json_each(bindparam(name, type_=String)).table_valued(column("value", CleanText))


def texts(dialect: str, values: Sequence[str]) -> object:
    """The parameter for `among` and `each`."""
    cleaned = [clean(value) for value in values]
    return cleaned if dialect == POSTGRES else json.dumps(cleaned)


def prefixed(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """`column` begins with `prefix`: a range of the index, since text compares byte by byte."""
    return (column >= prefix) & (column < prefix + chr(0x10FFFF))


def in_sql(word: str) -> ColumnElement[str]:
    """One of our own words as part of a statement, not as a parameter."""
    assert word.isidentifier(), "a plain word"
    return literal_column(f"'{word}'", String)


def to_json(value: object) -> str:
    """The same text for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def strings(document: str) -> dict[str, str]:
    """A JSON object of texts."""
    return cast("dict[str, str]", json.loads(document or "{}"))
