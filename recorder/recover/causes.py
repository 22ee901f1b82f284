"""Why something does not agree, from what is known of its time. Pure.

There is no cause "unknown": for each kind there is a last one that follows when nothing else does, because
every other way for it to happen leaves a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.instants import to_text
from recorder.model import ItemRef, ItemState, Window
from recorder.records.contacts import ItemRow
from recorder.records.findings import NODE_UP, Severity, Sighting, Span, What, Why

_BY_REASON: Final = {
    "throttled": Why.THROTTLED,
    "auth_refused": Why.CREDENTIALS,
    "scope_missing": Why.CREDENTIALS,
    "right_missing": Why.CREDENTIALS,
    "privilege_missing": Why.CREDENTIALS,
    "application_user_missing": Why.CREDENTIALS,
    "archiving_not_enabled": Why.CREDENTIALS,
    "unreachable": Why.SOURCE_FAILING,
    "stalled": Why.SOURCE_FAILING,
    "truncated": Why.SOURCE_FAILING,
    "archive_refused": Why.ARCHIVE_REFUSED,
    "buffer_file_lost": Why.ARCHIVE_REFUSED,
    "gone": Why.DELETED_BEFORE_FETCHED,
}
"""By the code that begins the reason of an item."""
_BY_SPAN: Final = {
    "source_stopped_by_error": Why.CREDENTIALS,
    "credentials_failing": Why.CREDENTIALS,
    "source_waiting": Why.THROTTLED,
    "source_failing": Why.SOURCE_FAILING,
    "poll_failing": Why.SOURCE_FAILING,
}
"""By the code of what was so at the time; the first of them that was counts."""
_SEVERITIES: Final = {
    Why.SERVICE_BEHIND: Severity.MAJOR,
    Why.BEFORE_START: Severity.MINOR,
}
"""Of what is not here; critical otherwise."""


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of a source's time."""

    source: str
    watermark_us: int
    covered: tuple[Window, ...]
    """Proven complete, oldest first."""
    oldest_us: int | None
    """Of all items on record."""
    spans: tuple[Span, ...]
    now_us: int

    @property
    def ups(self) -> tuple[Span, ...]:
        """When nodes ran."""
        return tuple(span for span in self.spans if span.code == NODE_UP)

    def troubles(self, from_us: int, to_us: int) -> tuple[Span, ...]:
        """What was wrong with the source, or with a node's way to it, in a period."""
        return tuple(
            span
            for span in self.spans
            if span.code in _BY_SPAN
            and span.subject in {"", self.source}
            and span.opened_us < to_us
            and span.until_us >= from_us
        )


def not_here(ref: ItemRef, row: ItemRow | None, times: Times) -> Sighting:
    """It is at the source, and not in the archive."""
    why, detail = _why_not_here(ref, row, times)
    return Sighting(
        source=ref.source,
        what=What.NOT_HERE,
        subject=ref.key,
        why=why,
        severity=_SEVERITIES.get(why, Severity.CRITICAL),
        at_us=ref.changed_us,
        detail=detail,
        is_offered=True,
    )


def lost(row: ItemRow) -> Sighting:
    """It is on record, was never archived, and is no longer at the source."""
    state = "parked" if row.parked else row.state
    return Sighting(
        source=row.ref.source,
        what=What.LOST,
        subject=row.ref.key,
        why=Why.DELETED_BEFORE_FETCHED,
        severity=Severity.CRITICAL,
        at_us=row.ref.changed_us,
        detail=f"{state} here since {to_text(row.found_us)}, and no longer at the source{_because(row)}",
    )


def deleted_at_source(row: ItemRow) -> Sighting:
    """It is archived, and the source says that it has it no more: noted."""
    return Sighting(
        source=row.ref.source,
        what=What.NOT_AT_SOURCE,
        subject=row.ref.key,
        why=Why.DELETED_AT_SOURCE,
        severity=Severity.MINOR,
        at_us=row.ref.changed_us,
        detail="the source deleted it after it was archived",
        is_noted_only=True,
    )


def differs(ref: ItemRef, detail: str, *, is_offered: bool) -> Sighting:
    """It is archived as the source no longer tells it."""
    return Sighting(
        source=ref.source,
        what=What.DIFFERS,
        subject=ref.key,
        why=Why.CHANGED_AT_SOURCE,
        severity=Severity.MAJOR,
        at_us=ref.changed_us,
        detail=detail,
        is_offered=is_offered,
    )


def object_missing(row: ItemRow, detail: str) -> Sighting:
    """A file of it is not in the archive, or not in its size."""
    return Sighting(
        source=row.ref.source,
        what=What.OBJECT_MISSING,
        subject=row.ref.key,
        why=Why.ARCHIVE_DAMAGED,
        severity=Severity.CRITICAL,
        at_us=row.ref.changed_us,
        detail=detail,
    )


