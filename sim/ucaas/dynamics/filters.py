"""The meaning of `$filter`: a tree becomes a predicate over rows of one table.

Comparisons with a null value give neither true nor false, and rows without a clear yes are dropped.
Strings compare without regard to case.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sim.ucaas.dynamics.errors import bad_query
from sim.ucaas.dynamics.lexer import Value, instant_us
from sim.ucaas.dynamics.parser import Binary, Call, Listing, Literal, Negation, Node, Path
from sim.ucaas.dynamics.schema import Column
from sim.ucaas.dynamics.tables import Row, Store, Table

Test: TypeAlias = "Callable[[Row], bool | None]"
Read: TypeAlias = "Callable[[Row], Value]"

_HOUR_US = 3_600_000_000
_PREFIX = "Microsoft.Dynamics.CRM."
_ACCEPTED: Mapping[str, tuple[str, ...]] = {
    "guid": ("guid", "string"),
    "lookup": ("guid", "string"),
    "file": ("guid", "string"),
    "string": ("string", "guid"),
    "multi": ("string", "number"),
    "int": ("number",),
    "choice": ("number",),
    "bool": ("bool",),
    "datetime": ("datetime",),
}
_STORED: Mapping[str, type] = {
    **dict.fromkeys(_ACCEPTED, str),
    **dict.fromkeys(("int", "choice", "datetime"), int),
    "bool": bool,
}
"""How values of a kind are kept: what compares with what."""
_HOURS = re.compile(r"\d{1,7}(\.\d{1,6})?")
_COMPARE: Mapping[str, Callable[[tuple[int, object], tuple[int, object]], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def folded(value: Value) -> Value:
    """The form in which values are compared."""
    return value.casefold() if isinstance(value, str) else value


def find_column(table: Table, name: str) -> Column:
    """Raises Refusal (400) as Dataverse does for a property that does not exist."""
    column = table.schema.columns.get(name)
    if column is None:
        raise bad_query(
            f"Could not find a property named '{name}' on type '{_PREFIX}{table.schema.logical}'."
        )
    return column


@dataclass(frozen=True, slots=True)
class Compiler:
    """Turns trees into predicates; `now_us` is the service's clock for relative periods."""

    store: Store
    table: Table
    now_us: int

    def test(self, node: Node) -> Test:
        """The predicate. Raises Refusal (400) for unknown columns, functions and mixed types."""
        match node:
            case Binary("and" | "or", left, right):
                return _junction(node.operator, self.test(left), self.test(right))
            case Binary(name, left, right):
                return self._comparison(name, left, right)
            case Negation(inner):
                return _negation(self.test(inner))
            case Call():
                return self._call(node)
            case Literal("bool", value):
                return lambda _: bool(value)
            case Path(parts):
                read, column = self._path(parts)
                if column.kind == "bool":
                    return lambda row: read(row) is True
            case _:
                pass
        raise bad_query("The expression is no condition.")

    def _path(self, parts: tuple[str, ...]) -> tuple[Read, Column]:
        if len(parts) == 1:
            column = find_column(self.table, parts[0])
            return operator.itemgetter(column.name), column
        lookup = self.table.schema.lookups.get(parts[0])
        if lookup is None or len(parts) != 2:  # noqa: PLR2004 - one lookup deep
            raise bad_query(f"Could not find a property named '{parts[0]}'.")
        target = self.store.table(self.table.schema.columns[lookup].target)
        column = find_column(target, parts[1])

        def read(row: Row) -> Value:
            key = row[lookup]
            found = target.get(key) if isinstance(key, str) else None
            return None if found is None else found[column.name]

        return read, column

    def _comparison(self, name: str, left: Node, right: Node) -> Test:
        if isinstance(left, Literal) and isinstance(right, Path):
            mirrored = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
            return self._comparison(mirrored.get(name, name), right, left)
        if not isinstance(left, Path):
            raise bad_query("A comparison needs a property.")
        read, column = self._path(left.parts)
        if isinstance(right, Path):
            read_right, other = self._path(right.parts)
            if _STORED[column.kind] is not _STORED[other.kind]:
                raise bad_query(
                    "A binary operator with incompatible types was detected:"
                    f" '{column.name}' is {column.kind}, '{other.name}' is {other.kind}."
                )
            return _compare(name, read, read_right)
        if not isinstance(right, Literal):
            raise bad_query("A comparison needs a value.")
        if right.kind == "null":
            if name not in {"eq", "ne"}:
                raise bad_query("null compares with eq and ne only.")
            return lambda row: (read(row) is None) == (name == "eq")
        value = literal_for(column, right)
        return _compare(name, read, lambda _: value)

    def _call(self, call: Call) -> Test:
        name = call.name.removeprefix(_PREFIX)
        if call.name in {"contains", "startswith", "endswith"}:
            return self._text(call)
        if name == call.name:
            raise bad_query(f"An unknown function with name '{call.name}' was found.")
        of = call.named.get("PropertyName")
        if not isinstance(of, Literal) or not isinstance(of.value, str):
            raise bad_query(f"{name} needs PropertyName.")
        read, column = self._path((of.value,))
        given = call.named.get("PropertyValues", call.named.get("PropertyValue"))
        literals = given.values if isinstance(given, Listing) else (given,)
        values = [item for item in literals if isinstance(item, Literal)]
        return self._property_test(name, read, column, values)

    def _property_test(self, name: str, read: Read, column: Column, given: list[Literal]) -> Test:
        if name in {"In", "NotIn"}:
            wanted = {folded(literal_for(column, item, loose=True)) for item in given}
            return lambda row: (
                None if (v := read(row)) is None else (folded(v) in wanted) == (name == "In")
            )
        if name == "ContainValues" and column.kind == "multi":
            texts = {str(item.value) for item in given}
            return lambda row: (
                None if (v := read(row)) is None else not texts.isdisjoint(str(v).split(","))
            )
        if name == "Between" and len(given) == 2:  # noqa: PLR2004 - from and to
            low, high = (literal_for(column, item, loose=True) for item in given)
            above = _compare("ge", read, lambda _: low)
            return _junction("and", above, _compare("le", read, lambda _: high))
        if name == "LastXHours" and column.kind == "datetime" and given:
            hours = str(given[0].value)
            if not _HOURS.fullmatch(hours):
                raise bad_query(f"{name} needs a number of hours, not '{hours}'.")
            since_us = self.now_us - int(float(hours) * _HOUR_US)
            return _compare("ge", read, lambda _: since_us)
        raise bad_query(f"The function {name} does not apply to '{column.name}' as given.")

    def _text(self, call: Call) -> Test:
        match call.args:
            case (Path(parts), Literal("string", str(wanted))):
                read, _ = self._path(parts)
            case _:
                raise bad_query(f"No function signature for '{call.name}' matches.")
        part, name = wanted.casefold(), call.name

        def test(row: Row) -> bool | None:
            value = read(row)
            if value is None:
                return None
            text = str(value).casefold()
            if name == "contains":
                return part in text
            return text.startswith(part) if name == "startswith" else text.endswith(part)

        return test


