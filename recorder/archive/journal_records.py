"""What the journal holds: items on their way into the Data Center, and notes of those that arrived. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from cluster.packing import pack, unpack
from recorder.codec import BUFFERED, job_key
from recorder.errors import RecorderError
from recorder.model import BufferedItem

_ITEM = b"I"
_NOTE = b"N"


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal says after a restart."""

    open_items: tuple[BufferedItem, ...]
    """Journaled and not noted, in order, each once."""
    spent: int
    """Records that are not needed any more."""
    unreadable: tuple[bytes, ...]
    """Whole records that this program does not understand: another version of it may, so they are kept."""


def item_records(items: Iterable[BufferedItem]) -> list[bytes]:
    """One record per item."""
    return [_ITEM + BUFFERED.encode(item) for item in items]


def note_record(items: Sequence[str]) -> bytes:
    """The items of these job keys need nothing more from the journal."""
    return _NOTE + pack(list(items))


def replay(records: Sequence[bytes]) -> Replay:
    """The items still open. An item journaled again after its note is open again."""
    still_open: dict[str, BufferedItem] = {}
    unreadable: list[bytes] = []
    for record in records:
        kind, body = record[:1], record[1:]
        try:
            if kind == _ITEM:
                item = BUFFERED.decode(body)
                still_open[job_key(item.ref)] = item
            elif kind == _NOTE:
                for key in cast("list[str]", unpack(body)):
                    still_open.pop(key, None)
            else:
                unreadable.append(record)
        except (RecorderError, ValueError):
            unreadable.append(record)
    spent = len(records) - len(unreadable) - len(still_open)
    return Replay(tuple(still_open.values()), spent, tuple(unreadable))
