"""How far a recovery is, how fast, and how long it still takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.records.recoveries import RecoveryRow, RecoveryStatus

_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """For people. What cannot be said yet is None."""

    phase: str
    """waiting, listing, fetching or over."""
    share: float
    """Of the phase, from 0 to 1."""
    per_s: float | None
    """Items listed, or items that came to an end, a second."""
    left_s: float | None
    """Until this phase is over at this rate."""


def progress_of(row: RecoveryRow, now_us: int) -> Progress:
    """`now_us` is the calendar of whoever shows it."""
    if row.status is not RecoveryStatus.RUNNING:
        return Progress("over", 1.0, None, None)
    if row.started_us is None:
        return Progress("waiting", 0.0, None, None)
    if not row.is_listed:
        share = (row.listed - row.begin) / max(1, row.end - row.begin)
        spent_s = max(0.0, (now_us - row.started_us) / _US)
        left_s = spent_s * (1 - share) / share if share > 0 else None
        return Progress("listing", share, _rate(row.counts.detected, spent_s), left_s)
    fetched = row.counts.recovered + row.counts.gone + row.counts.failed
    spent_s = max(0.0, (now_us - (row.fetching_us or row.started_us)) / _US)
    per_s = _rate(fetched, spent_s)
    left_s = row.counts.pending / per_s if per_s else None
    share = fetched / max(1, fetched + row.counts.pending)
    return Progress("fetching", share, per_s, left_s)


def _rate(count: int, spent_s: float) -> float | None:
    return count / spent_s if spent_s > 0 and count else None
