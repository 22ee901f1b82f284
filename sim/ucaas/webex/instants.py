"""Instants as Webex writes and reads them: several forms, all of them in use at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def read(text: str) -> int | None:
    """Microseconds since 1970 of any ISO 8601 instant, UTC where no zone is given; None if unreadable."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return (instant - _EPOCH) // timedelta(microseconds=1)


def read_millis(text: str) -> int | None:
    """As `read`, but only of the one form that the call history takes."""
    return read(text) if _MILLIS.fullmatch(text) else None


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of this IANA name; None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def seconds_text(at_us: int, zone: ZoneInfo | None = None) -> str:
    """`2024-10-04T16:24:25Z`, or with the offset of a zone other than UTC."""
    instant = _EPOCH + timedelta(seconds=at_us // SECOND_US)
    if zone is not None:
        instant = instant.astimezone(zone)
    return instant.isoformat().replace("+00:00", "Z")


def millis_text(at_us: int) -> str:
    """`2025-08-05T16:48:19.360Z`."""
    instant = _EPOCH + timedelta(microseconds=at_us)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def loose_text(at_us: int) -> str:
    """`2023-10-12 21:22:32.621`: without a zone, as some columns of the call history come."""
    return millis_text(at_us).replace("T", " ").removesuffix("Z")
