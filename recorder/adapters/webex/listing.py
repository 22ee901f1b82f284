"""Rows of a listing as items. Pure.

One row that cannot be read must not hide the others: it becomes an item too, whose describing fails until
it can be read, so that it is counted, parked and seen by people.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from recorder.adapters.http.json_body import hash_of
from recorder.adapters.http.values import parse
from recorder.adapters.webex.ids import bare_id
from recorder.adapters.webex.records import Recording, RecordingTraces
from recorder.errors import BadAnswer
from recorder.listed import bytes_hint
from recorder.model import ItemRef, Window

UNREADABLE: Final = "unreadable"
"""The hint that says why a row could not be read when it was listed."""
RAW_ID: Final = "id"
"""The hint that holds the id as the service writes it, where that is not the key."""
VERSION: Final = "1"
"""The service never puts another file into a recording."""
_SECOND_US: Final = 1_000_000


def items_of(source: str, rows: Sequence[object], window: Window) -> tuple[ItemRef, ...]:
    """The items of a page, each once, in its order.

    A row that was made outside of the window is put at its begin: the service listed it for this window.
    Raises BadAnswer when the page has rows and none of them has an id.
    """
    if len(rows) > 1 and all(key_of(row) is None for row in rows):
        raise BadAnswer(
            f"a page of {len(rows)} recordings of which none has a readable id",
            hint="Look for a proxy in between, or a change of the service's API.",
        )
    items: dict[str, ItemRef] = {}
    for row in rows:
        item = _item(source, row, window)
        if item is not None:
            items[item.key] = item
    return tuple(items.values())


def key_of(row: object) -> str | None:
    """The id of a row; None for one that cannot be asked for."""
    return bare_id(_raw_id(row))


def _item(source: str, row: object, window: Window) -> ItemRef | None:
    try:
        recording = parse(Recording, row)
    except BadAnswer as error:
        return _unreadable(source, row, window, str(error))
    changed_us = _within(recording.created_us, window)
    if changed_us is None:
        return None
    return ItemRef(
        source=source,
        key=recording.id,
        version=VERSION,
        changed_us=changed_us,
        session_key=recording.service_data.call_session_id or recording.id,
        hints={**_hints(row, recording.id), **bytes_hint(recording.size_bytes)},
    )


def _unreadable(source: str, row: object, window: Window, reason: str) -> ItemRef | None:
    traces = parse(RecordingTraces, _object(row))
    changed_us = window.from_us
    if traces.created_us is not None:
        placed_us = _within(traces.created_us, window)
        if placed_us is None:
            return None
        changed_us = placed_us
    key = key_of(row) or f"{UNREADABLE}-{hash_of(row)}"
    return ItemRef(
        source=source,
        key=key,
        version=VERSION,
        changed_us=changed_us,
        session_key=traces.service_data.call_session_id or key,
        hints=_hints(row, key) | {UNREADABLE: reason},
    )


def _within(created_us: int, window: Window) -> int | None:
    """The instant in the window; None in a second that the window cuts: another window's row."""
    if window.from_us <= created_us < window.to_us:
        return created_us
    before = window.from_us // _SECOND_US * _SECOND_US <= created_us < window.from_us
    after = window.to_us <= created_us < -(-window.to_us // _SECOND_US) * _SECOND_US
    return None if before or after else window.from_us


def _hints(row: object, key: str) -> dict[str, str]:
    """An id in another alphabet is kept: the service may know a recording by its own spelling only."""
    raw = _raw_id(row)
    return {RAW_ID: raw} if raw is not None and raw != key and bare_id(raw) == key else {}


def _object(row: object) -> dict[str, Any]:
    return cast("dict[str, Any]", row) if isinstance(row, dict) else {}


def _raw_id(row: object) -> str | None:
    raw = _object(row).get("id")
    return raw if isinstance(raw, str) else None
