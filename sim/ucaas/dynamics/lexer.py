"""Tokens of an OData expression: literals with their values, names and punctuation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from sim.ucaas.dynamics.errors import bad_query

Value: TypeAlias = "str | int | float | bool | None"

_PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-]))
    |(?P<datetime>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?(?![\w-]))
    |(?P<number>-?\d+(?:\.\d+)?(?![\w-]))
    |(?P<string>'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")
    |(?P<name>[A-Za-z_@$][\w.@$]*)
    |(?P<punctuation>[(),/=\[\];*])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: guid, datetime, number, string, name, punctuation or end. Datetimes are microseconds."""

    kind: str
    text: str
    value: Value
    at: int


def tokens(text: str) -> Iterator[Token]:
    """All tokens and an end token. Raises Refusal (400) with the position of what it cannot read."""
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            if text[at] in "'\"":
                raise bad_query(f"There is an unterminated literal at position {at} in '{text}'.")
            raise bad_query(f"Syntax error at position {at} in '{text}'.")
        kind = match.lastgroup or ""
        if kind != "space":
            yield Token(kind, match.group(), _value(kind, match.group()), at)
        at = match.end()
    yield Token("end", "", None, at)


def _value(kind: str, text: str) -> Value:
    if kind == "string":
        if text[0] == '"':
            try:
                return str(json.loads(text))
            except ValueError:
                raise bad_query(f"The string {text} is malformed.") from None
        return text[1:-1].replace("''", "'")
    if kind == "number":
        return float(text) if "." in text else int(text)
    if kind == "guid":
        return text.lower()
    return instant_us(text) if kind == "datetime" else text


def instant_us(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 instant; UTC where no zone is given."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise bad_query(f"The instant '{text}' is malformed.") from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def instant_text(at_us: int) -> str:
    """The wire form: UTC in whole seconds."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
