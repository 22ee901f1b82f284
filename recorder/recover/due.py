"""Which recoveries the system asks for by itself, and for which period. Pure.

The coverage map says which periods are proven complete. What lies between two of them, or before the first one
although items of that time are on record, may hold what nobody saw. Nothing is asked for twice: a gap that a
recovery covered is told to the poller as proven; one that an operator cancelled is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recorder.model import SourceProgress, Window
from recorder.records.recoveries import Cause, RecoveryRow, RecoveryStatus
from recorder.settings.stages import RecoverySettings

RESUME_AFTER_S = 3600.0
"""One that the source's absence stopped is tried again after this."""
MARGIN_S = 3600.0
"""Before a stop: what was under way then."""
AT_ONCE = 8
_US = 1_000_000
_AFTER_STOPS = frozenset({Cause.START, Cause.LONG_STOP})


@dataclass(frozen=True, slots=True)
class Known:
    """What the Data Center says of one source."""

    progress: SourceProgress
    oldest_us: int | None
    """Of all items on record."""
    recent: tuple[RecoveryRow, ...] = ()
    """Its automatic recoveries, the newest first."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for this period."""

    window: Window
    cause: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Let one that was stopped go on."""

    recovery_id: str


@dataclass(frozen=True, slots=True)
class Prove:
    """The poller did not hear that this period is complete: tell it again."""

    window: Window


Step = Ask | Resume | Prove


def holes(covered: Iterable[Window], from_us: int, to_us: int) -> tuple[Window, ...]:
    """What of [from_us, to_us) is in none of the windows, oldest first."""
    found: list[Window] = []
    at_us = from_us
    for window in sorted(covered, key=lambda window: window.from_us):
        if window.from_us > at_us and at_us < to_us:
            found.append(Window(at_us, min(window.from_us, to_us)))
        at_us = max(at_us, window.to_us)
    if at_us < to_us:
        found.append(Window(at_us, to_us))
    return tuple(found)


def steps(
    known: Known, *, retention_s: float | None, now_us: int, settings: RecoverySettings
) -> tuple[Step, ...]:
    """What gaps and the schedule call for. `now_us` is this node's calendar: for the schedule alone."""
    at_us = known.progress.watermark_us
    from_us = at_us if known.oldest_us is None else known.oldest_us
    if retention_s is not None:
        from_us = max(from_us, at_us - int(retention_s * _US))
    found = [
        step
        for gap in holes(known.progress.coverage, from_us, at_us)
        for step in _about(gap, known, now_us)
    ][:AT_ONCE]
    return (*found, *_scheduled(known, now_us, settings))


def after_stop(known: Known, *, now_us: int, settings: RecoverySettings) -> tuple[Step, ...]:
    """This node begins to poll where `known` says, while it is `now_us` at the source."""
    from_us = known.progress.watermark_us
    stopped_s = (now_us - from_us) / _US
    if stopped_s < settings.start_s:
        return ()
    covered = known.progress.coverage
    start_us = from_us - int(MARGIN_S * _US)
    if covered:
        start_us = max(start_us, covered[0].from_us)
    start_us = min(start_us, from_us)
    running = (row for row in known.recent if row.status is RecoveryStatus.RUNNING)
    for row in running:
        if row.cause in _AFTER_STOPS and row.window and row.window.from_us == start_us:
            return ()
    cause = Cause.LONG_STOP if stopped_s >= settings.long_stop_s else Cause.START
    return (Ask(Window(start_us, now_us), cause),)


def _about(gap: Window, known: Known, now_us: int) -> tuple[Step, ...]:
    row = _covering(gap, known.recent)
    if row is None:
        covered = known.progress.coverage
        first = not covered or gap.to_us <= min(window.from_us for window in covered)
        return (Ask(gap, Cause.WATERMARK_LOST if first else Cause.GAP),)
    match row.status:
        case RecoveryStatus.COMPLETED:
            return (Prove(gap),)
        case RecoveryStatus.STOPPED | RecoveryStatus.FAILED:
            rested = now_us - (row.ended_us or 0) >= RESUME_AFTER_S * _US
            return (Resume(row.recovery_id),) if rested else ()
        case RecoveryStatus.RUNNING | RecoveryStatus.CANCELLED:
            return ()


def _covering(gap: Window, rows: Sequence[RecoveryRow]) -> RecoveryRow | None:
    for row in rows:
        window = row.window
        if window is not None and window.from_us <= gap.from_us and gap.to_us <= window.to_us:
            return row
    return None


def _scheduled(known: Known, now_us: int, settings: RecoverySettings) -> tuple[Step, ...]:
    if settings.every_s is None:
        return ()
    last_us = max(
        (row.requested_us for row in known.recent if row.cause == Cause.SCHEDULE), default=None
    )
    if last_us is not None and last_us <= now_us < last_us + settings.every_s * _US:
        return ()
    if any(
        row.cause == Cause.SCHEDULE and row.status is RecoveryStatus.RUNNING for row in known.recent
    ):
        return ()
    at_us = known.progress.watermark_us
    covered = known.progress.coverage
    start_us = at_us - int(settings.back_s * _US)
    if covered:
        start_us = max(start_us, covered[0].from_us)
    return (Ask(Window(start_us, at_us), Cause.SCHEDULE),) if start_us < at_us else ()
