"""Query options of a collection: select, filter, order, expand, count and stable pages.

A page continues after the last row's sort values and key, not after a number of rows, so rows inserted
between two pages neither repeat nor hide others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape, quoteattr, unescape

from sim.ucaas.dynamics.errors import bad_query
from sim.ucaas.dynamics.filters import Compiler, find_column, folded, pinned
from sim.ucaas.dynamics.lexer import Value, instant_us
from sim.ucaas.dynamics.parser import parse
from sim.ucaas.dynamics.prefer import Preferences
from sim.ucaas.dynamics.render import render, wire
from sim.ucaas.dynamics.tables import Row, Store, Table

COUNT_MAX = 5000
_OPTIONS = {"$select", "$filter", "$orderby", "$expand", "$top", "$count", "$skiptoken"}
_COOKIE = re.compile(r'<([\w.]+) last="([^"]*)"( lastnull="1")?')


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Expand:
    """A navigation property with the options in its brackets."""

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one request, checked against the table."""

    select: tuple[str, ...]
    filter: str
    order: tuple[Order, ...]
    expand: tuple[Expand, ...]
    top: int | None
    count: bool
    skip_token: str


@dataclass(frozen=True, slots=True)
class Result:
    """One page of rows, how many match in all, and how to go on."""

    rows: tuple[Row, ...]
    matched: int
    page_number: int
    next_token: str | None


def read_options(table: Table, options: Iterable[tuple[str, str]]) -> Query:
    """Raises Refusal (400) for `$skip`, unknown options and unknown columns."""
    given = {name: value for name, value in options if not name.startswith("@")}
    for name in given:
        if name == "$skip":
            raise bad_query("Skip Clause is not supported in CRM")
        if name.startswith("$") and name not in _OPTIONS:
            raise bad_query(f"The query parameter {name} is not supported")
    select = tuple(part.strip() for part in given.get("$select", "").split(",") if part.strip())
    for name in select:
        find_column(table, name)
    top = given.get("$top")
    if top is not None and not top.isdigit():
        raise bad_query(f"Invalid value '{top}' for $top query option found.")
    return Query(
        select=select,
        filter=given.get("$filter", ""),
        order=_order(table, given.get("$orderby", "")),
        expand=_expands(given.get("$expand", "")),
        top=None if top is None else int(top),
        count=given.get("$count", "false").lower() == "true",
        skip_token=given.get("$skiptoken", ""),
    )


def _order(table: Table, text: str) -> tuple[Order, ...]:
    order: list[Order] = []
    for part in text.split(","):
        words = part.split()
        if not words:
            continue
        if len(words) > 2 or words[1:] not in ([], ["asc"], ["desc"]):  # noqa: PLR2004
            raise bad_query(f"Syntax error in $orderby at '{part}'.")
        order.append(Order(find_column(table, words[0]).name, words[1:] == ["desc"]))
    return (*order, Order(table.schema.key, descending=False))


def _expands(text: str) -> tuple[Expand, ...]:
    found: list[Expand] = []
    for part in _split(text, ","):
        name, bracket, inner = part.strip().partition("(")
        pairs = [option.partition("=") for option in _split(inner[:-1], ";")] if bracket else []
        found.append(Expand(name, {key.strip(): value for key, _, value in pairs}))
    return tuple(found)


def _split(text: str, separator: str) -> list[str]:
    """Split outside of brackets."""
    parts, depth, last = list[str](), 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == separator and depth == 0:
            parts.append(text[last:at])
            last = at + 1
    return [part for part in (*parts, text[last:]) if part]


def run(store: Store, table: Table, query: Query, page_size: int, now_us: int) -> Result:
    """The page that the query and its skip token ask for."""
    tree = parse(query.filter) if query.filter else None
    rows: Iterable[Row] = _candidates(table, pinned(tree))
    if tree is not None:
        test = Compiler(store, table, now_us).test(tree)
        rows = [row for row in rows if test(row) is True]
    found = list(rows)
    matched, page_number = len(found), 1
    if query.skip_token:
        page_number, after = _read_token(table, query)
        found = [row for row in found if _is_after(row, after, query.order)]
    for order in reversed(query.order):
        found.sort(key=lambda row, o=order: _sortable(row[o.column]), reverse=order.descending)
    limit = page_size if query.top is None else min(query.top, page_size)
    page = tuple(found[:limit])
    more = len(found) > limit and query.top is None
    token = _make_token(table, page, query.order, page_number + 1) if more else None
    return Result(page, matched, page_number, token)


