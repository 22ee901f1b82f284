"""Which contacts a legal hold covers now, and which holds cover a contact, for people to see. Calls block.

Both judge the facts that retention itself judges, which the database gives: what is told here is what is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.keep.facts import facts_from
from recorder.keep.holds import covering, covers
from recorder.model import Window
from recorder.ports import ContactDb
from recorder.retention_ports import RetentionDb
from recorder.retention_rows import Hold, Scope
from recorder.rows import ContactQuery, ContactRow

COUNTED_MAX: Final = 1_000
_LONGEST_US: Final = 7 * 86_400 * 1_000_000
"""A contact that began so long before a period may reach into it."""
_TIMELESS: Final = Window(0, 1)
"""Where lists have the contacts of which nobody knows when they were: a period covers them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many contacts a hold covers now; `more` where counting ended at `COUNTED_MAX`."""

    contacts: int
    more: bool = False

    @property
    def text(self) -> str:
        """For people."""
        least = "at least " if self.more else ""
        return f"{least}{self.contacts} contact{'' if self.contacts == 1 else 's'}"


def reach(db: ContactDb, retention: RetentionDb, scope: Scope) -> Reach:
    """Count what is here. A hold covers what comes later as well. Raises DataCenterError."""
    rows, more = _candidates(db, scope)
    if scope.text:
        facts = retention.facts([row.contact_id for row in rows])
    else:
        facts = tuple(facts_from(row) for row in rows)
    return Reach(sum(covers(scope, one) for one in facts), more)


def holds_on(retention: RetentionDb | None, contact_ids: Sequence[str]) -> tuple[Hold, ...]:
    """Those in force that cover any of these contacts as they are now, by id. Raises DataCenterError."""
    if retention is None or not contact_ids:
        return ()
    in_force = retention.holds()
    facts = retention.facts(contact_ids) if in_force else ()
    return tuple(hold for hold in in_force if any(covering(one, [hold]) for one in facts))


def _candidates(db: ContactDb, scope: Scope) -> tuple[tuple[ContactRow, ...], bool]:
    """All that a scope may cover, and whether there are more of them."""
    if scope.contact_id:
        return db.contacts_called(scope.contact_id), False
    pages = [
        db.contacts(
            ContactQuery(scope.source or None, window, scope.text or None, limit=COUNTED_MAX)
        )
        for window in _windows(scope.window)
    ]
    rows = tuple(row for page in pages for row in page.rows)
    return rows, any(page.next is not None for page in pages)


def _windows(window: Window | None) -> tuple[Window | None, ...]:
    if window is None:
        return (None,)
    begun = Window(max(0, window.from_us - _LONGEST_US), window.to_us)
    return (begun,) if begun.from_us < _TIMELESS.to_us else (begun, _TIMELESS)
