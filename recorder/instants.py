"""Instants as text for people and scripts: RFC 3339 in UTC, and durations a person reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_US = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86_400


def to_text(instant_us: int) -> str:
    """`2026-11-21T09:30:00Z`, with microseconds only where they are not zero.

    Total: what lies outside the years 1 to 9999 is shown as the first or last instant of them.
    """
    bounded_us = min(max(instant_us, _FIRST_US), _LAST_US)
    return (_EPOCH + bounded_us * _MICROSECOND).isoformat().replace("+00:00", "Z")


def from_text(text: str) -> int:
    """Microseconds since 1970 UTC. Raises ValueError without a time zone or when it is no instant."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no instant; write 2026-11-21T09:30:00Z") from error
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write 2026-11-21T09:30:00Z")
    return (instant - _EPOCH) // _MICROSECOND


def duration_text(seconds: float) -> str:
    """For a table: `12s`, `3m20s`, `5h02m`, `3d04h`: two units at most."""
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole}s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S}m{whole % _MINUTE_S:02d}s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S}h{whole % _HOUR_S // _MINUTE_S:02d}m"
    return f"{whole // _DAY_S}d{whole % _DAY_S // _HOUR_S:02d}h"


def offset_text(offset_ms: int | None) -> str:
    """`+0:01:02.500` from the start of a call, `-` before it, `?` where it is unknown."""
    if offset_ms is None:
        return "?"
    seconds, milliseconds = divmod(abs(offset_ms), 1000)
    hours, rest = divmod(seconds, _HOUR_S)
    sign = "-" if offset_ms < 0 else "+"
    clock = f"{sign}{hours}:{rest // _MINUTE_S:02d}:{rest % _MINUTE_S:02d}"
    return f"{clock}.{milliseconds:03d}" if milliseconds else clock


def bytes_text(count: float) -> str:
    """`512 B`, `1.5 MB`: powers of ten, one decimal."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004 - the step between units
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
