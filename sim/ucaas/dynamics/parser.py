"""The grammar of `$filter`: text to a tree. Precedence: not, comparison, and, or."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from sim.ucaas.dynamics.errors import bad_query
from sim.ucaas.dynamics.lexer import Token, Value, tokens

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
NESTED_MAX = 50
TERMS_MAX = 300
"""A condition with more brackets in each other, or more parts, is refused."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value; `kind` is guid, datetime, number, string, bool or null."""

    kind: str
    value: Value


@dataclass(frozen=True, slots=True)
class Listing:
    """Literals in brackets."""

    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A column, or a column behind a lookup."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with positional or named arguments."""

    name: str
    args: tuple[Node, ...]
    named: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Binary:
    """`and`, `or` or a comparison."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negation:
    """`not`."""

    inner: Node


Node: TypeAlias = Literal | Listing | Path | Call | Binary | Negation


def parse(text: str) -> Node:
    """Raises Refusal (400) naming the position where the expression breaks the grammar."""
    parser = _Parser(text)
    node = parser.disjunction()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._nested = 0
        self._terms = 0

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._here
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        return self._here.kind in {"name", "punctuation"} and self._here.text in texts

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise self._error(f"'{text}' expected")
        self._take()

    def _error(self, what: str) -> Exception:
        return bad_query(f"{what} at position {self._here.at} in '{self._text}'.")

    @contextmanager
    def _deeper(self) -> Generator[None]:
        self._nested += 1
        if self._nested > NESTED_MAX:
            raise bad_query(f"The nesting of the condition exceeds {NESTED_MAX}.")
        yield
        self._nested -= 1

    def _joined(self, operator: str, left: Node, right: Node) -> Node:
        self._terms += 1
        if self._terms > TERMS_MAX:
            raise bad_query(f"The condition has more than {TERMS_MAX} parts.")
        return Binary(operator, left, right)

    def expect_end(self) -> None:
        if self._here.kind != "end":
            raise self._error("Syntax error")

    def disjunction(self) -> Node:
        left = self._conjunction()
        while self._is("or"):
            self._take()
            left = self._joined("or", left, self._conjunction())
        return left

    def _conjunction(self) -> Node:
        left = self._negation()
        while self._is("and"):
            self._take()
            left = self._joined("and", left, self._negation())
        return left

    def _negation(self) -> Node:
        if self._is("not"):
            self._take()
            with self._deeper():
                return Negation(self._negation())
        left = self._primary()
        if self._is(*COMPARISONS):
            operator = self._take().text
            return Binary(operator, left, self._primary())
        return left

    def _primary(self) -> Node:
        if self._is("("):
            self._take()
            with self._deeper():
                node = self.disjunction()
            self._expect(")")
            return node
        if self._is("["):
            return self._listing()
        token = self._here
        if token.kind in {"guid", "datetime", "number", "string"}:
            self._take()
            return Literal(token.kind, token.value)
        if token.kind == "name":
            return self._named()
        raise self._error("Expression expected")

    def _listing(self) -> Listing:
        self._expect("[")
        values: list[Literal] = []
        while not self._is("]"):
            node = self._primary()
            if not isinstance(node, Literal):
                raise self._error("Literal expected")
            values.append(node)
            if self._is(","):
                self._take()
        self._expect("]")
        return Listing(tuple(values))

    def _named(self) -> Node:
        name = self._take().text
        if name in {"true", "false"}:
            return Literal("bool", name == "true")
        if name == "null":
            return Literal("null", None)
        if self._is("("):
            return self._call(name)
        parts = [name]
        while self._is("/"):
            self._take()
            parts.append(self._take().text)
        return Path(tuple(parts))

    def _call(self, name: str) -> Call:
        self._expect("(")
        args: list[Node] = []
        named: dict[str, Node] = {}
        while not self._is(")"):
            with self._deeper():
                node = self.disjunction()
            if self._is("=") and isinstance(node, Path):
                self._take()
                named["/".join(node.parts)] = self._primary()
            else:
                args.append(node)
            if self._is(","):
                self._take()
            elif not self._is(")"):
                raise self._error("',' or ')' expected")
        self._expect(")")
        return Call(name, tuple(args), named)
