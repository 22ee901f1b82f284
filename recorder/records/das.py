"""What the data access service is asked and what it answers, frozen. Instants are microseconds (`*_us`).

A contact is *in a selection* while its present state matches the question. Paging is exact under writes:

- who is in the selection from the first page to the last is told exactly once, as it is when its page is read;
- who comes or goes meanwhile is told once or not at all, never twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from recorder.model import Window
from recorder.records.contacts import ContactRow, MediaRow

IDS_MAX = 1_000
"""So many ids may be asked for at once."""
ALWAYS = Window(-(2**62), 2**62)
"""Where no period is asked for."""


@dataclass(frozen=True, slots=True)
class DasQuery:
    """Which contacts to tell."""

    source: str | None = None
    window: Window | None = None
    """Contacts that began in it; those whose begin is not known, by their end, else by the instant 0."""
    ids: tuple[str, ...] = ()
    """Contact ids, session ids or item ids, whole; those of any kind that match are told."""
    items: bool = False
    """With the items each contact is made of."""
    media: bool = False
    """With the media files of each contact."""
    after: str | None = None
    """Cursor of the page before; of the same question."""
    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class DasItem:
    """An archived item of a contact: what the source listed."""

    key: str
    version: str
    changed_us: int
    archived_us: int | None


@dataclass(frozen=True, slots=True)
class DasContact:
    """A contact in its newest revision."""

    row: ContactRow
    items: tuple[DasItem, ...] = ()
    """By key; empty unless asked for."""
    media: tuple[MediaRow, ...] = ()
    """By start, then key; empty unless asked for."""


@dataclass(frozen=True, slots=True)
class DasPage:
    """At most `limit` contacts; a page may have fewer and still be followed by another.

    `next` is the cursor of the next page, None on the last.
    """

    contacts: tuple[DasContact, ...]
    next: str | None


def first_place(places: list[int], window: Window) -> int | None:
    """Where in the order a contact is told, given the begins it was ever listed with, the oldest first.

    The first of them that lies in the window. Begins are only ever appended, so for whoever stays in the
    selection this place never moves, although its begin may: that is why nobody is missed or told twice.
    None: not in the selection, for the present begin is the last of `places`.
    """
    if not window.from_us <= places[-1] < window.to_us:
        return None
    return next(place for place in places if window.from_us <= place < window.to_us)
