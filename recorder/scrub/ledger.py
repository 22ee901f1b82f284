"""What a look at objects changes of what is on record of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from recorder.records.scrub import CensusPage, Change, Outcome, Reading, ScrubObject, ScrubRow

_GONE = "it is no longer there"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is to be written after a page of the census."""

    rows: tuple[ScrubRow, ...]
    """New, or other than before."""
    gone: tuple[str, ...]
    changes: tuple[Change, ...]


def enrolment(before: Mapping[str, ScrubRow], page: CensusPage) -> Enrolment:
    """`before` is everything on record in the range of the page."""
    rows: dict[str, ScrubRow] = {}
    for one in page.objects:
        rows[one.object_key] = _known(before.get(one.object_key), one)
    for key in page.without_row:
        rows[key] = _unknown(before.get(key), key, page)
    gone = [key for key in before if key not in rows]
    changes = [
        change
        for key, row in rows.items()
        if (change := _change(before.get(key), row, page.now_us)) is not None
    ]
    changes += [
        Change(key, before[key].outcome, Outcome.UNREAD, _GONE, page.now_us)
        for key in gone
        if before[key].outcome.is_bad
    ]
    return Enrolment(
        rows=tuple(row for key, row in rows.items() if before.get(key) != row),
        gone=tuple(gone),
        changes=tuple(changes),
    )


def recorded(before: ScrubRow | None, reading: Reading) -> tuple[ScrubRow, Change | None]:
    """What a reading makes of the row."""
    one = reading.object
    known = _known(before, one)
    same = known.outcome == reading.outcome
    row = replace(
        known,
        outcome=reading.outcome,
        detail=reading.detail,
        since_us=_since(known, reading, same=same),
        read_us=reading.read_us,
        times=known.times + 1,
    )
    return row, _change(known, row, reading.read_us)


def _since(known: ScrubRow, reading: Reading, *, same: bool) -> int | None:
    if not reading.outcome.is_bad:
        return None
    return known.since_us if same else reading.read_us


def _known(before: ScrubRow | None, one: ScrubObject) -> ScrubRow:
    if before is None or not before.media_key:
        return ScrubRow(
            one.object_key, one.source, one.media_key, Outcome.UNREAD, "", None, 0, 0, one.held
        )
    return replace(before, source=one.source, media_key=one.media_key, held=one.held)


def _unknown(before: ScrubRow | None, key: str, page: CensusPage) -> ScrubRow:
    if before is None or before.media_key:
        return ScrubRow(key, "", "", Outcome.SUSPECT, "", page.now_us, 0, 0)
    since_us = page.now_us if before.since_us is None else before.since_us
    if before.outcome is Outcome.SUSPECT and since_us <= page.now_us - page.stray_after_us:
        return replace(
            before, outcome=Outcome.STRAY, detail="the contact database does not know it"
        )
    return before


def _change(before: ScrubRow | None, after: ScrubRow, now_us: int) -> Change | None:
    old = Outcome.UNREAD if before is None else before.outcome
    if old == after.outcome or not (old.is_bad or after.outcome.is_bad):
        return None
    since_us = now_us if after.since_us is None else after.since_us
    return Change(after.object_key, old, after.outcome, after.detail, since_us)
