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
    late = {item.key: item.late for item in truth if item.source == progress.source}
    unfinished = [
        key
        for key, row in rows.items()
        if row.ref.changed_us < progress.watermark_us
        and row.state not in _FINAL
        and not row.parked
        # What can never be had is not in the truth; whether it came late, nobody knows.
        and not late.get(key, True)
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


class OpenItems:
    """While a run goes on: what a watermark must not pass, kept up to date item by item."""

    def __init__(self) -> None:
        self._unknown: dict[tuple[str, str], int] = {}
        self._open: dict[tuple[str, str], int] = {}
        self._known: set[tuple[str, str]] = set()
        self._early: dict[tuple[str, str], int] = {}
        """Found before they could be had: whether their stamps are from the past is not yet known."""
        self._excused: set[tuple[str, str]] = set()
        self._gone: set[tuple[str, str]] = set()
        """The service has nothing to archive of them any more."""
        self._stamps_us: dict[tuple[str, str], int] = {}
        """Of the items as the service has them now: a row that changed is listed again."""

    def offered(self, item: TruthItem, *, excused: bool = False) -> None:
        """The service has an item, or something of it changed. `excused`: clocks were wrong just then."""
        place = (item.source, item.key)
        if item.late or excused:
            self._excused.add(place)
        self._stamps_us[place] = max(item.changed_us, self._stamps_us.get(place, 0))
        early_us = self._early.pop(place, None)
        if early_us is not None:
            self._open[place] = early_us
        held = item.must_be_archived and place not in self._excused
        if held and place not in self._known:
            self._unknown[place] = item.changed_us
        else:
            self._unknown.pop(place, None)
        self._gone.discard(place)
        if not held:
            self._gone.add(place)
            self._open.pop(place, None)
        elif place in self._open:
            self._open[place] = max(self._open[place], item.changed_us)

    def recorded(self, source: str, key: str, changed_us: int, *, over: bool) -> None:
        """The Data Center knows the item; `over`: final or parked."""
        place = (source, key)
        self._known.add(place)
        self._unknown.pop(place, None)
        if place not in self._stamps_us:
            self._early[place] = changed_us
            if over:
                del self._early[place]
        elif over or place in self._excused or place in self._gone:
            self._open.pop(place, None)
        else:
            self._open[place] = max(changed_us, self._stamps_us.get(place, 0))

    def lost(self, source: str, key: str) -> None:
        """Somebody took what was on record of it: no watermark can know that it is open again."""
        self._excused.add((source, key))
        self._open.pop((source, key), None)
        self._unknown.pop((source, key), None)

    def moved(self, source: str, watermark_us: int) -> tuple[Violation, ...]:
        """The watermark of `source` was saved or told."""
        found: list[Violation] = []
        looks = ((self._open, "unfinished items"), (self._unknown, "items never seen"))
        for items, what in looks:
            passed = [
                key
                for (owner, key), changed_us in items.items()
                if changed_us < watermark_us and owner == source
            ]
            if passed:
                found.append(Violation(PROMISE, f"{source} passed {what}", tuple(passed)))
        return tuple(found)
