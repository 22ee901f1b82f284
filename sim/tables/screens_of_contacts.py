"""Which parts of screens show one contact and no other, over plain dictionaries: a second telling of the database's rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from recorder.adapters.contact_db.rows import sort_us
from recorder.model import Interaction
from recorder.records.contacts import ContactRow
from recorder.scn.model import AgentEvent, ScreenPart
from sim.tables.agent_events import AgentEventStore
from sim.tables.contacts import ContactTables
from sim.tables.screens import ScreenTables

_AGENT: Final = "agent"
_HOUR_US: Final = 3_600_000_000
_DAY_US: Final = 24 * _HOUR_US


class ScreensOfContacts:
    """What retention in memory knows of screens; without tables there are none."""

    def __init__(
        self, screens: ScreenTables | None = None, events: AgentEventStore | None = None
    ) -> None:
        self._screens = screens or ScreenTables()
        self._events = events or AgentEventStore()

    def own_parts(self, contacts: ContactTables, contact_id: str) -> tuple[ScreenPart, ...]:
        """Parts on record that show this contact and no other, by key."""
        mine = contacts.rows.get(contact_id)
        if mine is None:
            return ()
        tables = self._screens
        with tables.lock, self._events.lock:
            parts = [one for key, one in tables.parts.items() if key not in tables.forgotten]
            own = [
                part
                for part in parts
                if self._shows(part, contacts, mine)
                and not any(
                    self._shows(part, contacts, other)
                    for home, other in contacts.rows.items()
                    if home != contact_id
                )
            ]
        return tuple(sorted(own, key=lambda part: part.part_key))

    def contacts_shown(self, contacts: ContactTables, part_key: str) -> tuple[str, ...]:
        """Ids of the contacts that a part on record shows, in order; also of one that was forgotten."""
        with self._screens.lock, self._events.lock:
            part = self._screens.parts.get(part_key)
            if part is None:
                return ()
            found = [
                home for home, row in contacts.rows.items() if self._shows(part, contacts, row)
            ]
        return tuple(sorted(found))

    def forget(self, part: ScreenPart, reason: str) -> None:
        """Its object is gone."""
        with self._screens.lock:
            self._screens.forgotten[part.part_key] = reason

    def forget_renditions(self, contact_id: str) -> None:
        """Its contact is gone."""
        with self._screens.lock:
            self._screens.renditions.pop(contact_id, None)

    def _shows(self, part: ScreenPart, contacts: ContactTables, row: ContactRow) -> bool:
        said = self._events.events.values()
        spoken = contacts.sessions.get(row.contact_id, {}).values()
        return _by_events(part, row, said) or _by_interactions(part, row, spoken)


def _by_events(part: ScreenPart, row: ContactRow, said: Iterable[AgentEvent]) -> bool:
    """The call began before the part ended, and something of it was heard after, or shortly before, the part began."""
    every = list(said)
    return any(
        first.source == row.source
        and first.call == row.session_key
        and first.agent_key in part.stream.agents
        and part.from_us - _DAY_US <= first.at_us <= part.to_us
        and any(
            later.call == first.call
            and later.agent_key == first.agent_key
            and later.at_us >= part.from_us - _HOUR_US
            for later in every
        )
        for first in every
    )


def _by_interactions(part: ScreenPart, row: ContactRow, spoken: Iterable[Interaction]) -> bool:
    begin_us = sort_us(row.started_us, row.ended_us)
    if not part.from_us - _DAY_US <= begin_us <= part.to_us:
        return False
    return any(
        one.started_us is not None
        and one.started_us <= part.to_us
        and (one.ended_us is None or one.ended_us >= part.from_us)
        and any(
            party.role == _AGENT and f"{row.source}/{party.key}" in part.stream.agents
            for party in one.parties
        )
        for one in spoken
    )
