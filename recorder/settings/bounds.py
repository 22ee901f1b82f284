"""Which values may come in from outside: everything else would break a table, a timer or a sum later. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Final, cast

INSTANT_US_MAX: Final = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""
INSTANT_US_MIN: Final = -62_135_596_800_000_000
"""The first microsecond of the year 1: what a source may say of an interaction."""
COUNT_MAX: Final = 2**53
ATTEMPTS_MAX: Final = 1_000_000
RETRY_AFTER_S_MAX: Final = 366 * 86_400.0

_SOURCES_OWN: Final = frozenset({"started_us", "ended_us", "joined_us", "left_us"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large texts (characters) and collections (entries) may be."""

    text_chars_max: int = 64 * 1024
    entries_max: int = 1000


def check(value: object, bounds: Bounds, name: str = "value") -> None:
    """Raises ValueError naming the first field, however deep, that is out of bounds."""
    match value:
        case None | bool() | Enum():
            pass
        case int() | float():
            _check_number(value, name)
        case str():
            if len(value) > bounds.text_chars_max:
                raise ValueError(f"{name} is too long: {len(value)} characters")
        case tuple():
            items = cast("tuple[object, ...]", value)
            _check_count(len(items), bounds, name)
            for one in items:
                check(one, bounds, name)
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            _check_count(len(entries), bounds, name)
            for key, one in entries.items():
                check(key, bounds, name)
                check(one, bounds, name)
        case _:
            assert is_dataclass(value), f"no bounds for {type(value).__name__}"
            for one in fields(value):
                check(getattr(value, one.name), bounds, one.name)


def _check_number(value: float, name: str) -> None:
    low, high = _range(name)
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{name} is out of bounds")


def _range(name: str) -> tuple[float, float]:
    if name in _SOURCES_OWN:
        return INSTANT_US_MIN, INSTANT_US_MAX
    if name.endswith("_us"):
        return 0, INSTANT_US_MAX
    if name == "attempts":
        return 0, ATTEMPTS_MAX
    if name == "retry_after_s":
        return 0, RETRY_AFTER_S_MAX
    return 0, COUNT_MAX


def _check_count(count: int, bounds: Bounds, name: str) -> None:
    if count > bounds.entries_max:
        raise ValueError(f"{name} has too many entries: {count}")
