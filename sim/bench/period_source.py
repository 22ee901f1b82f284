"""A source whose listing is arithmetic: thirty days of records, some of them in no database.

Its records are those of `sim.bench.growth.Database` at the same size, nearly in the order in which they were
archived, which is not that of their ids. Every thousandth is listed here and archived nowhere. What the listing takes is
summed up, so that it can be told from what the recovery takes.
"""

from __future__ import annotations

from collections.abc import Iterator

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
from recorder.ports import MediaRequest
from sim.bench.growth import START_US, a_call, copy_key
from sim.bench.timing import now_ns, seconds_since

NAME = "dynamics"
EVERY = 1_000
"""One record in so many is missing."""
_FIRST = 1_000
"""So many calls the database was filled with before they were copied."""
_DAY_S = 86_400
_PERIOD_US = 30 * _DAY_S * 1_000_000
_WINDOW_MAX_S = 7.0 * _DAY_S
_SCATTER = 617_039
"""A prime: ids come as scattered as those of a service do."""
_LOST = "lost-"


class PeriodSource:
    """Implements recorder.ports.DataSource: `size` records at equal distances."""

    def __init__(self, *, size: int, page_size: int, clock: Clock) -> None:
        assert size % _FIRST == 0, "the database grows by so many"
        self.size = size
        self._page_size = page_size
        self._clock = clock
        self._step_us = _PERIOD_US // size
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
        return Window(START_US, START_US + self.size * self._step_us)

    def record(self, number: int) -> ItemRef:
        """Number `number` in order of time."""
        changed_us = START_US + number * self._step_us
        if number % EVERY == EVERY - 1:
            return ItemRef(NAME, f"{_LOST}{number:09d}", "f", changed_us, f"session-lost-{number}")
        block, copy = divmod(number, self.size // _FIRST)
        key = copy_key(f"call-{block * _SCATTER % _FIRST:09d}", copy)
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

    def _first(self, at_us: int) -> int:
        """The number of the first record at or after an instant."""
        return max(0, min(self.size, -(-(at_us - START_US) // self._step_us)))


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
