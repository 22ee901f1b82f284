"""Which stretch of the call history to ask for. Pure.

`cdr_stream` selects by when a record came into the cloud: one stretch after the other, late records
included. `cdr_feed` selects by the time of the call: a stretch around the call that is looked for.
"""

from __future__ import annotations

from typing import Final

from recorder.model import Window

_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US
_HOUR_US: Final = 60 * _MINUTE_US

STREAM_SPAN_US: Final = 2 * _HOUR_US
STREAM_AGE_US: Final = 12 * _HOUR_US
STREAM_YOUNGEST_US: Final = 75 * _SECOND_US
"""The service wants a minute; the rest is for clocks and the way."""
STREAM_OVERLAP_US: Final = 2 * _MINUTE_US
FEED_SPAN_US: Final = 12 * _HOUR_US
FEED_AGE_US: Final = 30 * 24 * _HOUR_US
FEED_YOUNGEST_US: Final = 5 * _MINUTE_US + 15 * _SECOND_US
FEED_BEFORE_US: Final = _HOUR_US
"""A record may count from the call's begin, and a recording begins later."""


def stream_window(covered_to_us: int | None, now_us: int) -> Window:
    """The stretch after `covered_to_us`; the latest one when nothing was asked for yet."""
    newest_us = now_us - STREAM_YOUNGEST_US
    oldest_us = now_us - STREAM_AGE_US + _MINUTE_US
    if covered_to_us is None:
        from_us = newest_us - STREAM_SPAN_US
    else:
        from_us = max(min(covered_to_us, newest_us) - STREAM_OVERLAP_US, oldest_us)
    to_us = min(from_us + STREAM_SPAN_US, newest_us)
    return Window(from_us, to_us)


def feed_window(call_us: int, now_us: int) -> Window | None:
    """A stretch around a call; None when the call is too young, or too old, to be asked for."""
    newest_us = now_us - FEED_YOUNGEST_US
    from_us = max(call_us - FEED_BEFORE_US, now_us - FEED_AGE_US + _MINUTE_US)
    to_us = min(from_us + FEED_SPAN_US, newest_us)
    return Window(from_us, to_us) if from_us < to_us and call_us < to_us else None
