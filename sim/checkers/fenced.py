"""S4 and S5 at the Data Center, at every write: a stale term changes nothing, progress passes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from recorder.model import ItemState, SourceProgress
from recorder.records.contacts import ItemRow
from sim.checkers.violation import Violation

PROMISE = "one_primary"
MARKS = "watermark_never_ahead"
_FINAL = frozenset(state.value for state in ItemState if state.is_final)


@dataclass
class FenceBook:
    """Takes every control write that was accepted."""

    highest: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """(epoch, watermark) of each source."""

    def written(
        self,
        call: str,
        term: int,
        highest_term: int,
        progress: Mapping[str, SourceProgress],
        rows: Iterable[ItemRow] = (),
    ) -> Iterator[Violation]:
        """`call` was accepted in `term`, while the lease row had `highest_term`.

        An item that appeared below the watermark holds it and does not pull it back: only those are told that
        it moved past.
        """
        if term < highest_term:
            yield Violation(PROMISE, "a control write of a stale term was accepted", (call,))
        for source, row in progress.items():
            mark = (row.epoch, row.watermark_us)
            before = self.highest.get(source, mark)
            self.highest[source] = mark
            if mark < before:
                yield Violation(MARKS, "a watermark went back within its epoch", (source,))
            elif mark > before and mark[0] == before[0]:
                yield from _passed(source, before[1], mark[1], rows)


def _passed(source: str, from_us: int, to_us: int, rows: Iterable[ItemRow]) -> Iterator[Violation]:
    for row in rows:
        mine = row.ref.source == source and from_us <= row.ref.changed_us < to_us
        if mine and row.state not in _FINAL and not row.parked:
            yield Violation(MARKS, f"{source} passed an unfinished item", (row.ref.key,))
