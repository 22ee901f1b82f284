"""The parts in which a period is listed. Pure.

A section is listed whole, compared, and counted in one transaction; only then does the recovery go on behind
it. So a process may die anywhere: the section in hand is listed again, and nothing is counted twice. A
section is as long as brings some thousand items, however sparse or dense the source is.

Nothing of a section is kept in memory but the pages that are not compared yet and the missing items, of both a
few thousand: small pages are gathered before they are compared, and missing items beyond that are staged.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from recorder.errors import BadAnswer
from recorder.model import ItemRef, Page, Window
from recorder.records.recoveries import Difference, ListedSection, RecoveryItem, RecoveryRow, Stage

LENGTH_S = 3600.0
"""Of the first section."""
LENGTH_MIN_S = 60.0
ITEMS_WANTED = 20_000
PAGES_MAX = 2_000
COMPARE_AT = 5_000
"""So many listed items are compared with one question, however small the source's pages are."""
STAGE_AT = 5_000
SEEN_MAX = 100_000
"""So many keys of a section are remembered, to count what is listed twice once."""
IDS_AT_ONCE = 20
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """What an id leads to: items, or an end and its reason."""

    refs: tuple[ItemRef, ...] = ()
    end: Stage | None = None
    reason: str = ""


class Section:
    """One section on its way. Ids take the place of pages where a recovery is of ids."""

    def __init__(self, *, row: RecoveryRow, to: int, retention_s: float | None) -> None:
        assert row.listed < to, "a section is not empty"
        self.recovery_id = row.recovery_id
        self.begin = row.listed
        self.to = to
        self._retention_us = None if retention_s is None else int(retention_s * _US)
        self._source = row.source
        self.asked = ""
        """The id looked for last."""
        self._is_of_ids = row.window is None
        self._ids = deque(row.ids[row.listed : to] if self._is_of_ids else ())
        self._failures: dict[str, tuple[int, int]] = {}
        """How often, and when last, by id."""
        self._page: str | None = None
        self._tokens: set[str] = set()
        self._seen: set[str] = set()
        self._ended = False
        self._gathered: list[ItemRef] = []
        self._missing: list[RecoveryItem] = []
        self._here = 0
        self._not_recordable = 0
        self.calls = 0
        self.listed_items = 0
        self.staged = False

    @property
    def window(self) -> Window:
        """What to ask the source for."""
        assert not self._is_of_ids, "ids have no window"
        return Window(self.begin, self.to)

    @property
    def page(self) -> str | None:
        """The page to ask for; None for the first."""
        return self._page

    @property
    def identifier(self) -> str | None:
        """The id to look for; None for a period."""
        return self._ids[0] if self._is_of_ids else None

    @property
    def is_whole(self) -> bool:
        """Nothing is left to ask for."""
        return not self._ids if self._is_of_ids else self._ended

    def listed(self, page: Page) -> tuple[ItemRef, ...]:
        """A page came; returns what is to be compared now: nothing until pages enough were gathered.

        Raises BadAnswer when listing has no end.
        """
        self.calls += 1
        self._page = page.next_page
        if page.next_page is None:
            self._ended = True
        elif page.next_page in self._tokens:
            raise BadAnswer(
                f"the listing came back to a page it gave before, after {self.calls} pages",
                hint="The source pages in circles; nothing is skipped, the section is listed again.",
            )
        elif self.calls >= PAGES_MAX:
            raise BadAnswer(f"a section has more than {PAGES_MAX} pages")
        else:
            self._tokens.add(page.next_page)
        self._gathered += self._fresh(page.items)
        if len(self._gathered) < COMPARE_AT and not self._ended:
            return ()
        gathered, self._gathered = tuple(self._gathered), []
        return gathered

    def found(self, answer: Found) -> tuple[ItemRef, ...]:
        """What the id in hand leads to; returns what of it is to be compared."""
        assert self._is_of_ids, "a period has no ids"
        self.calls += 1
        self.asked = self._ids.popleft()
        if answer.end is not None:
            ref = ItemRef(self._source, self.asked, "", 0, self.asked)
            item = RecoveryItem(ref, None, answer.end, answer.reason, asked=self.asked)
            self._missing.append(item)
        return self._fresh(answer.refs)

    def failed(self, now_ns: int, well_ns: int | None) -> int:
        """The id in hand has no answer: so often while the source was well. `well_ns`: when it was, last.

        Failures in a row, with nothing in between that went well, are one: they may be the source's own.
        """
        count, last_ns = self._failures.get(self._ids[0], (0, None))
        if last_ns is None or (well_ns is not None and well_ns > last_ns):
            count += 1
        self._failures[self._ids[0]] = (count, now_ns)
        return count

    def put_off(self) -> None:
        """The other ids of the section first."""
        self._ids.rotate(-1)

    def compared(self, difference: Difference) -> None:
        """The Data Center answered."""
        self._here += difference.already_here
        self._not_recordable += difference.not_recordable
        for ref in difference.missing:
            expires_us = None if self._retention_us is None else ref.changed_us + self._retention_us
            self._missing.append(RecoveryItem(ref, expires_us, asked=self.asked))

    def overflow(self) -> tuple[RecoveryItem, ...]:
        """Missing items to be staged now, if there are many; they are ours no longer."""
        if len(self._missing) < STAGE_AT:
            return ()
        waiting = tuple(item for item in self._missing if item.stage is Stage.PENDING)
        self._missing = [item for item in self._missing if item.stage is not Stage.PENDING]
        return waiting

    def result(self) -> ListedSection:
        """To be recorded."""
        assert self.is_whole, "a section is counted whole"
        return ListedSection(
            recovery_id=self.recovery_id,
            begin=self.begin,
            to=self.to,
            already_here=self._here,
            not_recordable=self._not_recordable,
            missing=tuple(self._missing),
            api_calls=self.calls,
            staged=self.staged,
        )

    def _fresh(self, refs: Iterable[ItemRef]) -> tuple[ItemRef, ...]:
        fresh: list[ItemRef] = []
        for ref in refs:
            if ref.key not in self._seen:
                fresh.append(ref)
                if len(self._seen) < SEEN_MAX:
                    self._seen.add(ref.key)
        self.listed_items += len(fresh)
        return tuple(fresh)


class Lengths:
    """How long the sections of one recovery are: they grow and shrink with what they bring."""

    def __init__(self, *, window_max_s: float) -> None:
        self._max_us = max(1, int(window_max_s * _US))
        self._us = min(self._max_us, int(LENGTH_S * _US))

    def next_to(self, row: RecoveryRow, until: int) -> int:
        """Where the next section ends; `until` is where listing may go now. Not above the begin: wait."""
        if row.window is None:
            return min(row.listed + IDS_AT_ONCE, row.end)
        return min(row.listed + self._us, row.end, until)

    def brought(self, items: int, pages: int) -> None:
        """A section was whole."""
        if items > 2 * ITEMS_WANTED or pages > PAGES_MAX // 2:
            self.shorten()
        elif items < ITEMS_WANTED // 2 and pages < PAGES_MAX // 4:
            self._us = min(self._max_us, self._us * 2)

    def shorten(self) -> None:
        """It was too much."""
        self._us = max(min(self._max_us, int(LENGTH_MIN_S * _US)), self._us // 2)
