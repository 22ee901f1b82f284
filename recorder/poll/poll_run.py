"""One poll, from its first window to its last page. Pure.

Invariant: items of a window are handed on only after its last page; a listing that does not end, or comes
back to a page it gave before, is an error of the source and no window is dealt with by it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from recorder.codec import job_key
from recorder.errors import BadAnswer
from recorder.model import ItemRef, Page, Window

PAGES_MAX = 2000
FOUND_MAX = 100_000
"""Items of one window: they are held in memory until its last page."""


class TooManyPages(BadAnswer):
    """Raised when one window has more pages, or items, than a poll reads: ask for a shorter one."""


class PollRun:
    """What is left to ask in this poll, and what was found in the window in hand."""

    def __init__(self, *, windows: Sequence[Window], horizon_us: int, began_ns: int) -> None:
        self.horizon_us = horizon_us
        """Ground at or below this was listed before this poll."""
        self.began_ns = began_ns
        self.looks_back = False
        """The window in hand belongs to a look-back."""
        self.looked_back = 0
        self.is_guess = False
        """Nobody could say what of the window in hand is new: everything not remembered counts."""
        self._windows = deque(windows)
        self._page: str | None = None
        self._pages = 0
        self._tokens: set[str] = set()
        self._found: dict[str, ItemRef] = {}
        self._ended = False

    @property
    def window(self) -> Window | None:
        """The window in hand; None when nothing is left."""
        return self._windows[0] if self._windows else None

    @property
    def page(self) -> str | None:
        """The page to ask for; None for the first."""
        return self._page

    @property
    def is_whole(self) -> bool:
        """The last page of the window in hand was listed."""
        return self._ended

    @property
    def found(self) -> tuple[ItemRef, ...]:
        """Unfinished items of the window in hand, in the source's order."""
        return tuple(self._found.values())

    def listed(self, page: Page) -> None:
        """A page came. Raises BadAnswer when the listing goes in circles, or does not end."""
        assert self._windows, "no window is in hand"
        assert not self._ended, "the window is whole"
        self._pages += 1
        self._page = page.next_page
        if page.next_page is None:
            self._ended = True
            return
        if page.next_page in self._tokens:
            raise BadAnswer(
                f"the listing came back to a page it gave before, after {self._pages} pages",
                hint="The source pages in circles; nothing is skipped, the window is asked again.",
            )
        if self._pages >= PAGES_MAX:
            raise TooManyPages(
                f"a window has more than {PAGES_MAX} pages",
                hint="Shorter windows are asked from now on; nothing is skipped.",
            )
        if len(self._found) > FOUND_MAX:
            raise TooManyPages(
                f"a window has more than {FOUND_MAX} items",
                hint="Shorter windows are asked from now on; nothing is skipped.",
            )
        self._tokens.add(page.next_page)

    def unfinished(self, refs: Iterable[ItemRef]) -> None:
        """These items of the window in hand are to be archived; repeated ones count once."""
        for ref in refs:
            self._found[job_key(ref)] = ref

    def handed_on(self) -> None:
        """What was found in the window in hand is somebody else's now."""
        self._found.clear()

    def next_window(self) -> None:
        """The window in hand is dealt with."""
        assert self._ended, "a window is dealt with after its last page"
        self._windows.popleft()
        self.looks_back = self.is_guess = False
        self._page, self._pages, self._ended = None, 0, False
        self._tokens.clear()
        self._found.clear()

    def look_back(self, window: Window) -> None:
        """Go on with a window of a look-back."""
        assert not self._windows, "look-backs come after the poll's own windows"
        self._windows.append(window)
        self.looks_back = True
        self.looked_back += 1
