"""Lists a day at its source, anew: what a certificate counts against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from recorder.errors import BadAnswer, SourceError, Throttled
from recorder.model import ItemRef, Page, SourceTime, Window
from recorder.ports.recording import DataSource
from recorder.prove.canonical import plain

WINDOW_S: Final = 6 * 3600.0
"""A day is listed in pieces, so that one that fails is begun again alone."""
TRIES: Final = 4
PAGES_MAX: Final = 100_000
_WAIT_S_MAX: Final = 60.0


@dataclass(frozen=True, slots=True)
class Listing:
    """A day as its source lists it."""

    source_us: int
    """The source's clock before the first page."""
    items: tuple[ItemRef, ...]
    """Each once, the newest version of it."""
    pages: int


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask the source next: its time without a window, else a page of it."""

    window: Window | None = None
    page: str | None = None


Answer = SourceTime | Page


def ask(source: DataSource, question: Question) -> Answer:
    """One call. Raises SourceError."""
    if question.window is None:
        return source.server_time()
    return source.list_items(question.window, question.page)


class DayListing:
    """Which question comes next, and what the answers were. Pure; one question is open at a time."""

    def __init__(self, day: Window, window_max_s: float) -> None:
        self._day = day
        self._length_us = int(min(WINDOW_S, window_max_s) * 1e6)
        self._source_us: int | None = None
        self._begin_us = day.from_us
        self._page: str | None = None
        self._piece: list[ItemRef] = []
        self._piece_pages = 0
        self._tokens: set[str] = set()
        """Of the piece's pages."""
        self._failures = 0
        """One after the other."""
        self._restarts = 0
        """Of the piece."""
        self._found: dict[str, ItemRef] = {}
        self._pages = 0

    @property
    def listed_us(self) -> int:
        """The day is listed up to here."""
        return self._begin_us

    @property
    def items(self) -> int:
        """Listed so far."""
        return len(self._found) + len(self._piece)

    @property
    def pages(self) -> int:
        """Listed so far."""
        return self._pages + self._piece_pages

    def question(self) -> Question | None:
        """None when the day is listed to its end."""
        if self._source_us is None:
            return Question()
        if self._begin_us >= self._day.to_us:
            return None
        return Question(self._window, self._page)

    def took(self, answer: Answer) -> None:
        """The answer to the question. Raises BadAnswer for a listing without an end."""
        self._failures = 0
        if isinstance(answer, SourceTime):
            self._source_us = answer.source_us
            self._restarts = 0
            return
        window = self._window
        inside = [ref for ref in answer.items if window.from_us <= ref.changed_us < window.to_us]
        self._piece += inside
        self._piece_pages += 1
        self._page = answer.next_page
        if self._page is None:
            self._close(window)
        elif self._page in self._tokens:
            raise BadAnswer("the listing came back to a page it gave before")
        elif self._piece_pages >= PAGES_MAX:
            raise BadAnswer(f"the listing has more than {PAGES_MAX} pages")
        else:
            self._tokens.add(self._page)

    def failed(self, error: SourceError) -> float:
        """Seconds to wait before the piece is begun again. Raises the error when that is of no use.

        Who is only asked for patience goes on with the page it was at.
        """
        self._failures += 1
        self._restarts += not isinstance(error, Throttled)
        is_final = not error.retryable or error.code == "auth_refused"
        if is_final or max(self._failures, self._restarts) >= TRIES:
            raise error
        if not isinstance(error, Throttled):
            self._begin_piece()
        asked_s = 2.0**self._failures if error.retry_after_s is None else error.retry_after_s
        return min(asked_s, _WAIT_S_MAX)

    def listing(self) -> Listing:
        """What was found, once there is no question left."""
        assert self._source_us is not None, "its time is asked first"
        return Listing(self._source_us, tuple(self._found.values()), self._pages)

    @property
    def _window(self) -> Window:
        end_us = min(self._begin_us + self._length_us, self._day.to_us)
        return Window(self._begin_us, end_us)

    def _close(self, window: Window) -> None:
        for ref in self._piece:
            key = plain(ref.key)
            if key not in self._found or self._found[key].changed_us <= ref.changed_us:
                self._found[key] = ref
        self._pages += self._piece_pages
        self._restarts = 0
        self._begin_piece()
        self._begin_us = window.to_us

    def _begin_piece(self) -> None:
        self._page, self._piece, self._piece_pages = None, [], 0
        self._tokens.clear()


def list_day(source: DataSource, day: Window, wait: Callable[[float], None]) -> Listing:
    """Every item of the day, for a caller that may block; waits where the source asks for patience.

    Raises SourceError when the source does not give it whole: then nothing can be certified.
    """
    listing = DayListing(day, source.capabilities.window_max_s)
    while (question := listing.question()) is not None:
        try:
            listing.took(ask(source, question))
        except SourceError as error:
            wait(listing.failed(error))
    return listing.listing()
