"""`Retry-After` in all its forms: seconds, an HTTP date, and an ISO 8601 instant (Zoom). Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from recorder.instants import from_text

RETRY_AFTER_MAX_S = 3600.0
"""A longer wish is cut to this: a mistaken header must not silence a source for days."""
_DIGITS_MAX = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def http_date(value: str | None) -> datetime | None:
    """An HTTP date (RFC 9110); None when there is none or it cannot be read."""
    if not value:
        return None
    try:
        instant = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        return None


def retry_after_s(
    value: str | None, date: str | None, max_s: float = RETRY_AFTER_MAX_S
) -> float | None:
    """Seconds to wait, within 0 and `max_s`; None when the header is absent or unreadable.

    `date` is the `Date` header of the same answer: the date forms count from the server's own
    clock, never from ours. Without it they are unreadable.
    """
    text = (value or "").strip()
    whole = text.partition(".")[0]
    if whole.isascii() and whole.isdigit():
        wait_s = float(whole) if len(whole.lstrip("0")) <= _DIGITS_MAX else max_s
        return min(wait_s, max_s)
    until, now = http_date(text) or _iso_instant(text), http_date(date)
    if until is None or now is None:
        return None
    return min(max(0.0, (until - now).total_seconds()), max_s)


def _iso_instant(text: str) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=from_text(text))
    except (ValueError, OverflowError):
        return None
