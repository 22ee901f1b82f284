"""What is known of the section in hand: what the source listed of it, and what it said when asked."""

from __future__ import annotations

from recorder.errors import BadAnswer
from recorder.model import ItemRef, Page, Window
from recorder.records.findings import Sighting, What
from recorder.recover import reconcile_jobs as jobs
from recorder.recover.compare import judge_described, judge_unlisted


class Listing:
    """What the source listed of a section so far."""

    def __init__(self, window: Window) -> None:
        """Nothing yet."""
        self.window = window
        self.page: str | None = None
        self.pages = 0
        self.items: dict[str, ItemRef] = {}
        self._tokens: set[str] = set()

    def take(self, page: Page) -> bool:
        """Whether that was the last page. Raises BadAnswer when the listing has no end."""
        self.pages += 1
        self.page = page.next_page
        self.items |= {ref.key: ref for ref in page.items}
        if page.next_page is None:
            return True
        if page.next_page in self._tokens:
            raise BadAnswer(f"the listing came back to a page it gave before, after {self.pages}")
        self._tokens.add(page.next_page)
        return False


class Asking:
    """Which items of a section the source is asked for, and what it said."""

    def __init__(self, look: jobs.Look, asked_max: int) -> None:
        """At most `asked_max` of those that the source did not list are asked for."""
        self.look = look
        unlisted = sorted(look.compared.unlisted, key=lambda row: row.state == "archived")
        self.queue = [*unlisted[:asked_max], *look.described]
        self.unasked = {row.ref.key for row in unlisted[asked_max:]}
        described = {row.ref.key for row in look.described}
        self.unasked |= {
            row.subject
            for row in look.opened
            if row.what is What.DIFFERS and not row.is_of_version
            if row.subject in look.section.listed and row.subject not in described
        }
        self.gone: set[str] = set()
        """What the source says it has no more."""
        self.sightings: list[Sighting] = list(look.compared.sightings)
        self.calls = 0

    def told(self, told: jobs.Told) -> None:
        """The answer about the first of the queue."""
        row = self.queue.pop(0)
        self.calls += 1
        listed = row.ref.key in self.look.section.listed
        if told.error:
            self.unasked.add(row.ref.key)
            return
        if told.is_gone:
            self.gone.add(row.ref.key)
        if told.is_gone or not (listed or self._differed(row.ref.key)):
            self._add(None if listed else judge_unlisted(row, is_gone=told.is_gone))
        elif told.described is not None:
            self._add(judge_described(row, told.described, self.look.media.get(row.ref.key, ())))

    def _differed(self, key: str) -> bool:
        """By its size or hash, when its finding was opened: at another instant than it has by now."""
        return any(
            row.subject == key and row.what is What.DIFFERS and not row.is_of_version
            for row in self.look.opened
        )

    def _add(self, seen: Sighting | None) -> None:
        self.sightings += [] if seen is None else [seen]
