"""Which contacts a legal hold covers now, and which holds cover a contact, for people to see. Calls block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recorder.keep.holds import covering, covers
from recorder.model import Window
from recorder.ports import ContactDb
from recorder.retention_ports import RetentionDb
from recorder.retention_rows import Facts, Hold, Scope
from recorder.rows import ContactDetail, ContactQuery, ContactRow

COUNTED_MAX: Final = 1_000
_LONGEST_US: Final = 7 * 86_400 * 1_000_000
"""A contact that began so long before a period may reach into it."""


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


def reach(db: ContactDb, scope: Scope) -> Reach:
    """Count what is here. A hold covers what comes later as well. Raises DataCenterError."""
    if scope.contact_id:
        detail = db.contact(scope.contact_id)
        return Reach(int(detail is not None and covers(scope, facts_of(detail))))
    window = scope.window
    if window is not None:
        window = Window(max(0, window.from_us - _LONGEST_US), window.to_us)
    query = ContactQuery(scope.source or None, window, scope.text or None, limit=COUNTED_MAX)
    page = db.contacts(query)
    return Reach(sum(_touches(row, scope.window) for row in page.rows), page.next is not None)


def holds_on(retention: RetentionDb | None, detail: ContactDetail) -> tuple[Hold, ...]:
    """Those in force that cover a contact, by id. Raises DataCenterError."""
    if retention is None:
        return ()
    facts = facts_of(detail)
    return tuple(one for one in retention.holds() if covering(facts, [one]))


def facts_of(detail: ContactDetail) -> Facts:
    """A contact as holds see it."""
    row = detail.row
    parties = [party for one in detail.interactions for party in one.parties]
    return Facts(
        contact_id=row.contact_id,
        source=row.source,
        session_key=row.session_key,
        started_us=row.started_us,
        ended_us=row.ended_us,
        updated_us=row.updated_us,
        channel=row.channel,
        direction=row.direction,
        parts=(),
        names=tuple(party.name.casefold() for party in parties if party.name),
        texts=(
            *(party.number for party in parties if party.number),
            *(one.media_key for one in detail.media),
        ),
        media=(),
    )


def _touches(row: ContactRow, window: Window | None) -> bool:
    known = [at_us for at_us in (row.started_us, row.ended_us) if at_us is not None]
    if window is None or not known:
        return True
    return min(known) < window.to_us and max(known) >= window.from_us
