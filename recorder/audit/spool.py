"""What waits to be appended to the audit trail, and what must be done about it next. Pure.

Invariant: an entry leaves the spool only when the Data Center has it. Entries that the disk did not take
are kept in memory, and written with the next compaction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.audit.canonical import from_line, to_line
from recorder.records.audit import AuditEntry, AuditRecord

BATCH_MAX: Final = 200
SPENT_MAX: Final = 2_000
"""Records on disk that are not needed any more, before the file is made anew under load."""


def to_bytes(entry: AuditEntry) -> bytes:
    """A record of the journal."""
    return to_line(AuditRecord(0, entry, "", "")).encode()


def from_bytes(record: bytes) -> AuditEntry:
    """Raises ValueError when this is none that this program understands."""
    return from_line(record.decode()).entry


@dataclass(frozen=True, slots=True)
class Read:
    """What a journal held."""

    entries: tuple[AuditEntry, ...]
    unreadable: tuple[bytes, ...]
    """Of another version, perhaps: kept for it."""


def read(records: Sequence[bytes]) -> Read:
    """Each entry once, in order."""
    entries: dict[str, AuditEntry] = {}
    unreadable: list[bytes] = []
    for record in records:
        try:
            entry = from_bytes(record)
        except ValueError:
            unreadable.append(record)
        else:
            entries.setdefault(entry.record_id, entry)
    return Read(tuple(entries.values()), tuple(unreadable))


class Spool:
    """Entries in the order they came: first `fresh`, then `waiting` for the Data Center."""

    def __init__(self) -> None:
        self.fresh: list[AuditEntry] = []
        """Neither on disk nor appended."""
        self._waiting: deque[AuditEntry] = deque()
        self._unreadable: tuple[bytes, ...] = ()
        self._on_disk = 0
        self._torn = False
        """The disk did not take everything that waits."""

    def __len__(self) -> int:
        return len(self.fresh) + len(self._waiting)

    def found(self, before: Read) -> None:
        """What a former life of this node left."""
        self._waiting.extend(before.entries)
        self._unreadable = before.unreadable
        self._on_disk = len(before.entries)

    def spooled(self, entries: Sequence[AuditEntry], *, durable: bool) -> None:
        """The disk took the first of `fresh`, or did not; either way they wait for the Data Center."""
        del self.fresh[: len(entries)]
        self._waiting.extend(entries)
        if durable:
            self._on_disk += len(entries)
        else:
            self._torn = True

    def waiting(self) -> tuple[AuditEntry, ...]:
        """Everything that waits for the Data Center."""
        return tuple(self._waiting)

    def batch(self) -> tuple[AuditEntry, ...]:
        """What is to be appended next; empty when nothing waits."""
        return tuple(self._waiting[index] for index in range(min(BATCH_MAX, len(self._waiting))))

    def appended(self, entries: Sequence[AuditEntry]) -> None:
        """The Data Center has the first of those that wait."""
        for entry in entries:
            assert self._waiting.popleft() is entry, "appended in order"

    def is_spent(self) -> bool:
        """Whether the file on disk is to be made anew."""
        spent = self._on_disk - len(self._waiting)
        return self._torn or spent >= SPENT_MAX or (spent > 0 and not self._waiting)

    def compact(self) -> list[bytes]:
        """What the file must hold."""
        return [*self._unreadable, *map(to_bytes, self._waiting)]

    def compacted(self, records: int) -> None:
        """The file holds what `compact` said."""
        self._on_disk = records - len(self._unreadable)
        self._torn = False
