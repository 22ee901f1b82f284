"""Rows of a listing as items. Pure.

One row that cannot be read must not stop the others: it becomes an item too, whose describing fails
while its row stays as it is, so that it is counted, parked and seen by people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from recorder.adapters.dynamics.records import Recording, RecordingTraces
from recorder.adapters.http.json_body import hash_of
from recorder.adapters.http.values import parse
from recorder.errors import BadAnswer
from recorder.model import ItemRef, Window

UNREADABLE: Final = "unreadable"
"""The hint that says why a row could not be read when it was listed."""
_KEY: Final = re.compile(r"^[\x21-\x7e]{1,100}$")
_FILE: Final = "msdyn_recording"
_SECOND_US: Final = 1_000_000


def items_of(source: str, rows: Sequence[Mapping[str, Any]], window: Window) -> tuple[ItemRef, ...]:
    """The items of a page, in its order, each once; rows without a file are left out.

    A row whose change cannot be read, or lies where nothing was asked for, is put at the row before
    it. Raises BadAnswer when the page has several rows and none of them has a key.
    """
    if len(rows) > 1 and all(_key(row) is None for row in rows):
        raise BadAnswer(
            f"a page of {len(rows)} recordings of which none has a readable id",
            hint="Look for a proxy in between, or a change of the service's schema.",
        )
    items: dict[tuple[str, str], ItemRef] = {}
    last_us = window.from_us
    for row in rows:
        item = _item(source, row, window, last_us)
        if item is not None:
            last_us = item.changed_us
            items[item.key, item.version] = item
    return tuple(items.values())


def _item(source: str, row: Mapping[str, Any], window: Window, last_us: int) -> ItemRef | None:
    try:
        recording = parse(Recording, row)
    except BadAnswer as error:
        return _unreadable(source, row, window, last_us, str(error))
    if _FILE not in row:
        return _unreadable(source, row, window, last_us, "it lacks the column of its file")
    if recording.file_id is None or _is_beside(recording.modified_us, window):
        return None
    if not window.from_us <= recording.modified_us < window.to_us:
        return _unreadable(
            source, row, window, last_us, "its change is not in the window asked for"
        )
    return ItemRef(
        source=source,
        key=recording.id,
        version=recording.file_id,
        changed_us=recording.modified_us,
        session_key=recording.conversation_id or recording.id,
        hints=_hints(recording),
    )


def _unreadable(
    source: str, row: Mapping[str, Any], window: Window, last_us: int, reason: str
) -> ItemRef | None:
    traces = parse(RecordingTraces, row)
    file_id = row.get(_FILE)
    if _FILE in row and file_id in (None, ""):
        return None
    changed_us = traces.modified_us
    if changed_us is None or not window.from_us <= changed_us < window.to_us:
        if changed_us is not None and _is_beside(changed_us, window):
            return None
        changed_us = last_us
    key = _key(row) or f"{UNREADABLE}-{hash_of(row)}"
    return ItemRef(
        source=source,
        key=key,
        version=traces.file_id or hash_of(file_id),
        changed_us=changed_us,
        session_key=traces.conversation_id or key,
        hints=_hints(traces) | {UNREADABLE: reason},
    )


def _hints(row: Recording | RecordingTraces) -> dict[str, str]:
    hints = {
        "conversation": row.conversation_id or "",
        "target": row.target_id or "",
        "file_name": row.file_name,
    }
    return {name: value for name, value in hints.items() if value}


def _is_beside(changed_us: int, window: Window) -> bool:
    """In the second that the window cuts, and outside of it: another window's row."""
    before = window.from_us // _SECOND_US * _SECOND_US <= changed_us < window.from_us
    return before or window.to_us <= changed_us < -(-window.to_us // _SECOND_US) * _SECOND_US


def _key(row: Mapping[str, Any]) -> str | None:
    key = row.get("msdyn_ocrecordingid")
    return key.lower() if isinstance(key, str) and _KEY.match(key) else None
