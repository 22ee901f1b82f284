"""How recoveries in memory compare with each other. Pure."""

from __future__ import annotations

from recorder.records.recoveries import RecoveryItem, RecoveryRow, RecoveryStatus


def in_words(row: RecoveryRow) -> tuple[object, ...]:
    """The same for requests in the same words."""
    return (row.source, row.kind, row.dry_run, row.window, row.ids)


def is_completed_by(row: RecoveryRow, other: RecoveryRow) -> bool:
    """Whether the whole period was completed after `row` ended."""
    if other.status is not RecoveryStatus.COMPLETED or other.dry_run or other.source != row.source:
        return False
    if other.window is None or row.window is None:
        return False
    begins = other.window.from_us <= row.window.from_us
    ends = other.window.to_us >= row.window.to_us
    return begins and ends and (other.ended_us or 0) >= (row.ended_us or 0)


def asked_at(row: RecoveryRow) -> tuple[int, str]:
    """The order of requests."""
    return (row.requested_us, row.recovery_id)


def age_of(item: RecoveryItem) -> tuple[int, str]:
    """The order of items."""
    return (item.ref.changed_us, item.ref.key)
