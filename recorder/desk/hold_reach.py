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
from recorder.ports.recording import ContactDb
from recorder.ports.retention import RetentionDb
from recorder.records.contacts import ContactQuery, ContactRow
from recorder.records.retention import Facts, Hold, Scope
from recorder.scn.holds_over import NO_HOLDS, HoldsOver
from recorder.scn.model import ScreenPart

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
    return _covering(in_force, retention.facts(contact_ids) if in_force else ())


def holds_over(retention: RetentionDb | None) -> HoldsOver:
    """For those who delete in spite of holds, and have to say so."""
    if retention is None:
        return NO_HOLDS
    return HoldsOver(
        part=lambda part: _ids(_holds_over(retention, part)),
        contact=lambda contact_id: _ids(holds_on(retention, [contact_id])),
    )


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A contact that is not on record yet, of which a screen is: what can be said of it for certain."""

    source: str
    started_us: int
    ended_us: int
    updated_us: int
    contact_id: str = ""
    session_key: str = ""
    channel: str = ""
    direction: str = ""


def _holds_over(retention: RetentionDb, part: ScreenPart) -> tuple[Hold, ...]:
    """A call whose screen is on record before the call is: holds on its source or its time cover it as well."""
    shown = retention.contacts_shown(part.part_key)
    if shown:
        return holds_on(retention, shown)
    sources = dict.fromkeys(agent.partition("/")[0] for agent in part.stream.agents)
    facts = [
        facts_from(_Unseen(source, part.from_us, part.to_us, part.stored_us)) for source in sources
    ]
    return _covering(retention.holds(), facts)


def _covering(holds: Sequence[Hold], facts: Sequence[Facts]) -> tuple[Hold, ...]:
    return tuple(hold for hold in holds if any(covering(one, [hold]) for one in facts))


def _ids(holds: Sequence[Hold]) -> tuple[str, ...]:
    return tuple(one.hold_id for one in holds)


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
