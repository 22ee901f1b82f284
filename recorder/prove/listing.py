"""Lists a day at its source, anew: what a certificate counts against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from recorder.errors import BadAnswer, SourceError
from recorder.model import ItemRef, Window
from recorder.ports import DataSource
from recorder.prove.canonical import plain

T = TypeVar("T")

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


def list_day(source: DataSource, day: Window, wait: Callable[[float], None]) -> Listing:
    """Every item of the day. Waits where the source asks for patience, and tries again.

    Raises SourceError when the source does not give it whole: then nothing can be certified.
    """
    source_us = _patiently(source.server_time, wait).source_us
    length_us = int(min(WINDOW_S, source.capabilities.window_max_s) * 1e6)
    found: dict[str, ItemRef] = {}
    pages = 0
    for begin_us in range(day.from_us, day.to_us, length_us):
        window = Window(begin_us, min(begin_us + length_us, day.to_us))

        def one(window: Window = window) -> tuple[list[ItemRef], int]:
            return _list_window(source, window)

        refs, more = _patiently(one, wait)
        pages += more
        for ref in refs:
            key = plain(ref.key)
            if key not in found or found[key].changed_us <= ref.changed_us:
                found[key] = ref
    return Listing(source_us, tuple(found.values()), pages)


def _list_window(source: DataSource, window: Window) -> tuple[list[ItemRef], int]:
    refs: list[ItemRef] = []
    page, pages = None, 0
    while True:
        answer = source.list_items(window, page)
        refs += [ref for ref in answer.items if window.from_us <= ref.changed_us < window.to_us]
        page, pages = answer.next_page, pages + 1
        if page is None:
            return refs, pages
        if pages >= PAGES_MAX:
            raise BadAnswer(f"the listing has more than {PAGES_MAX} pages")


def _patiently(work: Callable[[], T], wait: Callable[[float], None]) -> T:
    for turn in range(1, TRIES):
        try:
            return work()
        except SourceError as error:
            if not error.retryable or error.code == "auth_refused":
                raise
            asked_s = 2.0**turn if error.retry_after_s is None else error.retry_after_s
            wait(min(asked_s, _WAIT_S_MAX))
    return work()