def _candidates(table: Table, pins: Mapping[str, Value]) -> Iterable[Row]:
    key = pins.get(table.schema.key)
    if isinstance(key, str):
        row = table.get(key)
        return [] if row is None else [row]
    for name, value in pins.items():
        if table.has_index(name):
            return table.pointing_at(name, value)
    return table


def _sortable(value: Value) -> tuple[bool, Any]:
    return (False, 0) if value is None else (True, folded(value))


def _is_after(row: Row, after: Mapping[str, Value], order: tuple[Order, ...]) -> bool:
    for part in order:
        here, there = _sortable(row[part.column]), _sortable(after[part.column])
        if here != there:
            return (here > there) != part.descending
    return False


def _make_token(
    table: Table, page: tuple[Row, ...], order: tuple[Order, ...], page_number: int
) -> str:
    first, last = page[0], page[-1]
    marks: list[str] = []
    for part in order:
        column = table.schema.columns[part.column]
        a, b = wire(column, last[part.column]), wire(column, first[part.column])
        null = ' lastnull="1"' if a is None else ""
        marks.append(f'<{part.column} last="{_attr(a)}"{null} first="{_attr(b)}" />')
    cookie = f'<cookie page="{page_number - 1}">{"".join(marks)}</cookie>'
    encoded = quote(quote(cookie, safe=""), safe="")
    return (
        f"<cookie pagenumber={quoteattr(str(page_number))} pagingcookie={quoteattr(encoded)}"
        ' istracking="False" />'
    )


def _attr(value: Value) -> str:
    return "" if value is None else escape(str(value), {'"': "&quot;"})


def _read_token(table: Table, query: Query) -> tuple[int, dict[str, Value]]:
    outer = re.search(r'pagenumber="(\d+)" pagingcookie="([^"]*)"', query.skip_token)
    if outer is None:
        raise bad_query("Malformed XML in the Paging Cookie")
    after: dict[str, Value] = {}
    for name, text, null in _COOKIE.findall(unquote(unquote(outer.group(2)))):
        kind = find_column(table, name).kind
        plain = unescape(text, {"&quot;": '"'})
        after[name] = None if null else _typed(kind, plain)
    if set(after) != {part.column for part in query.order}:
        raise bad_query("The Paging Cookie does not belong to this query")
    return int(outer.group(1)), after


def _typed(kind: str, text: str) -> Value:
    match kind:
        case "datetime":
            return instant_us(text)
        case "int" | "choice":
            if not re.fullmatch(r"-?\d{1,18}", text):
                raise bad_query("Malformed XML in the Paging Cookie")
            return int(text)
        case "bool":
            return text == "True"
        case _:
            return text


def expanded(
    store: Store, table: Table, row: Row, expand: Expand, prefer: Preferences, *, now_us: int
) -> tuple[str, Any]:
    """The navigation property's value: a row, None, or rows. Raises Refusal (400) if unknown."""
    lookup = table.schema.lookups.get(expand.name)
    if lookup is not None and table.schema.columns[lookup].target in store.schemas:
        target = store.table(table.schema.columns[lookup].target)
        query = read_options(target, expand.options.items())
        found = target.get(str(row[lookup]))
        shown = None if found is None else render(store, target, found, query.select, prefer)
        return expand.name, shown
    child = table.schema.children.get(expand.name)
    if child is None:
        raise bad_query(
            f"Could not find a property named '{expand.name}' on type"
            f" 'Microsoft.Dynamics.CRM.{table.schema.logical}'."
        )
    target = store.table(child[0])
    query = read_options(target, expand.options.items())
    tree = parse(query.filter) if query.filter else None
    test = Compiler(store, target, now_us).test(tree) if tree else None
    rows = [r for r in target.pointing_at(child[1], row[table.schema.key]) if not test or test(r)]
    for order in reversed(query.order):
        rows.sort(key=lambda r, o=order: _sortable(r[o.column]), reverse=order.descending)
    return expand.name, [render(store, target, r, query.select, prefer) for r in rows]
