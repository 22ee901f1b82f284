"""Files with ids: each is answered once, each row has one line, and what a line says is so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.records.recoveries import RecoveryRow, RecoveryStatus, Stage
from recorder.recover.id_results import BAD, NOT_FOUND, NOT_LOOKED_FOR
from sim.checkers.violation import Violation

PROMISE: Final = "id_files_answered"
_HERE: Final = frozenset({Stage.RECOVERED.value, Stage.ALREADY_HERE.value})
_ENDS: Final = frozenset(
    {*_HERE, Stage.NOT_RECORDABLE.value, Stage.GONE.value, Stage.FAILED.value, NOT_FOUND}
)
_WHEN_CANCELLED: Final = frozenset({*_ENDS, BAD, NOT_LOOKED_FOR})
_OVER: Final = frozenset({RecoveryStatus.COMPLETED, RecoveryStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Put:
    """A file as it was put down, by what its rows are."""

    kind: str
    name: str
    good: tuple[str, ...]
    """Ids of what the source had by then."""
    unknown: tuple[str, ...]
    """Ids in the right form, of nothing."""
    bad: tuple[str, ...]
    """No ids of this kind of source."""

    @property
    def rows(self) -> tuple[str, ...]:
        """In their order."""
        return (*self.good, *self.unknown, *self.bad)


@dataclass(frozen=True, slots=True)
class Known:
    """The truth about an id."""

    offered: bool
    """The source has something of it, and had it all the time."""
    ended: bool
    """Something of it is archived, or over with a reason on record; or was, before it was deleted here."""


def check_result(
    put: Put,
    told: Sequence[Mapping[str, str]],
    rows: Sequence[RecoveryRow],
    known: Callable[[str], Known],
) -> Iterator[Violation]:
    """What the result says of each row, and the counts of the recoveries behind it."""
    ids = [one["id"].removeprefix("'") for one in told]
    if ids != list(put.rows):
        yield _broken(f"a result has not one line for each row: {ids}", put)
        return
    for row in rows:
        waits = row.status is not RecoveryStatus.CANCELLED and row.counts.pending > 0
        if row.status not in _OVER or waits or not row.counts.add_up:
            yield _broken(f"a file is answered before its recovery is over: {row.counts}", put)
    cancelled = any(row.status is RecoveryStatus.CANCELLED for row in rows)
    for identifier, one in zip(ids, told, strict=True):
        wrong = _wrong(put, identifier, one["outcome"], known, cancelled=cancelled)
        if wrong:
            yield _broken(f"{identifier} is told as {one['outcome']}: {wrong}", put)


def _wrong(
    put: Put, identifier: str, outcome: str, known: Callable[[str], Known], *, cancelled: bool
) -> str:
    """What is not so; empty when all is."""
    if cancelled:
        return "" if outcome in _WHEN_CANCELLED else "no end"
    if identifier in put.bad:
        return "" if outcome == BAD else "it is no id"
    if identifier in put.unknown:
        return "" if outcome in {NOT_FOUND, Stage.FAILED.value} else "there is nothing of it"
    about, why = known(identifier), ""
    if outcome not in _ENDS:
        why = "that is no end"
    elif outcome in _HERE and not about.ended:
        why = "nothing of it is archived"
    elif outcome == NOT_FOUND and about.offered:
        why = "the source has it"
    return why


def _broken(what: str, put: Put) -> Violation:
    return Violation(PROMISE, what, (put.name,))
