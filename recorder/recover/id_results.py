"""What became of each id of a file, in words for the file beside it. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.errors import NotAnId
from recorder.records.recoveries import RecoveryItem, RecoveryRow, RecoveryStatus, Stage
from recorder.recover.id_lists import IdList

BAD: Final = "bad_row"
NOT_FOUND: Final = "not_found"
NOT_LOOKED_FOR: Final = "not_looked_for"
_WORST_FIRST: Final = (
    Stage.FAILED,
    Stage.PENDING,
    Stage.GIVEN,
    Stage.LISTED,
    Stage.GONE,
    Stage.NOT_RECORDABLE,
    Stage.RECOVERED,
    Stage.ALREADY_HERE,
)
_OPEN: Final = frozenset({Stage.PENDING, Stage.GIVEN, Stage.LISTED})
LEFT: Final = "it is missing here, and was not waited for"
ADDED: Final = "this row was added after the file was taken: put it down again"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = ("line", "id", "outcome", "reason", "items", "recovery")


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the file."""

    line: int
    id: str
    outcome: str
    """A stage of recovery, `not_found`, `not_looked_for` or `bad_row`."""
    reason: str = ""
    items: int = 0
    """That were missing."""
    recovery: str = ""


def results(
    ids: IdList, rows: Sequence[RecoveryRow], items: Mapping[str, Iterable[RecoveryItem]]
) -> tuple[Result, ...]:
    """One for each row of the file, in its order.

    `rows` are the recoveries it led to, one for each source of its kind, `items` theirs by recovery id.
    An id that one source has and another has not is found.
    """
    by_id: dict[str, list[tuple[str, RecoveryItem]]] = {}
    for recovery_id, some in items.items():
        for item in some:
            by_id.setdefault(item.asked, []).append((recovery_id, item))
    unlooked = [(row, frozenset(row.ids[row.listed :])) for row in rows]
    asked = frozenset(one for row in rows for one in row.ids)
    told: dict[str, tuple[str, str, int, str]] = {}
    for one in ids.ids:
        if one not in asked:
            told[one] = (NOT_LOOKED_FOR, ADDED, 0, "")
            continue
        late = next((row for row, left in unlooked if one in left), None)
        told[one] = _result(one, rows, by_id.get(one, ()), late)
    found = [Result(row.line, row.text, *told[row.text]) for row in ids.rows] + [
        Result(row.line, row.text, BAD, row.reason) for row in ids.bad
    ]
    return tuple(sorted(found, key=lambda one: one.line))


def _result(
    asked: str,
    rows: Sequence[RecoveryRow],
    found: Sequence[tuple[str, RecoveryItem]],
    late: RecoveryRow | None,
) -> tuple[str, str, int, str]:
    absent = [one for one in found if is_absence(one[1], asked)]
    here = [one for one in found if not is_absence(one[1], asked)]
    if here:
        stage = min((item.stage for _, item in here), key=_WORST_FIRST.index)
        name, worst = next(one for one in here if one[1].stage is stage)
        if stage in _OPEN:
            row = next(row for row in rows if row.recovery_id == name)
            return NOT_LOOKED_FOR, f"{_why_over(row)}; {LEFT}", len(here), name
        return stage.value, _reason(worst, [item for _, item in here]), len(here), name
    if late is not None:
        return NOT_LOOKED_FOR, _why_over(late), 0, late.recovery_id
    if absent and len(absent) >= len(rows):
        name, item = absent[0]
        return _absence(item), item.reason, 0, name
    name = rows[0].recovery_id if rows else ""
    return Stage.ALREADY_HERE.value, "nothing of it was missing", 0, name


def _why_over(row: RecoveryRow) -> str:
    return f"recovery {row.status.value}: {row.reason}"


def _absence(item: RecoveryItem) -> str:
    if item.reason.startswith(NotAnId.code):
        return BAD
    return NOT_FOUND if item.stage is Stage.GONE else item.stage.value


def is_absence(item: RecoveryItem, asked: str) -> bool:
    """It stands for an id that led to nothing."""
    return item.ref.key == asked and not item.ref.version


def _reason(worst: RecoveryItem, items: Sequence[RecoveryItem]) -> str:
    if len(items) == 1:
        return worst.reason
    counts = Counter(item.stage for item in items)
    told = ", ".join(f"{counts[stage]} {stage.value}" for stage in _WORST_FIRST if counts[stage])
    return f"{told}: {worst.reason}" if worst.reason else told


def is_over(row: RecoveryRow) -> bool:
    """Nothing more happens to it by itself; one that the source's absence ended is resumed."""
    return row.status in {RecoveryStatus.COMPLETED, RecoveryStatus.CANCELLED}


def as_csv(rows: Iterable[Result]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read it, and take no text of others for a formula.

    Such a text has an apostrophe before it, which is no part of an id where files with ids are read.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        told = (_plain(row.id), row.outcome, _plain(row.reason), row.items, row.recovery)
        writer.writerow((row.line, *told))
    return text.getvalue().encode("utf-8-sig", "replace")


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
