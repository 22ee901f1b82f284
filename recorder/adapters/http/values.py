"""What foreign JSON may hold, as pydantic types that several adapters share.

Strict where something is compared, lenient where it only describes: what cannot be read there becomes
None or an empty text, because metadata must never cost a recording.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from recorder.errors import BadAnswer
from recorder.instants import from_text

_TEXT_MAX = 400
_INT_MAX = 2**53
_LATEST_US = 7_258_118_400_000_000
"""The year 2200: an instant beyond it is a mistake, and sums with it would leave the calendar."""
_DURATION_MS_MAX = 10 * 366 * 86_400_000
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_text(value: str, max_chars: int = _TEXT_MAX) -> str:
    """`value` on one line: no control characters, none that turn the direction round, not endless."""
    shown = (
        " " if unicodedata.category(char) in {"Cc", "Cs"} or char in _BIDI_CONTROLS else char
        for char in value[: 2 * max_chars]
    )
    return " ".join("".join(shown).split())[:max_chars]


def _text(value: object) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def _instant(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("no instant")  # noqa: TRY004 - pydantic wants a ValueError
    try:
        instant_us = from_text(value)
    except OverflowError:
        raise ValueError("no instant") from None
    if not 0 <= instant_us <= _LATEST_US:
        raise ValueError("an instant before 1970 or after 2200")
    return instant_us


def _instant_or_none(value: object) -> int | None:
    try:
        return _instant(value)
    except ValueError:
        return None


def int_or_none(value: object) -> int | None:
    """Numbers come as JSON numbers, 64-bit ones sometimes as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:  # noqa: PLR2004 - what fits 2^53
        value = int(value)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -_INT_MAX <= value <= _INT_MAX else None


def _duration_ms_or_none(value: object) -> int | None:
    duration_ms = int_or_none(value)
    return duration_ms if duration_ms is None or 0 <= duration_ms <= _DURATION_MS_MAX else None


def _bool_or_none(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


Instant = Annotated[int, BeforeValidator(_instant)]
OptionalInstant = Annotated[int | None, BeforeValidator(_instant_or_none)]
Text = Annotated[str, BeforeValidator(_text)]
OptionalInt = Annotated[int | None, BeforeValidator(int_or_none)]
OptionalDuration = Annotated[int | None, BeforeValidator(_duration_ms_or_none)]
OptionalBool = Annotated[bool | None, BeforeValidator(_bool_or_none)]

R = TypeVar("R", bound=BaseModel)


def parse(kind: type[R], row: Mapping[str, Any] | object) -> R:
    """A row as `kind`. Raises BadAnswer that names the columns at fault, not what they hold."""
    try:
        return kind.model_validate(row)
    except ValidationError as error:
        columns = sorted(
            {clean_text(str(item["loc"][0]), 60) for item in error.errors() if item["loc"]}
        )
        listed = ", ".join(columns) or "the whole row"
        raise BadAnswer(f"a {kind.__name__} that cannot be read: {listed}") from None
