"""What may be said about a fault by those who order one from outside: names, kinds of values, requests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sim.ucaas.faults import DYNAMICS, FaultKind, Manners

Value: TypeAlias = str | float | bool
_Check: TypeAlias = Callable[[str, Value], None]

_STATUS = range(300, 600)


def checked(
    kind: FaultKind,
    parameters: Mapping[str, Value],
    requests: Sequence[str],
    manners: Manners = DYNAMICS,
) -> None:
    """Raises ValueError, naming what is wrong and what would be right for that kind of service."""
    if kind not in manners.hits:
        known = ", ".join(one.value for one in manners.hits)
        raise ValueError(f"this service knows no fault {kind.value}; it knows {known}")
    allowed = _ALLOWED.get(kind, {})
    for name, value in parameters.items():
        if name not in allowed:
            known = ", ".join(allowed) or "no parameters"
            raise ValueError(f"{kind.value} has no parameter {name!r}; it takes {known}")
        allowed[name](name, value)
        words = manners.words.get(name)
        if words is not None:
            _one_of(*words)(name, value)
    for request in requests:
        if request not in manners.requests:
            known = ", ".join(manners.requests)
            raise ValueError(f"no kind of request: {request!r}; there are {known}")


def _one_of(*words: str) -> _Check:
    def check(name: str, value: Value) -> None:
        if value not in words:
            raise ValueError(f"{name} must be one of {', '.join(words)}, not {value!r}")

    return check


def _number(name: str, value: Value) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError(f"{name} must be a number, not {value!r}")
    return number


def _any_number(name: str, value: Value) -> None:
    _number(name, value)


def _not_negative(name: str, value: Value) -> None:
    if _number(name, value) < 0:
        raise ValueError(f"{name} must not be negative: {value!r}")


def _positive(name: str, value: Value) -> None:
    if _number(name, value) <= 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")


def _share(name: str, value: Value) -> None:
    if not 0 <= _number(name, value) <= 1:
        raise ValueError(f"{name} must be between 0 and 1, not {value!r}")


def _status(name: str, value: Value) -> None:
    if _number(name, value) not in _STATUS:
        raise ValueError(f"{name} must be an HTTP status from 300 to 599, not {value!r}")


def _flag(name: str, value: Value) -> None:
    if value not in {True, False, "true", "false", "1", "0"}:
        raise ValueError(f"{name} must be true or false, not {value!r}")


def _text(_name: str, _value: Value) -> None:
    """Any will do."""


_OFFSET: dict[str, _Check] = {"at_bytes": _not_negative, "at_share": _share}
_ALLOWED: Mapping[FaultKind, Mapping[str, _Check]] = {
    FaultKind.THROTTLE: {
        "code": _text,
        "retry_after": _text,
        "seconds": _not_negative,
    },
    FaultKind.SERVER_ERROR: {"status": _status, "retry_after_s": _text},
    FaultKind.SLOW: {"delay_s": _not_negative, "bytes_per_s": _positive},
    FaultKind.STALL: {**_OFFSET, "seconds": _not_negative},
    FaultKind.CUT: {**_OFFSET, "reset": _flag},
    FaultKind.TRUNCATE: {**_OFFSET, "announced": _one_of("short", "full")},
    FaultKind.REDIRECT: {"to": _text},
    FaultKind.FORBIDDEN: {"why": _text},
    FaultKind.LATE: {"seconds": _any_number},
    FaultKind.CHANGED_BEFORE_DOWNLOAD: {"how": _text},
    FaultKind.WRONG_SIZE: {"by": _any_number},
    FaultKind.PAGE_EXPIRED: {"status": _status},
    FaultKind.CLOCK_SKEW: {"seconds": _any_number},
    FaultKind.WRONG_BYTES: _OFFSET,
}
