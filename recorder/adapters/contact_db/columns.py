"""What the tables of the contact database are made of: texts as every database can hold them, and columns.

Instants are BIGINT microseconds since 1970 UTC (`*_us`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from sqlalchemy import BigInteger, Column, Dialect, MetaData, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


def clean(text: str) -> str:
    """The text as every database can hold it: no NUL, no half of a surrogate pair.

    A source may send both inside a name; they must not make a recording impossible to commit.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def tidy(value: T) -> T:
    """The same value with every text in it as it comes back from a database."""
    cleaned: object = value
    if isinstance(value, str):
        cleaned = clean(value)
    elif isinstance(value, tuple):
        cleaned = tuple(tidy(one) for one in cast("tuple[object, ...]", value))
    elif isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        cleaned = {tidy(name): tidy(one) for name, one in pairs}
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: tidy(getattr(value, one.name)) for one in fields(value)}
        cleaned = replace(value, **parts)
    return cast("T", cleaned)


class CleanText(TypeDecorator[str]):
    """Text compared byte by byte everywhere, so that prefixes are ranges and pages are stable."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL would otherwise compare by the language of the server."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean what goes in."""
        del dialect
        return None if value is None else clean(value)


def key(name: str) -> Column[str]:
    """Part of a primary key."""
    return Column(name, CleanText, primary_key=True)


def text(name: str) -> Column[str]:
    """Text that is never NULL; empty when there is none."""
    return Column(name, CleanText, nullable=False, server_default="")


def us(name: str, *, known: bool = False) -> Column[int]:
    """An instant; NULL where it is not known."""
    return Column(name, BigInteger, nullable=not known)


def number(name: str) -> Column[int]:
    """A count or a size; 0 by default."""
    return Column(name, BigInteger, nullable=False, server_default="0")


METADATA = MetaData()
"""Every table of the contact database."""
