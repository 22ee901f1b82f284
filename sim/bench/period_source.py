"""A source whose listing is arithmetic: thirty days of records, some of them in no database.

Its records are those of `sim.bench.growth.Database` at the same size, spread over the period, at the instants and in
the order in which they were archived, which is not that of their ids. Every thousandth is listed here and archived
nowhere. What the listing takes is summed up, so that it can be told from what the recovery takes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from sqlalchemy import text

from cluster.ports import Clock
from recorder.model import (
    BufferedItem,
    Capabilities,
    Finding,
    Interaction,
    ItemRef,
    MediaRef,
    Page,
    SourceTime,
    Window,
)
from recorder.ports.recording import MediaRequest
from sim.bench.growth import START_US, Database, a_call, copy_key
from sim.bench.timing import now_ns, seconds_since

NAME = "dynamics"
EVERY = 1_000
"""One record in so many is missing."""
_FIRST = 1_000
"""So many calls the database was filled with before they were copied."""
_DAY_S = 86_400
_WINDOW_MAX_S = 7.0 * _DAY_S
_CALL_US, _COPY_US = 1_000_000, 1_000
"""What lies between two calls of the database, and between two copies of a call."""
_SPREAD = 30 * _DAY_S * 1_000_000 // (_FIRST * _CALL_US)
"""The calls of the database lie in a quarter of an hour; spread so far they fill thirty days."""
_LOST = "lost-"


class PeriodSource:
    """Implements recorder.ports.recording.DataSource: `size` records, one after the other."""

    def __init__(self, *, size: int, page_size: int, clock: Clock) -> None:
        assert size % _FIRST == 0, "the database grows by so many"
        assert size // _FIRST * _COPY_US <= _CALL_US, "copies end before the next call"
        self.size = size
        self._page_size = page_size
        self._clock = clock
        self.pages = 0
        self.spent_s = 0.0
        """What the listing took: no merit and no fault of whoever asks."""

    @property
    def name(self) -> str:
        """As in the Data Center."""
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        """A week at a time, no end of keeping."""
        return Capabilities(_WINDOW_MAX_S, self._page_size, 1, None)

    @property
    def window(self) -> Window:
        """The period that holds every record."""
        return Window(START_US, self._at_us(self.size))

    def record(self, number: int) -> ItemRef:
        """Number `number` in order of time."""
        changed_us = self._at_us(number)
        if number % EVERY == EVERY - 1:
            return ItemRef(NAME, f"{_LOST}{number:09d}", "f", changed_us, f"session-lost-{number}")
        call, copy = self._place(number)
        key = copy_key(f"call-{call:09d}", copy)
        return ItemRef(NAME, key, "f", changed_us, f"session-{key}")

    def list_items(self, window: Window, page: str | None) -> Page:
        """Those of the window, oldest first; a page token is the number of its first record."""
        start_ns = now_ns()
        start = int(page) if page else self._first(window.from_us)
        stop = self._first(window.to_us)
        end = min(start + self._page_size, stop)
        items = tuple(self.record(number) for number in range(start, end))
        self.pages += 1
        self.spent_s += seconds_since(start_ns)
        return Page(items, str(end) if end < stop else None, None)

    def server_time(self) -> SourceTime:
        """This machine's."""
        at_ns = self._clock.monotonic_ns()
        return SourceTime(self._clock.wall_us(), at_ns, at_ns)

    def describe(self, ref: ItemRef) -> Interaction:
        """Of no interest here."""
        return a_missing_call(ref).interaction

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """Nothing is downloaded."""
        del ref, media
        yield from ()

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """Nothing is ever replaced."""

    def check(self) -> tuple[Finding, ...]:
        """Always well."""
        return ()

    def close(self) -> None:
        """Nothing is held."""

    def _place(self, number: int) -> tuple[int, int]:
        """Which copy of which call it is."""
        return divmod(number, self.size // _FIRST)

    def _at_us(self, number: int) -> int:
        call, copy = self._place(number)
        return START_US + _SPREAD * (call * _CALL_US + copy * _COPY_US)

    def _first(self, at_us: int) -> int:
        """The number of the first record at or after an instant."""
        return bisect_left(range(self.size), at_us, key=self._at_us)


def spread(database: Database) -> None:
    """Give the calls of a database the instants at which the source has them."""
    statement = text("UPDATE items SET changed_us = :start + (changed_us - :start) * :times")
    with database.engine.begin() as connection:
        connection.execute(statement, {"start": START_US, "times": _SPREAD})


def a_missing_call(ref: ItemRef) -> BufferedItem:
    """What would be in the call buffer of a missing record."""
    call = a_call(50_000_000 + int(ref.key.removeprefix(_LOST)))
    return BufferedItem(
        ref=ref,
        interaction=call.interaction,
        media=call.media,
        found_us=call.found_us,
        buffered_us=call.buffered_us,
        attempts=1,
    )
