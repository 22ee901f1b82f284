"""S4, watermark never ahead: every item below a source's watermark is final, or parked, on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recorder.model import ItemState, SourceProgress
from sim.checkers.contents import Contents
from sim.checkers.violation import Violation
from sim.truth import TruthItem

PROMISE = "watermark_never_ahead"
_FINAL = frozenset(state.value for state in ItemState if state.is_final)


def check_watermark_never_ahead(
    truth: Sequence[TruthItem], contents: Contents
) -> tuple[Violation, ...]:
    """Below means strictly below: items of the instant itself may still appear.

    Not held against the watermark: what appeared with stamps from the past (a later look-back finds
    it), what had no file, and what was deleted or replaced.
    """
    return tuple(
        violation
        for progress in contents.progress
        for violation in _of_source(truth, contents, progress)
    )


def _of_source(
    truth: Sequence[TruthItem], contents: Contents, progress: SourceProgress
) -> Iterator[Violation]:
    rows = {row.ref.key: row for row in contents.items if row.ref.source == progress.source}
    unfinished = [
        key
        for key, row in rows.items()
        if row.ref.changed_us < progress.watermark_us and row.state not in _FINAL and not row.parked
    ]
    if unfinished:
        yield Violation(PROMISE, f"{progress.source} passed unfinished items", tuple(unfinished))
    unknown = [
        item.key
        for item in truth
        if item.source == progress.source
        and item.must_be_archived
        and not item.late
        and item.changed_us < progress.watermark_us
        and item.key not in rows
    ]
    if unknown:
        yield Violation(PROMISE, f"{progress.source} passed items never seen", tuple(unknown))
