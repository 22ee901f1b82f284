"""Judges traces: of a world, of a real node, of both nodes together. By the same checkers as a running world.

A trace of nodes does not know what the service offered, and may begin in the middle: what it cannot
show is not held against it. Several traces are merged by their wall clocks, so instants of different
nodes are compared with some slack.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from cluster.frames import Role
from recorder.tracing.rows import TraceHeader, TraceKind, TraceRow
from sim.checkers.nothing_lost import CommittedFirst, Place
from sim.checkers.one_primary import OVERLAP_S, Pollers
from sim.checkers.screen_trace import ScreensOfNode
from sim.checkers.terms import Terms
from sim.checkers.violation import Violation
from sim.checkers.watermark_never_ahead import PROMISE as NEVER_AHEAD
from sim.trace_history import history_of

Trace: TypeAlias = tuple[TraceHeader, Iterable[TraceRow]]

APART_S: Final = 20.0
"""Beats are heard at least so often while two nodes reach each other."""
_ENDS: Final = frozenset({"archived", "gone", "not_recordable", "parked"})
_OK: Final = "ok"
_REIGNS: Final = frozenset({Role.PRIMARY, Role.HANDING_OVER})


@dataclass(frozen=True, slots=True)
class Found:
    """A violation in a trace: the row that shows it, and what led there."""

    at_ns: int
    """Since the first row of all."""
    row: TraceRow
    violation: Violation
    history: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "promise": self.violation.promise,
            "at_s": round(self.at_ns / 1e9, 6),
            "what": self.violation.what,
            "items": list(self.violation.items),
            "row": self.row.number,
            "lane": self.row.lane,
            "history": list(self.history),
        }


def merged(traces: Sequence[Trace]) -> tuple[TraceRow, ...]:
    """All rows by wall clock, from 0 on; numbers and causes are those of the merged trace."""
    first_us = min((header.began_us for header, _ in traces), default=0)
    lines = [_shifted(place, header, rows, first_us) for place, (header, rows) in enumerate(traces)]
    rows = [(place, row) for _, place, row in heapq.merge(*lines, key=lambda one: one[:2])]
    numbers = {(place, row.number): number for number, (place, row) in enumerate(rows, 1)}
    return tuple(
        replace(
            row,
            number=number,
            cause=None if row.cause is None else numbers.get((place, row.cause)),
        )
        for number, (place, row) in enumerate(rows, 1)
    )


def _shifted(
    place: int, header: TraceHeader, rows: Iterable[TraceRow], first_us: int
) -> Iterator[tuple[int, int, TraceRow]]:
    shift_ns = (header.began_us - first_us) * 1000 - header.began_ns
    latest_ns = 0
    for row in rows:
        # Threads may write two rows in another order than they took their instants.
        latest_ns = max(latest_ns, row.at_ns + shift_ns)
        data = row.data
        if "began_ns" in data:
            data = {**data, "began_ns": int(data["began_ns"]) + shift_ns}
        yield latest_ns, place, replace(row, at_ns=latest_ns, data=data)


def judge_trace(traces: Sequence[Trace]) -> tuple[Found, ...]:
    """Everything that breaks a promise in these traces, each kind once for the same items."""
    traces = [(header, tuple(rows)) for header, rows in traces]
    rows = merged(traces)
    judge = _Judge(
        origins={header.origin for header, _ in traces},
        cut=_cut(traces),
        first_us=min((header.began_us for header, _ in traces), default=0),
    )
    found: dict[tuple[str, str, tuple[str, ...]], Found] = {}
    for row in rows:
        for violation in judge.row(row):
            key = (violation.promise, violation.what, violation.items)
            if key not in found:
                history = history_of(rows, row, violation.items)
                found[key] = Found(row.at_ns, row, violation, history)
    for lane, violation in judge.at_the_end():
        row = next(one for one in reversed(rows) if one.lane == lane)
        history = history_of(rows, row, violation.items)
        key = (violation.promise, violation.what, violation.items)
        found.setdefault(key, Found(row.at_ns, row, violation, history))
    return tuple(found.values())


def _cut(traces: Sequence[tuple[TraceHeader, Sequence[TraceRow]]]) -> set[str]:
    """Origins of which the beginning is missing: a trace is numbered from 1 on."""
    first: dict[str, int] = {}
    for header, rows in traces:
        if rows:
            first[header.origin] = min(rows[0].number, first.get(header.origin, rows[0].number))
    return {origin for origin, number in first.items() if number > 1}


class _Judge:
    """Takes the rows in order."""

    def __init__(self, *, origins: set[str], cut: set[str], first_us: int) -> None:
        self._first_us = first_us
        self._cut = cut
        """Of these it is not known what was before,"""
        self._met: set[str] = set()
        """but for lanes that told since who they are: by their role, by a start or an end."""
        self._screens: dict[str, ScreensOfNode] = {}
        self._everything = "world" in origins or len(origins) > 1
        """Whatever was done, one of these traces tells it."""
        self._terms = Terms()
        self._pollers = Pollers(OVERLAP_S)
        self._committed = CommittedFirst()
        self._maybe: set[str] = set()
        """Items of a commit whose outcome is unknown, or of another part of the trace."""
        self._begun: set[Place] = set()
        self._open: dict[tuple[str, str], int] = {}
        self._marks_us: dict[str, int] = {}
        self._highest = 0
        self._heard_ns: dict[str, int] = {}
        self._center_lost_ns = -1
        self._looks: Mapping[TraceKind, Callable[[TraceRow], tuple[Violation, ...]]] = {
            TraceKind.ITEM: self._item,
            TraceKind.ROLE: self._role,
            TraceKind.CALL: self._call,
            TraceKind.WATERMARK: self._watermark,
            TraceKind.REQUEST: self._poll,
            TraceKind.RECEIVED: self._received,
            TraceKind.LIFE: self._life,
            TraceKind.VIOLATION: _violation,
        }

    def row(self, row: TraceRow) -> Iterable[Violation]:
        """What this row shows to be broken."""
        look = self._looks.get(row.kind)
        yield from () if look is None else look(row)
        yield from self._screen(row)

    def at_the_end(self) -> Iterator[tuple[str, Violation]]:
        """What should have been so by the last row of a node; with the node."""
        for lane, screens in self._screens.items():
            for violation in screens.at_the_end():
                yield lane, violation

    def _screen(self, row: TraceRow) -> Iterator[Violation]:
        now_us = self._first_us + row.at_ns // 1000
        screens = self._screens.get(row.lane)
        if screens is not None:
            yield from screens.passes(now_us)
        if row.kind is TraceKind.SCREEN:
            screens = self._screens.setdefault(row.lane, ScreensOfNode(row.lane))
            yield from screens.row(row, now_us)

    # -- lives and roles ----

    def _is_unknown(self, lane: str) -> bool:
        """Whether `lane` may have become primary before its trace begins."""
        return lane not in self._met and not self._cut.isdisjoint({lane, "world"})

    def _life(self, row: TraceRow) -> tuple[Violation, ...]:
        if row.what in {"started", "resumed"}:
            self._pollers.woke(row.lane, row.at_ns)
        screens = None
        if row.what in {"started", "crashed", "powered_off", "stopped"}:
            screens = self._screens.pop(row.lane, None)
        if row.what in {"started", "crashed", "powered_off"}:
            self._met.add(row.lane)
            self._committed.lets_go(row.lane, ())
            self._pollers.relieved(row.lane, row.at_ns)
        # What died owes nothing any more.
        return () if screens is None or row.what != "stopped" else tuple(screens.at_the_end())

    def _received(self, row: TraceRow) -> tuple[Violation, ...]:
        self._heard_ns[row.lane] = row.at_ns
        return ()

    def _role(self, row: TraceRow) -> tuple[Violation, ...]:
        if self._is_unknown(row.lane) and row.data.get("old") in _REIGNS:
            self._pollers.reign(row.lane, 0)
            self._pollers.polled(row.lane, row.at_ns)
        self._met.add(row.lane)
        if row.what != Role.PRIMARY:
            if row.what != Role.HANDING_OVER:
                self._pollers.relieved(row.lane, row.at_ns)
            return ()
        self._pollers.reign(row.lane, row.at_ns)
        resumed = row.data.get("old") == Role.HANDING_OVER
        return self._terms.reign(row.lane, int(row.data.get("term", 0)), resumed=resumed)

    def _poll(self, row: TraceRow) -> tuple[Violation, ...]:
        if row.what != "list" or not self._everything or self._is_unknown(row.lane):
            return ()
        apart_ns = round(APART_S * 1e9)
        silent = row.at_ns - self._heard_ns.get(row.lane, row.at_ns) > apart_ns
        if silent and row.at_ns - self._center_lost_ns <= apart_ns:
            self._pollers.apart(row.at_ns, begins=False)
        return self._pollers.polled(row.lane, int(row.data.get("began_ns", row.at_ns)))

    # -- calls ----

    def _call(self, row: TraceRow) -> tuple[Violation, ...]:
        ok, term = row.data.get("outcome") == _OK, int(row.data.get("term", 0))
        if not ok:
            self._center_lost_ns = row.at_ns
        match row.what:
            case "keep_state" if ok:
                return self._terms.kept(row.lane, term)
            case "commit" if not ok:
                self._maybe.update(str(key) for key in row.data.get("items", ()))
            case "acquire" | "renew" | "transfer" | "look" if ok:
                self._highest = max(self._highest, term)
            case "save_progress" | "record_outcome" if ok and term < self._highest:
                return self._terms.wrote(row.lane, term, self._highest)
            case _:
                pass
        return ()

    # -- items ----

    def _item(self, row: TraceRow) -> tuple[Violation, ...]:
        data = row.data
        if row.what == "discarded":
            return self._committed.discarded(row.lane, str(data.get("file", "")))
        place: Place = (
            str(data.get("source", "")), str(data.get("key", "")), str(data.get("version", "")),
        )  # fmt: skip
        if row.to == "data_center" and row.what in _ENDS:
            self._committed.ended(place)
            self._open.pop(place[:2], None)
            return ()
        match row.what:
            case "found" | "changed":
                changed_us = int(data.get("changed_us", 0))
                # Found below the watermark: it appeared late, and a look-back found it.
                unknown = math.inf if self._cut else 0
                late = changed_us < self._marks_us.get(place[0], unknown)
                if place[:2] in self._open or (row.what == "found" and not late):
                    self._open[place[:2]] = changed_us
            case "replaced" | "deleted":
                self._open.pop(place[:2], None)
            case "buffered":
                self._begun.add(place)
                files = [str(file) for file in data.get("files", ())]
                self._committed.holds(row.lane, place, files)
            case "done" | "reported" | "finished":
                return self._called_archived(row, place)
            case _:
                pass
        return ()

    def _called_archived(self, row: TraceRow, place: Place) -> tuple[Violation, ...]:
        known = (self._everything and not self._cut) or place in self._begun
        if not known or place[1] in self._maybe:
            self._committed.ended(place)
            self._open.pop(place[:2], None)
            return ()
        return self._committed.called_archived(row.lane, place)

    def _watermark(self, row: TraceRow) -> tuple[Violation, ...]:
        source, mark_us = str(row.data.get("source", "")), int(row.data.get("watermark_us", 0))
        self._marks_us[source] = max(mark_us, self._marks_us.get(source, 0))
        passed = [
            key
            for (owner, key), changed_us in self._open.items()
            if owner == source and changed_us < mark_us and key not in self._maybe
        ]
        if not passed:
            return ()
        return (Violation(NEVER_AHEAD, f"{source} passed unfinished items", tuple(passed)),)


def _violation(row: TraceRow) -> tuple[Violation, ...]:
    """What the world found while it ran."""
    items = tuple(str(item) for item in row.data.get("items", ()))
    return (Violation(row.what, str(row.data.get("text", "")), items),)
