"""Meetings by an id that people know: their UUID, or the number that one joins them by.

A number is that of a series: every meeting of it is meant. The archive can only be asked by UUID, so numbers
are looked up in a listing of all that it keeps, which is walked once for many of them.
"""

from __future__ import annotations

import re
import threading
from typing import Final
from urllib.parse import unquote

from cluster.ports import Clock
from recorder.adapters.http.errors import safe_text
from recorder.adapters.zoom.api import ZoomApi
from recorder.adapters.zoom.listing import items_of
from recorder.adapters.zoom.records import meeting_of
from recorder.errors import BadAnswer, ItemGone, NotAnId, SourceError
from recorder.model import ItemRef, Window

NUMBERS_MAX: Final = 500_000
"""Meetings of one walk; the account of a larger archive is asked by UUID."""
AGE_MAX_S: Final = 600.0
_SHORT_NUMBER, _LONG_NUMBER = 9, 13
_PAGES_MAX: Final = 100_000
_SPACED: Final = re.compile(r"[0-9][0-9 -]*")
_UUID: Final = re.compile(r"[A-Za-z0-9+/_-]{8,98}={0,2}")
_US: Final = 1_000_000


class Numbers:
    """Which meetings have which number, as of a few minutes ago. Safe to use from several jobs at once.

    The lock is never held across a call: jobs that begin together may each walk.
    """

    def __init__(self, *, api: ZoomApi, clock: Clock, window_s: float, back_s: float) -> None:
        self._api = api
        self._clock = clock
        self._window_us = int(window_s) * _US
        self._back_us = int(back_s) * _US
        self._lock = threading.Lock()
        self._walked_ns = -1
        self._known: dict[int, tuple[str, ...]] = {}

    def uuids(self, number: int) -> tuple[str, ...]:
        """Of every meeting with this number, the latest first. Raises SourceError."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            if self._walked_ns >= 0 and now_ns - self._walked_ns < AGE_MAX_S * 1e9:
                return self._known.get(number, ())
        known = self._walk()
        with self._lock:
            self._known, self._walked_ns = known, now_ns
        return known.get(number, ())

    def _walk(self) -> dict[int, tuple[str, ...]]:
        now_us = self._clock.wall_us() // _US * _US
        oldest_us = now_us - self._back_us
        found: dict[str, int] = {}
        to_us = now_us
        while to_us > oldest_us:
            from_us = max(oldest_us, to_us - self._window_us)
            self._walk_window(Window(from_us, to_us), found)
            to_us = from_us
        known: dict[int, tuple[str, ...]] = {}
        for uuid, number in found.items():
            known[number] = (*known.get(number, ()), uuid)
        return known

    def _walk_window(self, window: Window, found: dict[str, int]) -> None:
        page: str | None = None
        for _ in range(_PAGES_MAX):
            raw = self._api.page(window, page)
            for row in raw.rows:
                try:
                    meeting = meeting_of(row)
                except BadAnswer:
                    continue
                if meeting.id is not None:
                    found.setdefault(meeting.uuid, meeting.id)
            if len(found) > NUMBERS_MAX:
                raise SourceError(
                    f"the archive holds more than {NUMBERS_MAX} meetings, too many to look for a number",
                    hint="Give the UUIDs of the meetings.",
                )
            if raw.next_page is None:
                return
            page = raw.next_page.as_text()
        raise BadAnswer(f"a listing of more than {_PAGES_MAX} pages")


def find(
    *, source: str, api: ZoomApi, numbers: Numbers, identifier: str, now_us: int
) -> tuple[ItemRef, ...]:
    """One call for a UUID; for a number one for each of its meetings, beside the walk."""
    wanted = identifier.strip()
    if _SPACED.fullmatch(wanted):
        number = re.sub("[ -]", "", wanted)
        if not _SHORT_NUMBER <= len(number) <= _LONG_NUMBER:
            raise _no_id(wanted)
        uuids = numbers.uuids(int(number))
    else:
        uuids = (_uuid(wanted),)
    items: dict[tuple[str, str], ItemRef] = {}
    for uuid in uuids:
        try:
            meeting = api.raw_meeting(uuid)
        except ItemGone:
            continue
        at_us = meeting_of(meeting).complete_us
        at_us = now_us if at_us is None else at_us
        window = Window(at_us, at_us + 1)
        items |= {(ref.key, ref.version): ref for ref in items_of(source, (meeting,), window)}
    return tuple(items.values())


def _uuid(wanted: str) -> str:
    """Also as it stands in an address, where it is encoded once or twice."""
    for text in (wanted, unquote(wanted), unquote(unquote(wanted))):
        if _UUID.fullmatch(text):
            return text
    raise _no_id(wanted)


def _no_id(wanted: str) -> NotAnId:
    return NotAnId(
        f"{safe_text(wanted, 60)!r} is neither a meeting's UUID nor its number",
        hint="A UUID such as 4444AAAiAAAAAiAiAiiAii==, or 9 to 13 digits.",
    )