def literal_for(column: Column, literal: Literal, *, loose: bool = False) -> Value:
    """The literal's value in the column's type; `loose` reads quoted numbers, as functions do."""
    value = literal.value
    if literal.kind in _ACCEPTED[column.kind]:
        if column.kind in {"guid", "lookup", "file"}:
            return str(value).strip("{}").lower()
        return str(value) if column.kind == "multi" else value
    if loose and literal.kind == "string" and isinstance(value, str):
        if column.kind in {"int", "choice"} and value.lstrip("-").isdigit():
            return int(value)
        if column.kind == "datetime":
            return instant_us(value)
    raise bad_query(
        f"A binary operator with incompatible types was detected: '{column.name}' is"
        f" {column.kind}, the value is {literal.kind}."
    )


def _compare(name: str, left: Read, right: Read) -> Test:
    compare = _COMPARE[name]

    def test(row: Row) -> bool | None:
        a, b = left(row), right(row)
        if a is None or b is None:
            return None
        return compare((0, folded(a)), (0, folded(b)))

    return test


def _junction(name: str, left: Test, right: Test) -> Test:
    decisive = name == "or"

    def test(row: Row) -> bool | None:
        a = left(row)
        if a is decisive:
            return decisive
        b = right(row)
        if b is decisive:
            return decisive
        return None if a is None or b is None else not decisive

    return test


def _negation(inner: Test) -> Test:
    def test(row: Row) -> bool | None:
        value = inner(row)
        return None if value is None else not value

    return test


def pinned(node: Node | None) -> dict[str, Value]:
    """Columns that every match must hold at one value: what an index can answer."""
    match node:
        case Binary("and", left, right):
            return pinned(left) | pinned(right)
        case Binary("eq", Path((name,)), Literal("guid" | "string", str(value))):
            return {name: value.lower()}
        case _:
            return {}
