"""Rows in memory, with an index on every lookup, version numbers and a list of deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sim.ucaas.dynamics.lexer import Value
from sim.ucaas.dynamics.schema import Schema, tables

Row: TypeAlias = "dict[str, Value]"
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Deletion:
    """A row that is gone, for change tracking."""

    version: int
    key: str


OnPut: TypeAlias = "Callable[[Schema, Row, Mapping[str, Value], bool], None]"


class Table:
    """The rows of one table, in the order they were made."""

    def __init__(self, schema: Schema, next_version: Callable[[], int]) -> None:
        self.schema = schema
        self.deletions: list[Deletion] = []
        self.on_put: OnPut | None = None
        """Called with each row that was made or changed, what changed in it, and whether it is new."""
        self._rows: dict[str, Row] = {}
        self._next_version = next_version
        self._index: dict[str, dict[Value, dict[str, Row]]] = {
            column.name: {} for column in schema.columns.values() if column.kind == "lookup"
        }

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, key: str) -> Row | None:
        """The row, or None."""
        return self._rows.get(key.lower())

    def pointing_at(self, column: str, target: Value) -> Iterable[Row]:
        """Rows whose lookup `column` holds `target`."""
        return self._index[column].get(target, {}).values()

    def has_index(self, column: str) -> bool:
        """Whether `pointing_at` knows the column."""
        return column in self._index

    def put(self, key: str, values: Mapping[str, Value], at_us: int) -> Row:
        """Insert or update; stamps are whole seconds. Unknown columns are a bug of the caller."""
        now_us = at_us // SECOND_US * SECOND_US
        row = self._rows.get(key)
        is_new = row is None
        if row is None:
            row = dict.fromkeys(self.schema.columns)
            row |= {self.schema.key: key, "createdon": now_us, "statecode": 0, "statuscode": 1}
            self._rows[key] = row
        before = {} if self.on_put is None else dict(row)
        for name, index in self._index.items():
            if name in values:
                index.get(row[name], {}).pop(key, None)
                index.setdefault(values[name], {})[key] = row
        for name, value in values.items():
            column = self.schema.columns.get(name)
            if column is None:
                continue
            if column.kind == "datetime" and isinstance(value, int):
                row[name] = value // SECOND_US * SECOND_US
            else:
                row[name] = value
        row["modifiedon"] = now_us
        row["versionnumber"] = self._next_version()
        if self.on_put is not None:
            changed = {name: row[name] for name in values if name in row}
            changed = {
                name: value for name, value in changed.items() if is_new or value != before[name]
            }
            self.on_put(self.schema, row, changed, is_new)
        return row

    def delete(self, key: str) -> bool:
        """Remove a row; False when there is none."""
        row = self._rows.pop(key, None)
        if row is None:
            return False
        for name, index in self._index.items():
            index.get(row[name], {}).pop(key, None)
        self.deletions.append(Deletion(self._next_version(), key))
        return True


class Store:
    """Every table of one environment."""

    def __init__(self, *, newer_schema: bool = True) -> None:
        self._version = 1_000_000
        schemas = tables(newer=newer_schema)
        self._by_logical = {name: Table(s, self._next_version) for name, s in schemas.items()}
        self._by_set = {table.schema.set_name: table for table in self._by_logical.values()}

    @property
    def version(self) -> int:
        """The highest version number given."""
        return self._version

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """Every table's schema by logical name."""
        return {name: table.schema for name, table in self._by_logical.items()}

    def table(self, logical: str) -> Table:
        """By logical name."""
        return self._by_logical[logical]

    def of_set(self, set_name: str) -> Table | None:
        """By entity set name, or None."""
        return self._by_set.get(set_name)

    def listen(self, on_put: OnPut) -> None:
        """Be told of every row that is made or changed from now on."""
        for table in self._by_logical.values():
            table.on_put = on_put

    def _next_version(self) -> int:
        self._version += 1
        return self._version
