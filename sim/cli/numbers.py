"""Numbers as they are typed and told: whole ones stay whole, and one thing is told in the singular."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter, Token


def whole(_type: object, tokens: Sequence[Token]) -> int:
    """The whole number that was typed. Raises ValueError for any other, instead of rounding it."""
    (token,) = tokens
    try:
        return int(token.value)
    except ValueError as error:
        raise ValueError(f"{token.value!r} is no whole number") from error


Whole = Annotated[int, Parameter(converter=whole)]


def counted(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
