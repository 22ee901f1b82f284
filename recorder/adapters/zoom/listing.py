"""Meetings of a listing as items, one for each file. Pure.

One file or meeting that cannot be read must not stop the others: it becomes an item too, whose
describing fails while it stays as it is, so that it is counted, parked and seen by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from recorder.adapters.http.json_body import hash_of
from recorder.adapters.zoom.records import Broken, Meeting, meeting_of
from recorder.errors import BadAnswer
from recorder.listed import bytes_hint
from recorder.model import ItemRef, Window

MEETING: Final = "meeting"
"""The hint that holds the meeting's UUID: what `describe` asks for."""
UNREADABLE: Final = "unreadable"
"""The hint that says why a file or meeting could not be read when it was listed."""
PLACEHOLDER: Final = "unreadable-"
"""Begins the key of an item that stands for files without a readable id."""
_SECOND_US: Final = 1_000_000


def items_of(source: str, rows: Sequence[object], window: Window) -> tuple[ItemRef, ...]:
    """The items of a page, in its order, each once.

    What has no instant of completion yet, or one where nothing was asked for, is put at the nearest
    instant inside the window. Raises BadAnswer when the page has several meetings and none has a readable UUID.
    """
    items: dict[tuple[str, str], ItemRef] = {}
    readable = 0
    for row in rows:
        try:
            meeting = meeting_of(row)
        except BadAnswer as error:
            ref = _nameless(source, row, window, str(error))
            items.setdefault((ref.key, ref.version), ref)
            continue
        readable += 1
        for ref in _of_meeting(source, meeting, window):
            items.setdefault((ref.key, ref.version), ref)
    if len(rows) > 1 and not readable:
        raise BadAnswer(
            f"a page of {len(rows)} meetings of which none has a readable UUID",
            hint="Look for a proxy in between, or a change of the service's API.",
        )
    return tuple(items.values())


def _of_meeting(source: str, meeting: Meeting, window: Window) -> Iterator[ItemRef]:
    changed_us = _changed_us(meeting, window)
    if changed_us is None:
        return
    for one in (*meeting.files, *meeting.broken):
        hints = {MEETING: meeting.uuid}
        key = PLACEHOLDER + hash_of(meeting.uuid) if one.id is None else one.id
        if isinstance(one, Broken):
            hints[UNREADABLE] = one.reason
        else:
            hints |= bytes_hint(one.size_bytes)
        yield ItemRef(
            source=source,
            key=key,
            # A fingerprint is told only once the file is ready: it would make another version of the
            # item that was listed before, and was waited for.
            version=key,
            changed_us=changed_us,
            session_key=meeting.session_key,
            hints=hints,
        )


def _changed_us(meeting: Meeting, window: Window) -> int | None:
    """When the archive was complete; None when that belongs to a neighbouring window.

    The service takes whole seconds: it also shows what lies in the seconds that the window cuts. What is
    not complete yet will be later than all that is asked for now, hence the end of the window.
    """
    last_us = window.to_us - 1
    if meeting.complete_us is None:
        return last_us
    before = window.from_us // _SECOND_US * _SECOND_US <= meeting.complete_us < window.from_us
    behind = window.to_us <= meeting.complete_us <= -(-window.to_us // _SECOND_US) * _SECOND_US
    if before or behind:
        return None
    return min(max(meeting.complete_us, window.from_us), last_us)


def _nameless(source: str, row: object, window: Window, reason: str) -> ItemRef:
    """A meeting without a UUID cannot be asked for; what stays the same of it makes its key."""
    fields: dict[str, Any] = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    lasting = [fields.get(name) for name in ("uuid", "id", "start_time", "topic")]
    key = PLACEHOLDER + (hash_of(lasting) if any(lasting) else hash_of(cast("object", row)))
    return ItemRef(
        source=source,
        key=key,
        version=key,
        changed_us=window.to_us - 1,
        session_key=key,
        hints={UNREADABLE: reason},
    )
