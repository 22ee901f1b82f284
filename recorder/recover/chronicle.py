"""The actor that notes what was so when, on this node: that it ran, what was wrong, how its sources were.

It is what the causes of absences are derived from, months later. Written every minute, and at once when something
begins or ends; what cannot be written now is written later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias, assert_never

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.figures import sources
from recorder.ports.proof import FindingsDb
from recorder.records.findings import NODE_UP, Span
from recorder.status import Findings

TICK_S: Final = 5.0
EVERY_S: Final = 60.0
"""What goes on is noted this often: so long a crash may hide."""
OPEN_MAX: Final = 500
_QUIET: Final = frozenset({"starting", "standby", "polling"})


class SpanBook:
    """Which stretches are open, and which of them are to be written. Pure."""

    def __init__(self, *, node: str, started_us: int) -> None:
        self._node = node
        self._open: dict[tuple[str, str], Span] = {}
        self._left: dict[tuple[str, str, int], Span] = {}
        self._noted_us = started_us
        self._begin(NODE_UP, "", "", started_us)

    def look(self, so: Iterable[tuple[str, str, str]], now_us: int) -> None:
        """Code, subject and detail of everything that is so now."""
        found = {(code, subject): detail for code, subject, detail in so}
        found[NODE_UP, ""] = ""
        for key in [key for key in self._open if key not in found]:
            span = self._open.pop(key)
            self._write(replace(span, seen_us=now_us, closed_us=now_us))
        for (code, subject), detail in found.items():
            if (code, subject) not in self._open and len(self._open) < OPEN_MAX:
                self._begin(code, subject, detail, now_us)
        if now_us - self._noted_us >= EVERY_S * 1_000_000:
            self._noted_us = now_us
            for key, span in self._open.items():
                self._open[key] = replace(span, seen_us=now_us)
                self._write(self._open[key])

    def left(self) -> tuple[Span, ...]:
        """To be written."""
        return tuple(self._left.values())

    def written(self, spans: Iterable[Span]) -> None:
        """They are on record; what changed since is still to be written."""
        for span in spans:
            key = (span.code, span.subject, span.opened_us)
            if self._left.get(key) == span:
                del self._left[key]

    def _begin(self, code: str, subject: str, detail: str, now_us: int) -> None:
        span = Span(self._node, code, subject, now_us, now_us, None, detail)
        self._open[code, subject] = span
        self._write(span)

    def _write(self, span: Span) -> None:
        self._left[span.code, span.subject, span.opened_us] = span


@dataclass(frozen=True, slots=True)
class _Tick:
    """Time to look."""


@dataclass(frozen=True, slots=True)
class _Noted:
    spans: tuple[Span, ...]
    outcome: Outcome[None]


_Message: TypeAlias = Ping | _Tick | _Noted


class Chronicle:
    """One per node, whatever its role."""

    def __init__(
        self,
        *,
        node: str,
        me: Address[_Message],
        db: FindingsDb,
        lane: Workers,
        clock: Clock,
        board: Board,
    ) -> None:
        self._node = node
        self._me = me
        self._db = db
        self._lane = lane
        self._clock = clock
        self._board = board
        self._book = SpanBook(node=node, started_us=clock.wall_us())
        self._started_us = clock.wall_us()
        self._ended_former = self._writing = False

    def on_start(self) -> None:
        """What an earlier life left open ended when it was last seen."""
        self._write()
        self._clock.call_later(TICK_S, self._me, _Tick())

    def on_stop(self) -> None:
        """The next start finds what is open."""

    def on_message(self, message: _Message) -> None:
        """See the union."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
            case _Tick():
                self._book.look(_what_is_so(self._board), self._clock.wall_us())
                self._write()
                self._clock.call_later(TICK_S, self._me, _Tick())
            case _Noted(spans, outcome):
                self._noted(spans, outcome)
            case _:
                assert_never(message)

    def _write(self) -> None:
        left = self._book.left()
        if self._writing or not left:
            return
        self._writing = True
        former_us = None if self._ended_former else self._started_us
        job = partial(_note, self._db, self._node, left, former_us)
        self._lane.submit(job, self._me, partial(_Noted, left))

    def _noted(self, spans: tuple[Span, ...], outcome: Outcome[None]) -> None:
        """What failed is written with the next look."""
        self._writing = False
        match outcome:
            case Done():
                self._ended_former = True
                self._book.written(spans)
            case Failed():
                return


def _note(db: FindingsDb, node: str, spans: tuple[Span, ...], former_us: int | None) -> None:
    if former_us is not None:
        db.close_spans(node, former_us)
    db.note_spans(spans)


def _what_is_so(board: Board) -> Iterable[tuple[str, str, str]]:
    found = board.read("findings", Findings)
    for finding in () if found is None else found.open:
        yield finding.code, finding.subject, finding.what
    for status in sources(board):
        if status.state not in _QUIET:
            yield f"source_{status.state}", status.name, status.last_error