def object_without_row(source: str, key: str, now_us: int) -> Sighting:
    """The archive has it, and nothing names it."""
    return Sighting(
        source=source,
        what=What.OBJECT_WITHOUT_ROW,
        subject=key,
        why=Why.COMMIT_UNFINISHED,
        severity=Severity.MINOR,
        at_us=now_us,
        detail="it was stored, and the transaction that was to name it never came",
    )


def _why_not_here(ref: ItemRef, row: ItemRow | None, times: Times) -> tuple[Why, str]:
    if row is not None:
        return _why_not_done(row, times)
    at_us = ref.changed_us
    if any(window.from_us <= at_us < window.to_us for window in times.covered):
        return (
            Why.LATE_AT_SOURCE,
            "its time was listed to the end and proven complete without it: it appeared later",
        )
    if at_us >= times.watermark_us:
        return _while_behind(at_us, times)
    gap = _gap_around(at_us, times)
    before = not times.covered or at_us < times.covered[0].from_us
    if before and (times.oldest_us is None or at_us < times.oldest_us):
        return Why.BEFORE_START, "it is older than what this source was first asked for"
    return _in_gap(gap, times)


def _while_behind(at_us: int, times: Times) -> tuple[Why, str]:
    until = f"this source is archived up to {to_text(times.watermark_us)}"
    trouble = _worst(times.troubles(max(at_us, times.now_us - 3600 * 1_000_000), times.now_us))
    if trouble is not None:
        return _BY_SPAN[trouble.code], f"{until}: {_told(trouble)}"
    return Why.SERVICE_BEHIND, f"{until}; its turn has not come"


def _in_gap(gap: Window, times: Times) -> tuple[Why, str]:
    """Between two periods that were proven complete."""
    period = f"{to_text(gap.from_us)} to {to_text(gap.to_us)}"
    known = any(span.opened_us <= gap.from_us for span in times.ups)
    if known and not _is_covered(gap, times.ups):
        return (
            Why.NODE_DOWN,
            f"no node ran for some time from {period}, and it was never made up for",
        )
    trouble = _worst(times.troubles(gap.from_us, gap.to_us))
    if trouble is not None:
        return _BY_SPAN[trouble.code], f"from {period}: {_told(trouble)}"
    return (
        Why.WATERMARK_LOST,
        f"nodes ran, and {period} was passed over: polling began again behind it",
    )


def _why_not_done(row: ItemRow, times: Times) -> tuple[Why, str]:
    """It was found; what keeps it?"""
    if row.state == ItemState.GONE:
        return (
            Why.DELETED_BEFORE_FETCHED,
            f"the source said that it was gone, and lists it again{_because(row)}",
        )
    why = _BY_REASON.get(row.reason.partition(":")[0].strip())
    if row.parked:
        return why or Why.PARKED, f"parked after {row.attempts} tries{_because(row)}"
    if why is not None and row.state == ItemState.FAILED:
        return why, f"tried {row.attempts} times{_because(row)}"
    trouble = _worst(times.troubles(row.found_us, times.now_us))
    if trouble is not None:
        return _BY_SPAN[trouble.code], f"found at {to_text(row.found_us)}: {_told(trouble)}"
    return (
        Why.SERVICE_BEHIND,
        f"found at {to_text(row.found_us)}, and still on its way{_because(row)}",
    )


def _because(row: ItemRow) -> str:
    return f": {row.reason}" if row.reason else ""


def _gap_around(at_us: int, times: Times) -> Window:
    begin = max((w.to_us for w in times.covered if w.to_us <= at_us), default=at_us)
    end = min((w.from_us for w in times.covered if w.from_us > at_us), default=times.watermark_us)
    return Window(begin, max(end, begin + 1))


def _is_covered(gap: Window, ups: Iterable[Span]) -> bool:
    """Whether some node ran all the time; a moment of a restart does not count."""
    slack_us = 120 * 1_000_000
    at_us = gap.from_us
    for span in sorted(ups, key=lambda span: span.opened_us):
        if span.opened_us > at_us + slack_us:
            break
        at_us = max(at_us, span.until_us)
    return at_us + slack_us >= gap.to_us


def _worst(spans: Sequence[Span]) -> Span | None:
    """By the order of `_BY_SPAN`: what explains most comes first."""
    order = list(_BY_SPAN)
    return min(spans, key=lambda span: (order.index(span.code), span.opened_us), default=None)


def _told(span: Span) -> str:
    detail = f" ({span.detail})" if span.detail else ""
    return f"{span.code} on {span.node} since {to_text(span.opened_us)}{detail}"
