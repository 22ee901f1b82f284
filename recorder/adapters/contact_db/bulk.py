"""Many rows with one statement, at a small part of what the ordinary way costs in processor time.

SQLAlchemy Core writes the statement. SQLite then gets plain values, many rows in one step, because every
step lets another thread run and costs the change to it and back; PostgreSQL gets one JSON document, which
costs client and server a fraction of one parameter for each value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any, TypeAlias
from typing import cast as believe

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.rows import Values
from recorder.adapters.contact_db.sql import POSTGRES, Upsert, insert

_DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Shape:
    """Into which table and columns rows go."""

    table: Table
    names: tuple[str, ...]


Conflict: TypeAlias = Callable[[Upsert, Shape], Upsert]
"""Adds what to do about rows that exist; the clause must hold no values of its own."""


def write_rows(
    connection: Connection, table: Table, conflict: Conflict, rows: Sequence[Values]
) -> None:
    """Insert all rows; they have the same names as keys, and no two of them the same primary key.

    `conflict` must be a plain function: what it makes is kept for the next time.
    """
    if not rows:
        return
    shape = Shape(table, tuple(rows[0]))
    if connection.dialect.name == POSTGRES:
        statement = _from_document(shape, conflict)
        connection.execute(statement, {_DOCUMENT: _document(rows)})
        return
    sql, pick = _from_places(connection, shape, conflict)
    places = [pick(row) for row in rows]
    if not _is_clean(places):
        places = [pick(_cleaned(row)) for row in rows]
    start = 0
    for size in chunks(len(places), len(shape.names)):
        values = tuple(chain.from_iterable(places[start : start + size]))
        connection.exec_driver_sql(_for_rows(sql, len(shape.names), size), values)
        start += size


# --- SQLite ----------------------------------------------------------------------------------------

_KEPT: dict[tuple[Shape, Conflict], tuple[str, Callable[[Values], tuple[Any, ...]]]] = {}


def _from_places(
    connection: Connection, shape: Shape, conflict: Conflict
) -> tuple[str, Callable[[Values], tuple[Any, ...]]]:
    kept = _KEPT.get((shape, conflict))
    if kept is None:
        statement = conflict(insert(connection.dialect.name, shape.table), shape)
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(shape.names))
        order = believe("list[str]", getattr(compiled, "positiontup", []))
        assert set(order) == set(shape.names), "the statement holds values of its own"
        kept = (str(compiled), itemgetter(*order))
        _KEPT[shape, conflict] = kept
    return kept


_VALUES_MAX = 999
"""In one statement, for any SQLite."""


def chunks(rows: int, columns: int) -> Iterator[int]:
    """How many rows go into each statement: powers of two, so that a few statements do for every number."""
    size = 1 << (_VALUES_MAX // columns).bit_length() - 1
    while rows:
        while size > rows:
            size //= 2
        yield size
        rows -= size


@cache
def _for_rows(sql: str, columns: int, rows: int) -> str:
    one = f"({', '.join('?' * columns)})"
    assert sql.count("?") == columns, "no values but those of the row"
    assert sql.count(one) == 1, "one row of values"
    return sql.replace(one, ", ".join([one] * rows))


def _is_clean(places: Sequence[tuple[Any, ...]]) -> bool:
    """One look at all texts together is cheaper than one at each."""
    everything = "".join([value for place in places for value in place if value.__class__ is str])
    return clean(everything) == everything


def _cleaned(row: Values) -> Values:
    return {name: clean(one) if isinstance(one, str) else one for name, one in row.items()}


# --- PostgreSQL ------------------------------------------------------------------------------------


def _document(rows: Sequence[Values]) -> str:
    document = json.dumps(rows)
    if "\\u0000" in document or "\\ud" in document:  # what a text column may not hold
        document = json.dumps([_cleaned(row) for row in rows])
    return document


@cache
def _from_document(shape: Shape, conflict: Conflict) -> Upsert:
    columns = [column(name, _plain(shape.table.c[name].type)) for name in shape.names]
    given = func.json_to_recordset(cast(bindparam(_DOCUMENT, type_=Text), JSON))
    rows = given.table_valued(*columns).render_derived(name="given", with_types=True)
    chosen = select(*(rows.c[name] for name in shape.names))
    return conflict(insert(POSTGRES, shape.table).from_select(list(shape.names), chosen), shape)


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    plain: dict[type, TypeEngine[Any]] = {str: Text(), int: BigInteger()}
    return plain.get(kind.python_type, kind)
