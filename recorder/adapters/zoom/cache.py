"""Meetings asked for a moment ago: the files of one meeting do not cost a call each."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from recorder.adapters.zoom.records import Meeting

_NS = 1_000_000_000


@dataclass(slots=True)
class _Entry:
    meeting: Meeting
    asked_ns: int
    described: set[str] = field(default_factory=set[str])


class MeetingCache:
    """A few meetings for a few seconds. Safe to use from several jobs at once.

    The lock is never held across a call: jobs that begin together may each ask.
    """

    def __init__(
        self, *, meetings_max: int = 16, files_max: int = 20_000, age_max_s: float = 30.0
    ) -> None:
        """`files_max` bounds the files of all meetings together; the latest meeting is always kept."""
        self._meetings_max = meetings_max
        self._files_max = files_max
        self._age_max_ns = int(age_max_s * _NS)
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def describing(self, uuid: str, item_key: str, now_ns: int) -> Meeting | None:
        """A fresh meeting, once for each item: one that is described again failed in between."""
        with self._lock:
            entry = self._fresh(uuid, now_ns)
            if entry is None or item_key in entry.described:
                return None
            entry.described.add(item_key)
            return entry.meeting

    def known(self, uuid: str, now_ns: int) -> Meeting | None:
        """A fresh meeting."""
        with self._lock:
            entry = self._fresh(uuid, now_ns)
            return None if entry is None else entry.meeting

    def keep(self, meeting: Meeting, now_ns: int, item_key: str = "") -> None:
        """Remember what was asked at `now_ns`, on behalf of an item; the oldest go when there are many."""
        with self._lock:
            before = self._entries.pop(meeting.uuid, None)
            described = set[str]() if before is None else before.described
            if item_key:
                described.add(item_key)
            self._entries[meeting.uuid] = _Entry(meeting, now_ns, described)
            while len(self._entries) > 1 and self._is_full():
                del self._entries[next(iter(self._entries))]

    def forget(self, uuid: str) -> None:
        """The service said otherwise."""
        with self._lock:
            self._entries.pop(uuid, None)

    def _fresh(self, uuid: str, now_ns: int) -> _Entry | None:
        entry = self._entries.get(uuid)
        if entry is None or now_ns - entry.asked_ns >= self._age_max_ns:
            self._entries.pop(uuid, None)
            return None
        return entry

    def _is_full(self) -> bool:
        files = sum(len(entry.meeting.files) for entry in self._entries.values())
        return len(self._entries) > self._meetings_max or files > self._files_max
